#include <chrono>
#include <string>

#include "observe/metrics.h"
#include "tests/bench/allocations.h"
#include "tests/observe/sample.h"
#include "tests/support/catch.h"

using assay::observe::Metrics;
using assay::observe::Record;
using assay::test::sample_record;

TEST_CASE("observe/metrics: counting a message allocates nothing, whatever rule decided it", "[observe][metrics]") {
  Metrics metrics("1.2.3");
  Record record = sample_record();
  record.decision.rule = "a-rule-with-a-name-that-no-short-string-holds";
  record.decision.would_rule = "another-rule-with-a-name-that-no-short-string-holds";
  metrics.know_rules({record.decision.rule, record.decision.would_rule});
  constexpr int kMessages = 1000;
  const auto before = assay::bench::allocations().calls;
  for (int i = 0; i < kMessages; ++i) {
    metrics.count(record, {true, std::chrono::milliseconds(i), std::chrono::milliseconds(1), 1, 1, true});
  }
  CHECK(assay::bench::allocations().calls == before);
  CHECK(metrics.text().find("\nassay_decisions_total{action=\"quarantine\",rule=\"" + record.decision.rule + "\"} " +
                            std::to_string(kMessages) + '\n') != std::string::npos);
}
