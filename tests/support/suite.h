#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace assay::test {

/// Exit status of a program that could run nothing, as ctest and automake know it.
constexpr int kSkipped = 77;

/// The folder with the suites written by others (ASSAY_CORPORA). Without it, says so and returns nothing.
[[nodiscard]] std::optional<std::string> corpora_folder();

/// Counts the cases of one suite and prints, for tests/suites to read, one line of fields with tabs between them for
///   differs SUITE CASE THEIRS OURS      a case that we answer otherwise than its authors,
///   skipped SUITE CASE WHY              a case that is no question to us,
///   suite SUITE CASES SAME DIFFERENT SKIPPED    the end.
/// Whether a difference is meant is said by docs/deviations.md, which tests/suites compares.
class Suite {
 public:
  explicit Suite(std::string name);
  Suite(const Suite&) = delete;
  Suite& operator=(const Suite&) = delete;
  ~Suite();

  /// One case whose answer is a word or a text.
  void check(std::string_view name, std::string_view theirs, std::string_view ours);
  /// One case that was compared already; `ours` is our answer in full, for a reader and to pin it.
  void check(std::string_view name, bool is_same, std::string_view theirs, std::string_view ours);
  void skip(std::string_view name, std::string_view why);

 private:
  std::string name_;
  std::size_t same_ = 0;
  std::size_t different_ = 0;
  std::size_t skipped_ = 0;
};

}  // namespace assay::test
