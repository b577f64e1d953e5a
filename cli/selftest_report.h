#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/paint.h"
#include "cli/selftest_attack.h"
#include "cli/selftest_judge.h"

namespace assay::cli {

struct SelftestLine {
  std::string group;
  std::string name;
  std::string tries;
  Finding finding;
};

struct SelftestReport {
  std::string socket;
  std::string authserv_id;
  std::vector<SelftestLine> lines;
  std::vector<std::string> notes;      ///< What was not looked at, and why.
  std::optional<std::string> stopped;  ///< Why the rest was not tried.
  std::size_t not_tried = 0;
  std::chrono::duration<double> elapsed{};

  [[nodiscard]] std::size_t mismatches() const;
};

// For people; each text ends in a line end and is fit for a terminal.
/// The line of one attack, which says what was seen; of one that is not well also what was expected. A heading
/// before the first of a group.
[[nodiscard]] std::string told_line(const SelftestReport& report, std::size_t number, const Paint& paint);
/// What stands below all lines.
[[nodiscard]] std::string told_end(const SelftestReport& report, const Paint& paint);

/// One JSON object, without a line end.
[[nodiscard]] std::string to_json(const SelftestReport& report);

}  // namespace assay::cli
