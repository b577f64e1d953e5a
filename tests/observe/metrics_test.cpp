#include "observe/metrics.h"

#include <algorithm>
#include <sstream>
#include <string>

#include "observe/log.h"
#include "tests/observe/sample.h"
#include "tests/support/catch.h"

namespace {

using assay::observe::Metrics;
using assay::observe::Record;
using assay::test::sample_record;

/// The value of one series; "absent" if there is none.
std::string value(const Metrics& metrics, const std::string& series) {
  std::istringstream lines(metrics.text());
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(series + ' ', 0) == 0) {
      return line.substr(series.size() + 1);
    }
  }
  return "absent";
}

}  // namespace

TEST_CASE("observe/metrics: every series is there before the first message, at zero", "[observe][metrics]") {
  const Metrics metrics("1.2.3");
  for (const char* action : {"accept", "reject", "tempfail", "quarantine", "discard"}) {
    CHECK(value(metrics, std::string("assay_messages_total{action=\"") + action + "\"}") == "0");
    CHECK(value(metrics, std::string("assay_would_total{action=\"") + action + "\"}") == "0");
  }
  for (const char* result : {"none", "pass", "fail", "temperror", "permerror"}) {
    CHECK(value(metrics, std::string("assay_dmarc_results_total{result=\"") + result + "\"}") == "0");
  }
  for (const char* kind : {"result", "policy", "org_domain"}) {
    CHECK(value(metrics, std::string("assay_dmarc_rfc7489_differences_total{kind=\"") + kind + "\"}") == "0");
  }
  for (const char* bound :
       {"messages", "connections", "recipients", "header_octets", "header_fields", "forged_fields"}) {
    CHECK(value(metrics, std::string("assay_bounds_exceeded_total{bound=\"") + bound + "\"}") == "0");
  }
  CHECK(value(metrics, "assay_unproven_total") == "0");
  CHECK(value(metrics, "assay_messages_in_flight") == "0");
  CHECK(value(metrics, "assay_log_lost_lines_total") != "absent");
  CHECK(value(metrics, "assay_build_info{version=\"1.2.3\"}") == "1");
}

TEST_CASE("observe/metrics: a message counts by its action, its result and each difference", "[observe][metrics]") {
  Metrics metrics("1.2.3");
  Record record = sample_record();  // dmarc=fail, quarantined
  record.verdict.dmarc.rfc7489->differences = {assay::dmarc::Difference::Result,
                                               assay::dmarc::Difference::OrganizationalDomain};
  metrics.count(record);
  metrics.count(record);
  CHECK(value(metrics, "assay_messages_total{action=\"quarantine\"}") == "2");
  CHECK(value(metrics, "assay_messages_total{action=\"accept\"}") == "0");
  CHECK(value(metrics, "assay_would_total{action=\"reject\"}") == "2");
  CHECK(value(metrics, "assay_unproven_total") == "2");
  CHECK(value(metrics, "assay_dmarc_results_total{result=\"fail\"}") == "2");
  CHECK(value(metrics, "assay_dmarc_rfc7489_differences_total{kind=\"result\"}") == "2");
  CHECK(value(metrics, "assay_dmarc_rfc7489_differences_total{kind=\"policy\"}") == "0");
  CHECK(value(metrics, "assay_dmarc_rfc7489_differences_total{kind=\"org_domain\"}") == "2");
}

TEST_CASE("observe/metrics: a local message has no result to count, for nothing was verified", "[observe][metrics]") {
  Metrics metrics("1.2.3");
  Record record;
  record.facts.local = true;
  metrics.count(record);
  CHECK(value(metrics, "assay_messages_total{action=\"accept\"}") == "1");
  CHECK(value(metrics, "assay_dmarc_results_total{result=\"none\"}") == "0");
}

TEST_CASE("observe/metrics: a bound counts where it is exceeded, by its record or by itself", "[observe][metrics]") {
  Metrics metrics("1.2.3");
  Record record = sample_record();
  record.verdict.exceeded = assay::Bound::HeaderOctets;
  metrics.count(record);
  record.verdict.exceeded = assay::Bound::HeaderFields;
  metrics.count(record);
  metrics.count(record);
  metrics.exceeded(assay::observe::Excess::Messages);
  CHECK(value(metrics, "assay_bounds_exceeded_total{bound=\"header_octets\"}") == "1");
  CHECK(value(metrics, "assay_bounds_exceeded_total{bound=\"header_fields\"}") == "2");
  CHECK(value(metrics, "assay_bounds_exceeded_total{bound=\"messages\"}") == "1");
  CHECK(value(metrics, "assay_bounds_exceeded_total{bound=\"recipients\"}") == "0");
  CHECK(metrics.times_exceeded(assay::observe::Excess::HeaderFields) == 2);
}

TEST_CASE("observe/metrics: messages in flight are those of the moment of the question", "[observe][metrics]") {
  std::size_t in_flight = 3;
  const Metrics metrics("1.2.3", [&in_flight] { return in_flight; });
  CHECK(value(metrics, "assay_messages_in_flight") == "3");
  in_flight = 0;
  CHECK(value(metrics, "assay_messages_in_flight") == "0");
}

TEST_CASE("observe/metrics: nothing of a message becomes a label", "[observe][metrics]") {
  Metrics metrics("1.2.3");
  const std::string before = metrics.text();
  Record record = sample_record();
  for (const auto& field : assay::test::string_fields()) {
    field.set(record, "smuggled");
  }
  metrics.count(record);
  const std::string after = metrics.text();
  CHECK(after.find("smuggled") == std::string::npos);
  CHECK(std::count(after.begin(), after.end(), '\n') == std::count(before.begin(), before.end(), '\n'));
}

TEST_CASE("observe/metrics: lines that the log lost are counted", "[observe][metrics]") {
  const Metrics metrics("1.2.3");
  const std::string series = "assay_log_lost_lines_total";
  CHECK(value(metrics, series) == std::to_string(assay::observe::lost_log_lines()));
  std::string error;
  REQUIRE(assay::observe::open_log({false, "info", "/dev/full"}, error));
  const auto before = assay::observe::lost_log_lines();
  assay::observe::log_info("lost");
  assay::observe::flush_log();
  CHECK(value(metrics, series) == std::to_string(before + 1));
  REQUIRE(assay::observe::open_log({}, error));
}
