#include "observe/rule_counters.h"

#include <functional>

namespace assay::observe {

RuleCounters::RuleCounters(prometheus::Registry& registry)
    : decisions_(prometheus::BuildCounter()
                     .Name("assay_decisions_total")
                     .Help("Messages, by the rule that decided and what was done.")
                     .Register(registry)),
      would_(prometheus::BuildCounter()
                 .Name("assay_would_decisions_total")
                 .Help("Messages that would fare otherwise if the policy were in force, by the rule behind it and how.")
                 .Register(registry)),
      other_(make(kOther)) {}

std::unique_ptr<RuleCounters::Entry> RuleCounters::make(const std::string& rule) {
  auto entry = std::make_unique<Entry>();
  entry->rule = rule;
  for (const policy::Action action : kActions) {
    const prometheus::Labels labels{{"action", to_string(action)}, {"rule", rule}};
    entry->decided[index(action)] = &decisions_.Add(labels);
    entry->would[index(action)] = &would_.Add(labels);
  }
  return entry;
}

const RuleCounters::Entry* RuleCounters::find(std::string_view rule) const noexcept {
  const std::size_t home = std::hash<std::string_view>{}(rule);
  for (std::size_t step = 0; step < kSlots; ++step) {
    const Entry* const entry = slots_[(home + step) % kSlots].load(std::memory_order_acquire);
    if (entry == nullptr || entry->rule == rule) {
      return entry;
    }
  }
  return nullptr;
}

void RuleCounters::add(const std::string& rule) {
  const std::lock_guard lock(mutex_);
  if (full_ || rule == kOther || find(rule) != nullptr) {
    return;
  }
  entries_.reserve(entries_.size() + 1);
  entries_.push_back(make(rule));
  std::size_t at = std::hash<std::string_view>{}(rule);
  while (slots_[at % kSlots].load(std::memory_order_relaxed) != nullptr) {
    ++at;
  }
  slots_[at % kSlots].store(entries_.back().get(), std::memory_order_release);
  full_ = entries_.size() == kMaxRuleLabels;
}

const RuleCounters::Entry& RuleCounters::of(const std::string& rule) noexcept {
  const Entry* entry = find(rule);
  if (entry == nullptr && !full_) {
    try {
      add(rule);
      entry = find(rule);
    } catch (...) {
      // No memory for series of its own.
    }
  }
  return entry != nullptr ? *entry : *other_;
}

}  // namespace assay::observe
