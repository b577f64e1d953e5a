#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "observe/record.h"

namespace assay::observe {

/// What a line of a log turned out to be.
enum class Line : std::uint8_t {
  Record,      ///< A decision record with everything in it that policy::decide reads.
  Incomplete,  ///< A decision record in which something of that is missing, cut, left out, or newer than this program.
  Other,       ///< No decision record: text, or an object without "schema" such as the log's other lines.
  Malformed,   ///< Meant as a record, but no JSON, of other types than to_json() writes, or too long.
};

/// How much of a record is read.
enum class Depth : std::uint8_t {
  Deciding,    ///< What policy::decide and what rests on it can see.
  Everything,  ///< What only tells people more, too: details, counts, the reply, the field, notes, what RFC 7489 says.
};

/// Reads decision records back: the inverse of to_json(), but for the form of a quarantine by header, which no record
/// holds. Keys that it does not know are skipped. An object for one thread, to be used again and again: after the first
/// records it hardly allocates.
class RecordReader {
 public:
  explicit RecordReader(Depth depth = Depth::Deciding);
  ~RecordReader();
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  /// Reads one line, given without its line end, into `record`. `record` must be new, or come from a read() before:
  /// then it is overwritten, its memory used again. After Record it is what was written; after Incomplete what could be
  /// read is, and the rest is as in a new one, so that no decision may rest on it (but facts.local says what it says);
  /// after Other and Malformed it must not be looked at. Any octets may come: what is hostile is Malformed at worst.
  [[nodiscard]] Line read(std::string_view line, Record& record);

  /// Whether the last record, though Incomplete, says of each method and of the decision what was found: it lacks no
  /// key, only recipients, signatures or the end of a string. What it lacks otherwise would read as "none".
  [[nodiscard]] bool is_tellable() const noexcept;

  /// Why the last line was Incomplete or Malformed, in words; keys and values in it come from the line: escape before
  /// writing.
  [[nodiscard]] const std::string& why() const noexcept;

 private:
  class Reading;
  std::unique_ptr<Reading> reading_;
};

/// The longest line that is read, octets; a longer one is Malformed. A thousand recipients of the greatest length that
/// RFC 5321 section 4.5.3.1.3 grants take a tenth of it.
inline constexpr std::size_t kMaxRecordOctets = std::size_t{4} << 20U;

}  // namespace assay::observe
