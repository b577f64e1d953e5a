#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/progress.h"
#include "observe/record.h"
#include "observe/record_reader.h"
#include "policy/decision.h"
#include "policy/local_part_questions.h"
#include "policy/rules.h"

namespace assay::cli {

/// What reading one file came to.
struct FileLines {
  std::uint64_t lines = 0;
  std::uint64_t octets = 0;  ///< Of the file, not of its decompressed text.
  bool is_whole = true;      ///< It was read to its end.
};
/// Gives each line of a file (plain or compressed by gzip, "-" for standard input) to `take`, with its number and the
/// octets of the file read so far. Says on standard error why it was not read to its end, after taking `progress` away.
[[nodiscard]] FileLines read_lines(
    const std::string& file, Progress& progress,
    const std::function<void(std::string_view line, std::uint64_t number, std::uint64_t octets)>& take);

/// What the lines of some files were.
struct LineCounts {
  std::uint64_t records = 0;   ///< Records of strangers' mail that were whole.
  std::uint64_t local = 0;     ///< Messages of local and authenticated mail that records stand for.
  std::uint64_t unlogged = 0;  ///< Messages that have no record of their own: others stand for them (log.sample).
  /// Records of what the daemon decided beside the policy, by their place in policy::kBesidePolicy: what the policy
  /// would have said nobody knows, or what was done the MTA did not let be.
  std::array<std::uint64_t, policy::kBesidePolicy.size()> beside_policy{};
  std::uint64_t incomplete = 0;  ///< Records that lack something which decides.
  /// Messages that whole records stand for, but a policy asks for what log.redact took out of them.
  std::uint64_t redacted = 0;
  std::uint64_t malformed = 0;
  std::uint64_t other_lines = 0;
  std::uint64_t files_without = 0;  ///< Files with lines, of which none was a record.
  bool is_whole = true;             ///< Every file was read to its end.
};

/// Records of what the daemon decided beside the policy.
[[nodiscard]] std::uint64_t not_replayable(const LineCounts& lines);

/// Reads decision records from files, plain or compressed by gzip, "-" for standard input, one after the other. Shows
/// how far it is on a terminal, and says on standard error what is wrong with lines and files.
class RecordFiles {
 public:
  explicit RecordFiles(std::vector<std::string> files);

  /// Leaves out, and counts, the records that `rules` cannot decide for want of what log.redact took away. Before
  /// read(); `rules` must outlive the object.
  void must_be_decided_by(const policy::Rules& rules) { questions_.emplace_back(rules); }

  /// Reads all files; `take` gets each whole record of a stranger's message, valid during the call.
  [[nodiscard]] LineCounts read(const std::function<void(const observe::Record&)>& take);
  /// Whether read() can be called again and finds the same: none of the files is a pipe.
  [[nodiscard]] bool can_read_again() const noexcept { return total_.has_value(); }

 private:
  void read_line(std::string_view line, const std::string& file, std::uint64_t line_number, Progress& progress,
                 const std::function<void(const observe::Record&)>& take);
  void tell(const std::string& file, std::uint64_t line_number, const char* what, Progress& progress);

  std::vector<std::string> files_;
  std::optional<std::uint64_t> total_;
  observe::RecordReader reader_;
  observe::Record record_;
  std::vector<policy::LocalPartQuestions> questions_;
  LineCounts counts_;
  bool has_told_ = false;  ///< A second reading has nothing new to say.
  std::uint64_t told_ = 0;
};

/// The policy of a configuration file and its drop-ins, or of standard input; nullopt after its problems were printed.
[[nodiscard]] std::optional<policy::Rules> load_rules(const std::string& file);

}  // namespace assay::cli
