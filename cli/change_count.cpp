#include "cli/change_count.h"

#include <algorithm>

namespace assay::cli {
namespace {

std::size_t index(policy::Action action) {
  return static_cast<std::size_t>(action);
}

}  // namespace

void set_fate(Fate& fate, const policy::Decision& decision, bool is_monitor) {
  fate.action = decision.action;
  fate.enforced = is_monitor ? decision.would.value_or(decision.action) : decision.action;
  fate.rule = decision.rule;
}

void set_recorded_fate(Fate& fate, const policy::Decision& decision) {
  const bool is_observed =
      std::any_of(decision.observed.begin(), decision.observed.end(),
                  [&decision](const policy::Observed& rule) { return rule.rule == decision.would_rule; });
  set_fate(fate, decision, !is_observed);
}

void ChangeCount::add(const observe::Record& record, const Fate& before, const Fate& after,
                      const std::vector<policy::Observed>& observed) {
  ++messages_;
  span_ = span_ ? std::pair(std::min(span_->first, record.time), std::max(span_->second, record.time))
                : std::pair(record.time, record.time);
  ++transitions_[index(before.action)][index(after.action)];
  ++enforced_transitions_[index(before.enforced)][index(after.enforced)];
  enforced_changed_ += before.enforced == after.enforced ? 0U : 1U;
  for (const policy::Observed& rule : observed) {
    ObservedCount& count = observed_[rule.rule];
    ++count.matched;
    ++count.actions[index(rule.action)];
    count.differs += rule.action == after.enforced ? 0U : 1U;
  }
  RuleCount& rule = rules_[after.rule];
  ++rule.messages;
  if (before.action == after.action) {
    other_rule_ += before.rule == after.rule ? 0U : 1U;
    return;
  }
  ++changed_;
  ++rule.changed;
  const auto& author = record.verdict.dmarc.author;
  domains_.add(author ? std::string_view(author->str()) : std::string_view());
  pair_ = before.rule;
  pair_ += " -> ";
  pair_ += after.rule;
  rule_changes_.add(pair_);
  auto& examples = examples_[index(before.action)][index(after.action)];
  if (examples.size() < max_examples_) {
    examples.push_back({record.facts.queue_id, author ? author->str() : "", record.time, before.rule, after.rule});
  }
}

const std::vector<Example>& ChangeCount::examples(policy::Action before, policy::Action after) const {
  return examples_[index(before)][index(after)];
}

}  // namespace assay::cli
