#include "observe/activity.h"

#include <algorithm>

namespace assay::observe {
namespace {

using std::chrono::seconds;

/// Octets kept of a text: a queue id is shorter, a rule's name seldom longer.
constexpr std::size_t kKeptOctets = 255;

template <class T>
void push_bounded(std::deque<T>& ring, T value, std::size_t most) {
  if (ring.size() == most) {
    ring.pop_front();
  }
  ring.push_back(std::move(value));
}

bool is_busier(const RuleCount& a, const RuleCount& b) {
  return std::pair(a.count.minute, a.count.total) > std::pair(b.count.minute, b.count.total);
}

}  // namespace

void Activity::Counter::add(Time at) {
  ++total;
  recent.add(at);
}

Count Activity::Counter::at(Time now) const {
  return {total, recent.within(seconds(10), now), recent.within(RecentCount::kWindow, now)};
}

void Activity::note(const Record& record, const std::vector<dns::Timed>& slow, Time now) {
  const std::lock_guard lock(mutex_);
  actions_.at(static_cast<std::size_t>(record.decision.action)).add(now);
  if (record.decision.would) {
    would_.at(static_cast<std::size_t>(*record.decision.would)).add(now);
  }
  if (record.facts.local) {
    ++local_;
  } else {
    dmarc_.at(static_cast<std::size_t>(record.verdict.dmarc.status)).add(now);
  }
  note_rule(record, now);
  if (record.decision.action != policy::Action::Accept) {
    note_refusal(record);
  }
  for (std::size_t i = 0; i < std::min(slow.size(), kMaxSlowOfMessage); ++i) {
    push_bounded(slow_, Slow{now, slow[i]}, kMaxSlowAnswers);
  }
}

void Activity::note_rule(const Record& record, Time now) {
  auto found = rules_.find(record.decision.rule);
  if (found == rules_.end()) {
    if (rules_.size() == kMaxRulesCounted) {
      ++rules_omitted_;
      return;
    }
    found = rules_.try_emplace(record.decision.rule).first;
  }
  found->second.add(now);
}

void Activity::note_refusal(const Record& record) {
  Refusal refusal;
  refusal.time = record.time;
  refusal.queue_id = record.facts.queue_id.substr(0, kKeptOctets);
  refusal.action = record.decision.action;
  refusal.rule = record.decision.rule.substr(0, kKeptOctets);
  if (record.verdict.dmarc.author) {
    refusal.from_domain = record.verdict.dmarc.author->str();
  }
  if (record.facts.client_ip) {
    refusal.client = record.facts.client_ip->to_string();
  }
  refusal.dmarc = record.verdict.dmarc.status;
  refusal.local = record.facts.local;
  refusal.reply_code = record.decision.reply ? record.decision.reply->code : 0;
  push_bounded(refusals_, std::move(refusal), kMaxRefusals);
}

std::vector<SlowName> Activity::slow_names(Time now) const {
  std::map<dns::Question, SlowName> names;
  for (const Slow& slow : slow_) {
    if (slow.time <= now - kSlowMemory) {
      continue;
    }
    SlowName& name = names[slow.answer.question];
    name.question = slow.answer.question;
    name.status = slow.answer.status;
    name.longest = std::max(name.longest, slow.answer.took);
    ++name.times;
  }
  std::vector<SlowName> sorted;
  sorted.reserve(names.size());
  for (auto& [question, name] : names) {
    sorted.push_back(std::move(name));
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const SlowName& a, const SlowName& b) { return a.longest > b.longest; });
  return sorted;
}

ActivityReport Activity::report(Time now) const {
  const std::lock_guard lock(mutex_);
  ActivityReport report;
  for (std::size_t i = 0; i < kActions; ++i) {
    report.actions.at(i) = actions_.at(i).at(now);
    report.would.at(i) = would_.at(i).at(now);
  }
  for (std::size_t i = 0; i < kDmarcResults; ++i) {
    report.dmarc.at(i) = dmarc_.at(i).at(now);
  }
  report.local = local_;
  report.rules.reserve(rules_.size());
  for (const auto& [rule, counter] : rules_) {
    report.rules.push_back({rule, counter.at(now)});
  }
  std::stable_sort(report.rules.begin(), report.rules.end(), is_busier);
  report.rules_omitted = rules_omitted_;
  report.slow = slow_names(now);
  report.refusals.assign(refusals_.rbegin(), refusals_.rend());
  return report;
}

}  // namespace assay::observe
