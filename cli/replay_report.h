#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/change_count.h"
#include "cli/paint.h"
#include "cli/record_files.h"

namespace assay::cli {

/// What `assay policy replay` found.
struct ReplayReport {
  std::string new_name;                 ///< File of the new configuration.
  std::optional<std::string> old_name;  ///< Of the one compared with; nullopt: with what was recorded.
  bool is_new_monitor = false;          ///< The new configuration is in monitor mode.
  ChangeCount changes;
  LineCounts lines;
  double seconds = 0;
};

/// The messages that --max-change counts: the greater of those that change and those that change in enforce mode.
[[nodiscard]] std::uint64_t change_to_judge(const ReplayReport& report);

/// What --max-change cannot judge: records left out, and messages of which a change of form would not show.
[[nodiscard]] std::uint64_t left_unjudged(const ReplayReport& report);

/// For people; several lines, each fit for a terminal.
[[nodiscard]] std::string to_text(const ReplayReport& report, const Paint& paint);
/// One JSON object, without a line end.
[[nodiscard]] std::string to_json(const ReplayReport& report);

/// Domains, and pairs of rules, that are listed.
inline constexpr std::size_t kListed = 20;

}  // namespace assay::cli
