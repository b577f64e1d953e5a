#include "cli/change_count.h"

#include <algorithm>

namespace assay::cli {
namespace {

struct OutcomeWords {
  const char* words;
  policy::Action action;
  std::optional<policy::QuarantineHow> form;
};

/// In the order of Outcome.
constexpr std::array<OutcomeWords, kOutcomes> kOutcomeWords{{
    {"accept", policy::Action::Accept, {}},
    {"reject", policy::Action::Reject, {}},
    {"tempfail", policy::Action::TempFail, {}},
    {"quarantine", policy::Action::Quarantine, {}},
    {"quarantine by header", policy::Action::Quarantine, policy::QuarantineHow::Header},
    {"quarantine by hold", policy::Action::Quarantine, policy::QuarantineHow::Hold},
    {"quarantine by reject", policy::Action::Quarantine, policy::QuarantineHow::Reject},
    {"quarantine by redirect", policy::Action::Quarantine, policy::QuarantineHow::Redirect},
    {"discard", policy::Action::Discard, {}},
}};

template <class Enum>
std::size_t index(Enum value) {
  return static_cast<std::size_t>(value);
}

std::uint64_t& cell(Transitions& transitions, const Treatment& before, const Treatment& after, Difference difference) {
  return transitions[index(outcome_of(before))][index(outcome_of(after))][index(difference)];
}

void set_treatment(Treatment& treatment, const policy::Decision& decision) {
  treatment.action = decision.action;
  treatment.quarantine = decision.quarantine;
  treatment.is_mark_known = true;
  treatment.headers = decision.headers;
  treatment.are_headers_known = true;
}

bool marks_by_header(const Treatment& treatment) {
  return treatment.quarantine && treatment.quarantine->how == policy::QuarantineHow::Header;
}

/// The address or the fields in which two treatments with the same outcome may differ.
std::string detail(const Treatment& treatment, Difference difference) {
  if (difference == Difference::Outcome || difference == Difference::None) {
    return "";
  }
  if (difference == Difference::Address) {
    return treatment.quarantine->to;
  }
  std::string fields;
  const auto add = [&fields](const std::string& name, const std::string& value) {
    fields += (fields.empty() ? "" : ", ") + name + ": " + value;
  };
  if (marks_by_header(treatment) && treatment.is_mark_known) {
    add(treatment.quarantine->name, treatment.quarantine->value);
  }
  for (const policy::HeaderField& field : treatment.headers) {
    add(field.name, field.value);
  }
  return fields.empty() ? "no field" : fields;
}

}  // namespace

const char* to_string(Outcome outcome) noexcept {
  return kOutcomeWords[index(outcome)].words;
}

policy::Action action_of(Outcome outcome) noexcept {
  return kOutcomeWords[index(outcome)].action;
}

const char* form_of(Outcome outcome) noexcept {
  const auto& form = kOutcomeWords[index(outcome)].form;
  return form ? to_string(*form) : nullptr;
}

Outcome outcome_of(const Treatment& treatment) noexcept {
  switch (treatment.action) {
    case policy::Action::Accept: return Outcome::Accept;
    case policy::Action::Reject: return Outcome::Reject;
    case policy::Action::TempFail: return Outcome::TempFail;
    case policy::Action::Discard: return Outcome::Discard;
    case policy::Action::Quarantine: break;
  }
  if (treatment.quarantine) {
    switch (treatment.quarantine->how) {
      case policy::QuarantineHow::Header: return Outcome::QuarantineByHeader;
      case policy::QuarantineHow::Hold: return Outcome::QuarantineByHold;
      case policy::QuarantineHow::Reject: return Outcome::QuarantineByReject;
      case policy::QuarantineHow::Redirect: return Outcome::QuarantineByRedirect;
    }
  }
  return Outcome::Quarantine;
}

const char* to_string(Difference difference) noexcept {
  switch (difference) {
    case Difference::None: return "none";
    case Difference::Outcome: return "outcome";
    case Difference::Address: return "address";
    case Difference::Fields: return "fields";
  }
  return nullptr;
}

Difference compare(const Treatment& before, const Treatment& after) noexcept {
  const Outcome outcome_before = outcome_of(before);
  const Outcome outcome_after = outcome_of(after);
  if (before.action == after.action &&
      (outcome_before == Outcome::Quarantine || outcome_after == Outcome::Quarantine)) {
    return Difference::None;
  }
  if (outcome_before != outcome_after) {
    return Difference::Outcome;
  }
  if (outcome_after == Outcome::QuarantineByRedirect && before.quarantine->to != after.quarantine->to) {
    return Difference::Address;
  }
  const bool has_other_mark =
      outcome_after == Outcome::QuarantineByHeader && before.is_mark_known && after.is_mark_known &&
      (before.quarantine->name != after.quarantine->name || before.quarantine->value != after.quarantine->value);
  const bool has_other_headers = before.are_headers_known && after.are_headers_known && before.headers != after.headers;
  return has_other_mark || has_other_headers ? Difference::Fields : Difference::None;
}

void set_fate(Fate& fate, const policy::Decision& decision, const policy::Decision& enforced) {
  set_treatment(fate.done, decision);
  set_treatment(fate.enforced, enforced);
  fate.rule = decision.rule;
}

void set_recorded_fate(Fate& fate, const policy::Decision& decision) {
  set_fate(fate, decision, decision);
  fate.done.is_mark_known = false;
  fate.enforced.is_mark_known = false;
  fate.enforced.are_headers_known = decision.action != policy::Action::Accept || !decision.headers.empty();
  const bool is_observed =
      std::any_of(decision.observed.begin(), decision.observed.end(),
                  [&decision](const policy::Observed& rule) { return rule.rule == decision.would_rule; });
  if (decision.would && !is_observed) {
    fate.enforced.action = *decision.would;
    fate.enforced.quarantine.reset();
  }
}

void ChangeCount::add(const observe::Record& record, const Fate& before, const Fate& after,
                      const std::vector<policy::Observed>& observed) {
  const std::uint64_t messages = record.sample;
  messages_ += messages;
  span_ = span_ ? std::pair(std::min(span_->first, record.time), std::max(span_->second, record.time))
                : std::pair(record.time, record.time);
  const Difference difference = compare(before.done, after.done);
  const Difference enforced_difference = compare(before.enforced, after.enforced);
  cell(transitions_, before.done, after.done, difference) += messages;
  cell(enforced_transitions_, before.enforced, after.enforced, enforced_difference) += messages;
  enforced_changed_ += enforced_difference == Difference::None ? 0U : messages;
  for (const policy::Observed& rule : observed) {
    ObservedCount& count = observed_[rule.rule];
    count.matched += messages;
    count.actions[index(rule.action)] += messages;
    count.differs += rule.action == after.enforced.action ? 0U : messages;
  }
  RuleCount& rule = rules_[after.rule];
  rule.messages += messages;
  if (difference == Difference::None) {
    other_rule_ += before.rule == after.rule ? 0U : messages;
    const bool is_quarantined =
        before.enforced.action == policy::Action::Quarantine && after.enforced.action == policy::Action::Quarantine;
    const bool is_form_unknown = is_quarantined && !(before.enforced.quarantine && after.enforced.quarantine);
    const bool is_field_unknown = enforced_difference == Difference::None && !before.enforced.are_headers_known &&
                                  !after.enforced.headers.empty();
    unknown_form_ += is_form_unknown || is_field_unknown ? messages : 0U;
    return;
  }
  changed_ += messages;
  rule.changed += messages;
  const auto& author = record.verdict.dmarc.author;
  domains_.add(author ? std::string_view(author->str()) : std::string_view(), messages);
  pair_ = before.rule;
  pair_ += " -> ";
  pair_ += after.rule;
  rule_changes_.add(pair_, messages);
  auto& examples = examples_[index(outcome_of(before.done))][index(outcome_of(after.done))][index(difference)];
  if (examples.size() < max_examples_) {
    examples.push_back({record.facts.queue_id, author ? author->str() : "", record.time, before.rule, after.rule,
                        detail(before.done, difference), detail(after.done, difference)});
  }
}

const std::vector<Example>& ChangeCount::examples(Outcome before, Outcome after, Difference difference) const {
  return examples_[index(before)][index(after)][index(difference)];
}

}  // namespace assay::cli
