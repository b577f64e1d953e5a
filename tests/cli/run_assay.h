#pragma once

#include <string>
#include <vector>

namespace assay::test {

/// What a run of `assay` left.
struct Run {
  int status = -1;  ///< Exit status; -1 if a signal ended it.
  std::string out;
  std::string err;
};

/// Runs the built `assay` with `arguments` (any octets but NUL) and `input` as its standard input. It is ended after a
/// minute, which shows as status -1.
[[nodiscard]] Run run_assay(const std::vector<std::string>& arguments, const std::string& input = {});

/// Whether `text` holds only lines of UTF-8 without control characters.
[[nodiscard]] bool is_fit_for_terminal(const std::string& text);

}  // namespace assay::test
