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

/// What can be done with a message: the actions, quarantine by its forms.
enum class Outcome : std::uint8_t {
  Accept,
  Reject,
  TempFail,
  Quarantine,  ///< In a form that nobody recorded.
  QuarantineByHeader,
  QuarantineByHold,
  QuarantineByReject,
  QuarantineByRedirect,
  Discard,
};
inline constexpr std::size_t kOutcomes = 9;                     ///< Of Outcome.
[[nodiscard]] const char* to_string(Outcome outcome) noexcept;  ///< "accept", "quarantine by hold" ...
[[nodiscard]] policy::Action action_of(Outcome outcome) noexcept;
/// Of an outcome that is a known form of quarantine: "header", "hold" ...; nullptr otherwise.
[[nodiscard]] const char* form_of(Outcome outcome) noexcept;

/// What is done with one message. A reply's words and tags are no part of it: nothing else happens by them.
struct Treatment {
  policy::Action action = policy::Action::Accept;
  std::optional<policy::Quarantine> quarantine;  ///< For Quarantine; nullopt there if the form is not known.
  bool is_mark_known = true;                     ///< Whether `quarantine` tells the field that is added, too.
  std::vector<policy::HeaderField> headers;      ///< Fields that rules add.
  bool are_headers_known = true;
};
[[nodiscard]] Outcome outcome_of(const Treatment& treatment) noexcept;

/// In what two treatments of a message differ.
enum class Difference : std::uint8_t {
  None,     ///< Nothing, as far as both are known.
  Outcome,  ///< The action, or the form of quarantine.
  Address,  ///< Quarantine by redirect: where to.
  Fields,   ///< The same is done, and other header fields are added.
};
inline constexpr std::size_t kDifferences = 4;                        ///< Of Difference.
[[nodiscard]] const char* to_string(Difference difference) noexcept;  ///< "none", "outcome", "address", "fields"
[[nodiscard]] Difference compare(const Treatment& before, const Treatment& after) noexcept;

/// What one policy makes of one message.
struct Fate {
  Treatment done;      ///< What happens to it.
  Treatment enforced;  ///< What enforce mode does with it; observed rules do nothing.
  std::string rule;
};
/// Of a decision made in enforce mode, or, with what `enforced` says of enforce mode, of one made in monitor mode.
void set_fate(Fate& fate, const policy::Decision& decision, const policy::Decision& enforced);
/// Of a recorded decision, which does not say its mode: a `would` that is not an observed rule's is that of monitor
/// mode. Which field marks what is quarantined by header is not recorded, nor, in monitor mode, the form of quarantine
/// and the fields that rules would add.
void set_recorded_fate(Fate& fate, const policy::Decision& decision);

/// A message that changed.
struct Example {
  std::string queue_id;
  std::string domain;  ///< Author domain; empty if there is none.
  Time time{};
  std::string rule_before;
  std::string rule_after;
  std::string detail_before;  ///< Where the outcome is the same: address or header fields; else empty.
  std::string detail_after;
};

/// Messages by the outcome before and after, and by what differs.
using Transitions = std::array<std::array<std::array<std::uint64_t, kDifferences>, kOutcomes>, kOutcomes>;

/// What a rule of the new policy does.
struct RuleCount {
  std::uint64_t messages = 0;  ///< Decided by it.
  std::uint64_t changed = 0;   ///< Of these, to which something else happens than before.
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

  /// Keeps up to `examples` examples for each kind of change.
  explicit ChangeCount(std::size_t examples) : max_examples_(examples) {}

  void add(const observe::Record& record, const Fate& before, const Fate& after,
           const std::vector<policy::Observed>& observed);

  [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }
  /// Messages to which something else happens.
  [[nodiscard]] std::uint64_t changed() const noexcept { return changed_; }
  /// Messages that enforce mode would treat otherwise.
  [[nodiscard]] std::uint64_t enforced_changed() const noexcept { return enforced_changed_; }
  /// Messages to which the same happens by another rule.
  [[nodiscard]] std::uint64_t other_rule() const noexcept { return other_rule_; }
  /// Messages quarantined before and after, of which one form is not known, or to which fields are added now and nobody
  /// knows about before, so that a change would not show.
  [[nodiscard]] std::uint64_t unknown_form() const noexcept { return unknown_form_; }
  [[nodiscard]] const Transitions& transitions() const noexcept { return transitions_; }
  [[nodiscard]] const Transitions& enforced_transitions() const noexcept { return enforced_transitions_; }
  [[nodiscard]] const std::vector<Example>& examples(Outcome before, Outcome after, Difference difference) const;
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
  std::uint64_t unknown_form_ = 0;
  Transitions transitions_{};
  Transitions enforced_transitions_{};
  std::array<std::array<std::array<std::vector<Example>, kDifferences>, kOutcomes>, kOutcomes> examples_;
  std::map<std::string, RuleCount> rules_;
  std::map<std::string, ObservedCount> observed_;
  HeavyHitters domains_{kNames};
  HeavyHitters rule_changes_{kNames};
  std::optional<std::pair<Time, Time>> span_;
  std::string pair_;
};

}  // namespace assay::cli
