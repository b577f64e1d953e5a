#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/condition.h"
#include "policy/decision.h"

namespace assay::config {

/// A key of a rule, as the loader, the schema and the reference know it.
struct RuleKey {
  std::string key;
  std::string about;    ///< What it means, in sentences.
  std::string example;  ///< A value, as YAML.
  bool is_required = false;
  std::vector<std::string> words{};  ///< The only values there are; empty: others, as `about` says.
};

/// A condition on a fact: a key of `when`.
struct ConditionKey {
  policy::Fact fact;
  policy::Form form;
  RuleKey key;  ///< Its words are words_of(fact); a Flag's and a FlagOrWords' true and false are not among them.
};

/// A word of `then`, and what may be said about it in `{WORD: {...}}`.
struct ActionKey {
  std::optional<policy::Action> action;  ///< nullopt: the search goes on.
  RuleKey key;                           ///< `example`: a whole value of `then`.
  std::vector<RuleKey> parameters;
};

/// The keys of a rule, in the order in which they are written: name, when, then ...
[[nodiscard]] const std::vector<RuleKey>& rule_keys();
/// One for each fact, in the order of policy::all_facts().
[[nodiscard]] const std::vector<ConditionKey>& condition_keys();
/// What puts conditions together: any and all, each with a list of maps, and not, with a map.
[[nodiscard]] const std::vector<RuleKey>& joining_keys();
/// accept, reject ... add_header, continue.
[[nodiscard]] const std::vector<ActionKey>& action_keys();

[[nodiscard]] const ActionKey* find_action(const std::string& word);

}  // namespace assay::config
