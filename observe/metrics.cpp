#include "observe/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <iterator>
#include <utility>
#include <vector>

#include "observe/log.h"

namespace assay::observe {
namespace {

using policy::Action;

constexpr std::array kActions{Action::Accept, Action::Reject, Action::TempFail, Action::Quarantine, Action::Discard};
constexpr std::array kResults{dmarc::Status::None, dmarc::Status::Pass, dmarc::Status::Fail, dmarc::Status::TempError,
                              dmarc::Status::PermError};
constexpr std::array kDifferences{dmarc::Difference::Result, dmarc::Difference::Policy,
                                  dmarc::Difference::OrganizationalDomain};
constexpr std::array kExcesses{Excess::Messages,     Excess::Connections,  Excess::Recipients,
                               Excess::HeaderOctets, Excess::HeaderFields, Excess::ForgedFields};

Excess excess_of(Bound bound) noexcept {
  return bound == Bound::HeaderFields ? Excess::HeaderFields : Excess::HeaderOctets;
}

/// One counter for each value of an enumeration, all made at once.
template <class Value, std::size_t N>
class CounterFor {
 public:
  CounterFor(prometheus::Registry& registry, const char* name, const char* help, const char* label,
             const std::array<Value, N>& values)
      : values_(values) {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry);
    for (std::size_t i = 0; i < N; ++i) {
      counters_[i] = &family.Add({{label, to_string(values[i])}});
    }
  }

  void add(Value value) noexcept {
    for (std::size_t i = 0; i < N; ++i) {
      if (values_[i] == value) {
        counters_[i]->Increment();
      }
    }
  }
  [[nodiscard]] double count(Value value) const noexcept {
    const auto at = static_cast<std::size_t>(std::find(values_.begin(), values_.end(), value) - values_.begin());
    return at < N ? counters_[at]->Value() : 0;
  }

 private:
  std::array<Value, N> values_;
  std::array<prometheus::Counter*, N> counters_{};
};

/// A family of one series.
prometheus::MetricFamily family_of(const char* name, const char* help, prometheus::MetricType type) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  family.metric.resize(1);
  return family;
}

/// What others count: asks them when it is asked.
class CountedElsewhere final : public prometheus::Collectable {
 public:
  explicit CountedElsewhere(std::function<std::size_t()> in_flight) : in_flight_(std::move(in_flight)) {}

  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    auto lost = family_of("assay_log_lost_lines_total", "Lines of the log that were not written, or not in time.",
                          prometheus::MetricType::Counter);
    lost.metric.front().counter.value = static_cast<double>(lost_log_lines());
    auto in_flight = family_of("assay_messages_in_flight", "Messages between MAIL FROM and their end.",
                               prometheus::MetricType::Gauge);
    in_flight.metric.front().gauge.value = in_flight_ ? static_cast<double>(in_flight_()) : 0;
    return {lost, in_flight};
  }

 private:
  std::function<std::size_t()> in_flight_;
};

}  // namespace

const char* to_string(Excess excess) noexcept {
  switch (excess) {
    case Excess::Messages: return "messages";
    case Excess::Connections: return "connections";
    case Excess::Recipients: return "recipients";
    case Excess::HeaderOctets: return to_string(Bound::HeaderOctets);
    case Excess::HeaderFields: return to_string(Bound::HeaderFields);
    case Excess::ForgedFields: return "forged_fields";
  }
  return "";
}

struct Metrics::Counters {
  explicit Counters(std::function<std::size_t()> in_flight)
      : elsewhere(std::make_shared<CountedElsewhere>(std::move(in_flight))) {}

  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  CounterFor<Action, kActions.size()> messages{*registry, "assay_messages_total", "Messages, by what was done.",
                                               "action", kActions};
  CounterFor<Action, kActions.size()> would{*registry, "assay_would_total",
                                            "Messages that would fare otherwise if the policy were in force, by how.",
                                            "action", kActions};
  prometheus::Counter& unproven = prometheus::BuildCounter()
                                      .Name("assay_unproven_total")
                                      .Help("Messages that a rule accepted without proof (unproven: true).")
                                      .Register(*registry)
                                      .Add({});
  CounterFor<dmarc::Status, kResults.size()> dmarc_results{
      *registry, "assay_dmarc_results_total", "Messages that are not local, by DMARC result.", "result", kResults};
  CounterFor<dmarc::Difference, kDifferences.size()> rfc7489_differences{
      *registry, "assay_dmarc_rfc7489_differences_total",
      "Messages of which RFC 7489 says otherwise than RFC 9989, by what differs.", "kind", kDifferences};
  CounterFor<Excess, kExcesses.size()> excesses{*registry, "assay_bounds_exceeded_total",
                                                "Times that there was more than a bound allows, by bound.", "bound",
                                                kExcesses};
  std::shared_ptr<CountedElsewhere> elsewhere;
  std::unique_ptr<prometheus::Exposer> exposer;
};

Metrics::Metrics(const std::string& version, std::function<std::size_t()> in_flight)
    : counters_(std::make_unique<Counters>(std::move(in_flight))) {
  prometheus::BuildGauge()
      .Name("assay_build_info")
      .Help("Always 1; the label tells the version.")
      .Register(*counters_->registry)
      .Add({{"version", version}})
      .Set(1);
}

Metrics::~Metrics() = default;

std::string Metrics::serve(const std::string& listen) {
  constexpr std::size_t kThreads = 2;
  try {
    counters_->exposer = std::make_unique<prometheus::Exposer>(listen, kThreads);
    counters_->exposer->RegisterCollectable(counters_->registry);
    counters_->exposer->RegisterCollectable(counters_->elsewhere);
  } catch (const std::exception& error) {
    counters_->exposer.reset();
    // The library does not say why; nearly always it is one of these.
    return "metrics.listen: cannot serve on " + listen +
           ": is the port in use, or the address not one of this host? Set metrics.listen to a free one, or metrics: "
           "off (" +
           error.what() + ")";
  }
  return {};
}

void Metrics::count(const Record& record) noexcept {
  counters_->messages.add(record.decision.action);
  if (record.decision.would) {
    counters_->would.add(*record.decision.would);
  }
  if (record.decision.unproven) {
    counters_->unproven.Increment();
  }
  if (record.facts.local) {
    return;  // Nothing was verified.
  }
  if (record.verdict.exceeded) {
    counters_->excesses.add(excess_of(*record.verdict.exceeded));
  }
  const dmarc::Outcome& outcome = record.verdict.dmarc;
  counters_->dmarc_results.add(outcome.status);
  if (outcome.rfc7489) {
    for (const dmarc::Difference difference : outcome.rfc7489->differences) {
      counters_->rfc7489_differences.add(difference);
    }
  }
}

void Metrics::exceeded(Excess excess) noexcept {
  counters_->excesses.add(excess);
}

std::uint64_t Metrics::times_exceeded(Excess excess) const noexcept {
  return static_cast<std::uint64_t>(counters_->excesses.count(excess));
}

std::string Metrics::text() const {
  auto families = counters_->registry->Collect();
  auto others = counters_->elsewhere->Collect();
  families.insert(families.end(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace assay::observe
