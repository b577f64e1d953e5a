#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "cli/paint.h"
#include "cli/record_files.h"
#include "policy/suggest.h"

namespace assay::cli {

/// What `assay policy suggest` found.
struct SuggestReport {
  policy::Suggestions suggestions;
  LineCounts lines;
  std::uint64_t passing = 0;          ///< Messages that do not fail DMARC.
  std::uint64_t let_in = 0;           ///< Fail, and the policy accepts them.
  std::uint64_t by_own_rule = 0;      ///< Fail, and a rule of the administrator's decides.
  std::uint64_t several_authors = 0;  ///< Fail, and have several author domains: no stream is theirs.
  std::uint64_t dropped = 0;          ///< Fail, in streams too small to be kept.
  std::uint64_t min_messages = 0;
  bool is_checked = false;  ///< The records were decided again with the rules.
  std::optional<std::pair<Time, Time>> span;

  /// Rules that are suggested.
  [[nodiscard]] std::size_t rules() const;
};

/// For people; several lines, each fit for a terminal. The rules stand at its end, as YAML to paste.
[[nodiscard]] std::string to_text(const SuggestReport& report, const Paint& paint);
/// One JSON object, without a line end.
[[nodiscard]] std::string to_json(const SuggestReport& report);
/// The rules alone, as a configuration; empty without rules.
[[nodiscard]] std::string to_yaml(const policy::Suggestions& suggestions);

/// Names that are listed of each kind of evidence.
inline constexpr std::size_t kListedNames = 5;

}  // namespace assay::cli
