#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/rule_keys.h"

namespace assay::config {

// The words of rules, for messages about mistakes.

[[nodiscard]] bool is_among(const std::vector<std::string>& names, std::string_view name);
[[nodiscard]] std::vector<std::string> names_of(const std::vector<RuleKey>& keys);
/// The keys of a rule.
[[nodiscard]] std::vector<std::string> rule_names();
/// What may stand in `when`.
[[nodiscard]] std::vector<std::string> condition_names();
/// What may stand in `then`.
[[nodiscard]] std::vector<std::string> action_words();
/// The actions that have such a parameter.
[[nodiscard]] std::vector<std::string> actions_with(std::string_view parameter);

/// As did_you_mean(), and knows the words that other programs have for ours: `deny` for `reject`.
[[nodiscard]] std::string which_word(std::string_view word, const std::vector<std::string>& known);
/// `spf=pass` or `spf == pass`, as other programs write conditions, as ours: `spf: pass`, printable; nullopt if the
/// text is no condition on a fact.
[[nodiscard]] std::optional<std::string> as_condition(std::string_view text);

}  // namespace assay::config
