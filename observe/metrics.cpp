#include "observe/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

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

 private:
  std::array<Value, N> values_;
  std::array<prometheus::Counter*, N> counters_{};
};

/// Asks the log when it is asked.
class LostLines final : public prometheus::Collectable {
 public:
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    prometheus::MetricFamily family;
    family.name = "assay_log_lost_lines_total";
    family.help = "Lines of the log that were not written, or not in time.";
    family.type = prometheus::MetricType::Counter;
    family.metric.resize(1);
    family.metric.front().counter.value = static_cast<double>(lost_log_lines());
    return {family};
  }
};

}  // namespace

struct Metrics::Counters {
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
  std::shared_ptr<LostLines> lost_lines = std::make_shared<LostLines>();
  std::unique_ptr<prometheus::Exposer> exposer;
};

Metrics::Metrics(const std::string& version) : counters_(std::make_unique<Counters>()) {
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
    counters_->exposer->RegisterCollectable(counters_->lost_lines);
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
  const dmarc::Outcome& outcome = record.verdict.dmarc;
  counters_->dmarc_results.add(outcome.status);
  if (outcome.rfc7489) {
    for (const dmarc::Difference difference : outcome.rfc7489->differences) {
      counters_->rfc7489_differences.add(difference);
    }
  }
}

std::string Metrics::text() const {
  auto families = counters_->registry->Collect();
  auto lost = counters_->lost_lines->Collect();
  families.insert(families.end(), std::make_move_iterator(lost.begin()), std::make_move_iterator(lost.end()));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace assay::observe
