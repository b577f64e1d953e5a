#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/heavy_hitters.h"
#include "observe/record.h"
#include "policy/decision.h"

namespace assay::cli {

inline constexpr std::size_t kActions = 5;  ///< Of policy::Action.

/// What one policy makes of one message.
struct Fate {
  policy::Action action = policy::Action::Accept;    ///< What happens to it.
  policy::Action enforced = policy::Action::Accept;  ///< What enforce mode does with it; observed rules do nothing.
  std::string rule;
};
/// `is_monitor`: the decision was made in monitor mode.
void set_fate(Fate& fate, const policy::Decision& decision, bool is_monitor);
/// As above for a recorded decision, which does not say its mode: a `would` that is not an observed rule's is that of
/// monitor mode.
void set_recorded_fate(Fate& fate, const policy::Decision& decision);

/// A message that changed.
struct Example {
  std::string queue_id;
  std::string domain;  ///< Author domain; empty if there is none.
  Time time{};
  std::string rule_before;
  std::string rule_after;
};

/// Messages by the action before and after.
using Transitions = std::array<std::array<std::uint64_t, kActions>, kActions>;

/// What a rule of the new policy does.
struct RuleCount {
  std::uint64_t messages = 0;  ///< Decided by it.
  std::uint64_t changed = 0;   ///< Of these, with another action than before.
};

/// What an observed rule of the new policy would do.
struct ObservedCount {
  std::uint64_t matched = 0;
  std::array<std::uint64_t, kActions> actions{};
  std::uint64_t differs = 0;  ///< Of the matched: it asks for another action than the policy takes.
};

/// Counts what changes between two policies, message by message. Memory depends on `examples` and on the rules of the
/// new policy, not on the number of messages: of domains and pairs of rules, kNames are told apart.
class ChangeCount {
 public:
  static constexpr std::size_t kNames = 1000;

  /// Keeps up to `examples` examples for each pair of actions.
  explicit ChangeCount(std::size_t examples) : max_examples_(examples) {}

  void add(const observe::Record& record, const Fate& before, const Fate& after,
           const std::vector<policy::Observed>& observed);

  [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }
  /// Messages to which something else happens.
  [[nodiscard]] std::uint64_t changed() const noexcept { return changed_; }
  /// Messages that enforce mode would treat otherwise.
  [[nodiscard]] std::uint64_t enforced_changed() const noexcept { return enforced_changed_; }
  /// Messages with the same action by another rule.
  [[nodiscard]] std::uint64_t other_rule() const noexcept { return other_rule_; }
  [[nodiscard]] const Transitions& transitions() const noexcept { return transitions_; }
  [[nodiscard]] const Transitions& enforced_transitions() const noexcept { return enforced_transitions_; }
  [[nodiscard]] const std::vector<Example>& examples(policy::Action before, policy::Action after) const;
  [[nodiscard]] const std::map<std::string, RuleCount>& rules() const noexcept { return rules_; }
  [[nodiscard]] const std::map<std::string, ObservedCount>& observed() const noexcept { return observed_; }
  /// Author domains of changed messages; the empty name stands for messages without one.
  [[nodiscard]] const HeavyHitters& domains() const noexcept { return domains_; }
  /// "BEFORE -> AFTER" of changed messages.
  [[nodiscard]] const HeavyHitters& rule_changes() const noexcept { return rule_changes_; }
  /// Times of the first and the last message; nullopt without messages.
  [[nodiscard]] std::optional<std::pair<Time, Time>> span() const noexcept { return span_; }

 private:
  std::size_t max_examples_;
  std::uint64_t messages_ = 0;
  std::uint64_t changed_ = 0;
  std::uint64_t enforced_changed_ = 0;
  std::uint64_t other_rule_ = 0;
  Transitions transitions_{};
  Transitions enforced_transitions_{};
  std::array<std::array<std::vector<Example>, kActions>, kActions> examples_;
  std::map<std::string, RuleCount> rules_;
  std::map<std::string, ObservedCount> observed_;
  HeavyHitters domains_{kNames};
  HeavyHitters rule_changes_{kNames};
  std::optional<std::pair<Time, Time>> span_;
  std::string pair_;
};

}  // namespace assay::cli
