#include "observe/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "observe/moment.h"
#include "observe/rule_counters.h"
#include "policy/ruling.h"

namespace assay::observe {
namespace {

constexpr std::array kSpfResults{spf::Status::None,     spf::Status::Neutral,  spf::Status::Pass,
                                 spf::Status::Fail,     spf::Status::SoftFail, spf::Status::TempError,
                                 spf::Status::PermError};
constexpr std::array kDkimResults{dkim::Status::Pass,    dkim::Status::Fail,      dkim::Status::Policy,
                                  dkim::Status::Neutral, dkim::Status::TempError, dkim::Status::PermError};
constexpr std::array kArcResults{arc::Status::None, arc::Status::Pass, arc::Status::Fail};
constexpr std::array kDmarcResults{dmarc::Status::None, dmarc::Status::Pass, dmarc::Status::Fail,
                                   dmarc::Status::TempError, dmarc::Status::PermError};
constexpr std::array kIprevResults{iprev::Status::Pass, iprev::Status::Fail, iprev::Status::TempError,
                                   iprev::Status::PermError};
constexpr std::array kDifferences{dmarc::Difference::Result, dmarc::Difference::Policy,
                                  dmarc::Difference::OrganizationalDomain};

/// Of an enumeration that counts up from 0. The compiler wants every value in its to_string(), which returns "" for
/// what lies beyond the last: a new one cannot be forgotten here.
template <class Enum>
constexpr std::size_t count_values() {
  std::size_t count = 0;
  while (*to_string(static_cast<Enum>(count)) != '\0') {
    ++count;
  }
  return count;
}
template <class Enum>
constexpr auto every() {
  std::array<Enum, count_values<Enum>()> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    values.at(i) = static_cast<Enum>(i);
  }
  return values;
}
constexpr auto kExcesses = every<Excess>();
constexpr auto kReloads = every<Reload>();

/// What decides but for own rules.
constexpr std::array kGrounds{
    policy::Ground::Default,      policy::Ground::Local,           policy::Ground::Exceeded,
    policy::Ground::BadFrom,      policy::Ground::TrustedChain,    policy::Ground::TempError,
    policy::Ground::Indirect,     policy::Ground::PublishedReject, policy::Ground::PublishedQuarantine,
    policy::Ground::PublishedNone};

/// Seconds. The end of a message waits for DNS at most as long as dns.message_deadline says, 20 s by default.
const prometheus::Histogram::BucketBoundaries& wait_ranges() {
  static const prometheus::Histogram::BucketBoundaries ranges{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
                                                              0.5,   1,     2,     5,    10,   20,   60};
  return ranges;
}
/// Seconds. The sender has his time in it, too.
const prometheus::Histogram::BucketBoundaries& message_ranges() {
  static const prometheus::Histogram::BucketBoundaries ranges{0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1,
                                                              2,     5,    10,   20,   60,  300, 600};
  return ranges;
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

Excess excess_of(Bound bound) noexcept {
  return bound == Bound::HeaderFields ? Excess::HeaderFields : Excess::HeaderOctets;
}

prometheus::Family<prometheus::Counter>& counters(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

/// One counter for each value of an enumeration, all made at once.
template <class Value, std::size_t N>
class CounterFor {
 public:
  CounterFor(prometheus::Family<prometheus::Counter>& family, const char* label, const std::array<Value, N>& values,
             const prometheus::Labels& others = {})
      : values_(values) {
    for (std::size_t i = 0; i < N; ++i) {
      prometheus::Labels labels = others;
      labels.emplace(label, to_string(values[i]));
      counters_[i] = &family.Add(labels);
    }
  }

  void add(Value value) noexcept {
    if (prometheus::Counter* const counter = of(value)) {
      counter->Increment();
    }
  }
  [[nodiscard]] double count(Value value) const noexcept {
    const prometheus::Counter* const counter = of(value);
    return counter == nullptr ? 0 : counter->Value();
  }

 private:
  [[nodiscard]] prometheus::Counter* of(Value value) const noexcept {
    const auto at = static_cast<std::size_t>(std::find(values_.begin(), values_.end(), value) - values_.begin());
    return at < N ? counters_[at] : nullptr;
  }

  std::array<Value, N> values_;
  std::array<prometheus::Counter*, N> counters_{};
};

/// What every method found, of messages that were verified.
class ResultCounters {
 public:
  explicit ResultCounters(prometheus::Registry& registry)
      : spf_(counters(registry, "assay_spf_results_total", "SPF checks, by identity and result.")),
        mail_from_(spf_, "result", kSpfResults, {{"identity", "mailfrom"}}),
        helo_(spf_, "result", kSpfResults, {{"identity", "helo"}}),
        dkim_family_(
            counters(registry, "assay_dkim_results_total", "DKIM signatures, by result; none: messages without one.")),
        dkim_(dkim_family_, "result", kDkimResults),
        unsigned_(dkim_family_.Add({{"result", "none"}})),
        arc_(counters(registry, "assay_arc_results_total", "Messages, by what their ARC chain is worth."), "result",
             kArcResults),
        iprev_(counters(registry, "assay_iprev_results_total", "Messages, by whether the client's name leads to it."),
               "result", kIprevResults) {}

  void count(const Verdict& verdict) noexcept {
    mail_from_.add(verdict.spf_mail_from.status);
    helo_.add(verdict.spf_helo.status);
    for (const dkim::Outcome& signature : verdict.dkim) {
      dkim_.add(signature.status);
    }
    if (verdict.dkim.empty()) {
      unsigned_.Increment();
    }
    arc_.add(verdict.arc.status);
    if (verdict.iprev) {
      iprev_.add(verdict.iprev->status);
    }
  }

 private:
  prometheus::Family<prometheus::Counter>& spf_;
  CounterFor<spf::Status, kSpfResults.size()> mail_from_;
  CounterFor<spf::Status, kSpfResults.size()> helo_;
  prometheus::Family<prometheus::Counter>& dkim_family_;
  CounterFor<dkim::Status, kDkimResults.size()> dkim_;
  prometheus::Counter& unsigned_;
  CounterFor<arc::Status, kArcResults.size()> arc_;
  CounterFor<iprev::Status, kIprevResults.size()> iprev_;
};

/// What became of the last reload: 1 for that, 0 for the others.
class LastOutcome {
 public:
  explicit LastOutcome(prometheus::Registry& registry)
      : family_(prometheus::BuildGauge()
                    .Name("assay_last_reload")
                    .Help("1 for what became of the last reload; done before the first.")
                    .Register(registry)) {
    for (std::size_t i = 0; i < kReloads.size(); ++i) {
      gauges_[i] = &family_.Add({{"outcome", to_string(kReloads[i])}});
    }
    set(Reload::Done);
  }

  void set(Reload outcome) noexcept {
    for (std::size_t i = 0; i < kReloads.size(); ++i) {
      gauges_[i]->Set(kReloads[i] == outcome ? 1 : 0);
    }
  }

 private:
  prometheus::Family<prometheus::Gauge>& family_;
  std::array<prometheus::Gauge*, kReloads.size()> gauges_{};
};

bool is_beyond(const spf::Outcome& outcome) noexcept {
  return outcome.reason == spf::Reason::TooManyLookups || outcome.reason == spf::Reason::TooManyVoidLookups;
}

/// Calls `note` for each bound that the results tell of, once.
template <class Note>
void for_each_excess(const Verdict& verdict, Note note) noexcept {
  const auto has = [&verdict](dkim::Reason reason) {
    return std::any_of(verdict.dkim.begin(), verdict.dkim.end(),
                       [reason](const dkim::Outcome& signature) { return signature.reason == reason; });
  };
  for (const auto& [is_exceeded, excess] :
       {std::pair(has(dkim::Reason::TooManySignatures), Excess::Signatures),
        std::pair(has(dkim::Reason::TooCostly), Excess::SignatureCost),
        std::pair(verdict.arc.reason == arc::Reason::TooManySets, Excess::ArcSets),
        std::pair(verdict.arc.reason == arc::Reason::TooCostly, Excess::ArcCost),
        std::pair(verdict.dmarc.reason == dmarc::Reason::TooManyAuthors, Excess::AuthorDomains),
        std::pair(is_beyond(verdict.spf_mail_from) || is_beyond(verdict.spf_helo), Excess::SpfLookups)}) {
    if (is_exceeded) {
      note(excess);
    }
  }
}

}  // namespace

struct Metrics::Counters {
  explicit Counters(std::function<Moment()> look_at) : look(std::move(look_at)) {}

  const std::function<Moment()> look;
  prometheus::Registry registry;
  CounterFor<policy::Action, RuleCounters::kActions.size()> messages{
      counters(registry, "assay_messages_total", "Messages, by what was done."), "action", RuleCounters::kActions};
  CounterFor<policy::Action, RuleCounters::kActions.size()> would{
      counters(registry, "assay_would_total",
               "Messages that would fare otherwise if the policy were in force, by how."),
      "action", RuleCounters::kActions};
  RuleCounters rules{registry};
  prometheus::Counter& unproven =
      counters(registry, "assay_unproven_total", "Messages that a rule accepted without proof (unproven: true).")
          .Add({});
  CounterFor<dmarc::Status, kDmarcResults.size()> dmarc_results{
      counters(registry, "assay_dmarc_results_total", "Messages that are not local, by DMARC result."), "result",
      kDmarcResults};
  CounterFor<dmarc::Difference, kDifferences.size()> rfc7489_differences{
      counters(registry, "assay_dmarc_rfc7489_differences_total",
               "Messages of which RFC 7489 says otherwise than RFC 9989, by what differs."),
      "kind", kDifferences};
  ResultCounters results{registry};
  CounterFor<policy::Action, RuleCounters::kActions.size()> own_domain_forged{
      counters(registry, "assay_own_domain_forged_total",
               "Messages that fail DMARC in the name of a domain of this site, by what was done."),
      "action", RuleCounters::kActions};
  prometheus::Family<prometheus::Counter>& forged =
      counters(registry, "assay_forged_fields_total",
               "Fields of inbound mail that only this site may write, removed or refused with their message, by kind.");
  prometheus::Counter& forged_results = forged.Add({{"kind", "authentication_results"}});
  prometheus::Counter& forged_added = forged.Add({{"kind", "added"}});
  CounterFor<Excess, kExcesses.size()> excesses{
      counters(registry, "assay_bounds_exceeded_total", "Times that there was more than a bound allows, by bound."),
      "bound", kExcesses};
  CounterFor<Reload, kReloads.size()> reloads{
      counters(registry, "assay_reloads_total", "Reloads of the configuration, by outcome."), "outcome", kReloads};
  LastOutcome last_reload{registry};
  prometheus::Histogram& wait = prometheus::BuildHistogram()
                                    .Name("assay_end_of_message_seconds")
                                    .Help("Time from the end of a message to its verdict: what the MTA waits.")
                                    .Register(registry)
                                    .Add({}, wait_ranges());
  prometheus::Histogram& whole = prometheus::BuildHistogram()
                                     .Name("assay_message_seconds")
                                     .Help("Time from MAIL FROM to the verdict, the sender's own included.")
                                     .Register(registry)
                                     .Add({}, message_ranges());
};

Metrics::Metrics(const std::string& version, std::function<Moment()> look)
    : counters_(std::make_unique<Counters>(std::move(look))) {
  prometheus::BuildGauge()
      .Name("assay_build_info")
      .Help("Always 1; the label tells the version.")
      .Register(counters_->registry)
      .Add({{"version", version}})
      .Set(1);
  for (const policy::Ground ground : kGrounds) {
    counters_->rules.add(policy::name_of({ground}));
  }
  for (const std::string_view ground : policy::kBesidePolicy) {
    counters_->rules.add(std::string(ground));
  }
}

Metrics::~Metrics() = default;

void Metrics::know_rules(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    counters_->rules.add(name);
  }
}

void Metrics::count(const Record& record, const Handling& handling) noexcept {
  const policy::Decision& decision = record.decision;
  counters_->messages.add(decision.action);
  counters_->rules.decided(decision.rule, decision.action);
  if (decision.would) {
    counters_->would.add(*decision.would);
    counters_->rules.would(decision.would_rule, *decision.would);
  }
  if (decision.unproven) {
    counters_->unproven.Increment();
  }
  counters_->wait.Observe(seconds(handling.wait_at_end));
  counters_->whole.Observe(seconds(handling.since_mail_from));
  if (record.facts.local) {
    return;  // Nothing was verified.
  }
  counters_->forged_results.Increment(static_cast<double>(handling.forged_results));
  counters_->forged_added.Increment(static_cast<double>(handling.forged_added));
  const Verdict& verdict = record.verdict;
  if (verdict.exceeded) {
    counters_->excesses.add(excess_of(*verdict.exceeded));
  } else if (handling.is_verified) {
    counters_->results.count(verdict);
    for_each_excess(verdict, [this](Excess excess) { counters_->excesses.add(excess); });
  }
  counters_->dmarc_results.add(verdict.dmarc.status);
  if (handling.fails_as_own) {
    counters_->own_domain_forged.add(decision.action);
  }
  if (verdict.dmarc.rfc7489) {
    for (const dmarc::Difference difference : verdict.dmarc.rfc7489->differences) {
      counters_->rfc7489_differences.add(difference);
    }
  }
}

void Metrics::exceeded(Excess excess) noexcept {
  counters_->excesses.add(excess);
}

void Metrics::reloaded(Reload outcome) noexcept {
  counters_->last_reload.set(outcome);
  counters_->reloads.add(outcome);
}

std::uint64_t Metrics::times_exceeded(Excess excess) const noexcept {
  return static_cast<std::uint64_t>(counters_->excesses.count(excess));
}

std::vector<std::pair<const char*, std::uint64_t>> Metrics::bounds_exceeded() const {
  std::vector<std::pair<const char*, std::uint64_t>> counts;
  counts.reserve(kExcesses.size());
  for (const Excess excess : kExcesses) {
    counts.emplace_back(to_string(excess), times_exceeded(excess));
  }
  return counts;
}

std::string Metrics::text() const {
  auto families = counters_->registry.Collect();
  auto others = families_of(counters_->look ? counters_->look() : Moment{});
  families.insert(families.end(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace assay::observe
