#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace assay::observe {

/// Lines of a file or of standard input, plain or compressed by gzip (told by its first octets, several members read
/// one after the other, as rotated logs are). Holds one line at a time, whatever the size of the file. For one thread.
class LineSource {
 public:
  /// Opens `path`; "-" is standard input. What is wrong shows in error() and as no lines.
  explicit LineSource(const std::string& path);
  ~LineSource();
  LineSource(const LineSource&) = delete;
  LineSource& operator=(const LineSource&) = delete;

  /// The next line without its line end, valid until the next call; nullopt at the end, or when nothing more can be
  /// read. The last line needs no line end, but one that breaks off with the compressed data is not given. Of a line of
  /// more than kMaxLineOctets that many and one are given, and the rest is skipped.
  [[nodiscard]] std::optional<std::string_view> next();

  /// Why reading ended before the end of the file, in words; empty if it did not.
  [[nodiscard]] const std::string& error() const noexcept;
  /// Octets of the file (not of its decompressed text) used so far.
  [[nodiscard]] std::uint64_t octets_read() const noexcept;

 private:
  class Input;
  bool fill();

  std::unique_ptr<Input> input_;
  std::string buffer_;
  std::size_t begin_ = 0;  ///< The line that comes next.
  std::size_t end_ = 0;    ///< Behind what was read.
  bool at_end_ = false;
};

/// The longest line that is given whole, octets. That of RecordReader (kMaxRecordOctets) is the same.
inline constexpr std::size_t kMaxLineOctets = std::size_t{4} << 20U;

}  // namespace assay::observe
