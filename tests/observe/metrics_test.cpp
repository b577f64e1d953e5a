#include "observe/metrics.h"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "observe/log.h"
#include "tests/observe/sample.h"
#include "tests/support/catch.h"

namespace {

using assay::observe::Handling;
using assay::observe::kMaxRuleLabels;
using assay::observe::Metrics;
using assay::observe::Moment;
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

/// The series of what a rule decided.
std::string decision(const std::string& action, const std::string& rule) {
  return "assay_decisions_total{action=\"" + action + "\",rule=\"" + rule + "\"}";
}

/// An accepted message that `rule` decided.
Record decided_by(const std::string& rule) {
  Record record;
  record.decision.rule = rule;
  return record;
}

/// The handling of a message that was verified.
Handling verified() {
  Handling handling;
  handling.is_verified = true;
  return handling;
}

std::size_t series_of(const std::string& text, const std::string& family) {
  std::size_t count = 0;
  for (std::size_t at = text.find('\n' + family + '{'); at != std::string::npos;
       at = text.find('\n' + family + '{', at + 1)) {
    ++count;
  }
  return count;
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
  for (const char* bound : {"messages", "connections", "recipients", "header_octets", "header_fields", "forged_fields",
                            "author_domains", "signatures", "signature_cost", "arc_sets", "arc_cost", "spf_lookups"}) {
    CHECK(value(metrics, std::string("assay_bounds_exceeded_total{bound=\"") + bound + "\"}") == "0");
  }
  // The results of RFC 8601 section 2.7.
  for (const char* identity : {"mailfrom", "helo"}) {
    for (const char* result : {"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"}) {
      CHECK(value(metrics, std::string("assay_spf_results_total{identity=\"") + identity + "\",result=\"" + result +
                               "\"}") == "0");
    }
  }
  for (const char* result : {"none", "pass", "fail", "policy", "neutral", "temperror", "permerror"}) {
    CHECK(value(metrics, std::string("assay_dkim_results_total{result=\"") + result + "\"}") == "0");
  }
  for (const char* result : {"none", "pass", "fail"}) {
    CHECK(value(metrics, std::string("assay_arc_results_total{result=\"") + result + "\"}") == "0");
  }
  for (const char* result : {"pass", "fail", "temperror", "permerror"}) {
    CHECK(value(metrics, std::string("assay_iprev_results_total{result=\"") + result + "\"}") == "0");
  }
  for (const char* outcome : {"done", "partly", "refused", "failed"}) {
    CHECK(value(metrics, std::string("assay_reloads_total{outcome=\"") + outcome + "\"}") == "0");
    CHECK(value(metrics, std::string("assay_last_reload{outcome=\"") + outcome + "\"}") ==
          (outcome == std::string("done") ? "1" : "0"));
  }
  for (const char* status : {"found", "no_data", "nx_domain", "temp_fail", "bogus"}) {
    CHECK(value(metrics, std::string("assay_dns_answers_total{status=\"") + status + "\"}") == "0");
  }
  for (const char* queue : {"log", "planner", "dns"}) {
    CHECK(value(metrics, std::string("assay_queue_depth{queue=\"") + queue + "\"}") == "0");
  }
  for (const char* rule :
       {"default", "local", "limits.exceeded", "policy.bad_from", "arc.trusted_sealers", "policy.temperror",
        "policy.indirect", "policy.published.reject", "policy.published.quarantine", "policy.published.none",
        "internal_error", "forged_results", "mta", "other"}) {
    CHECK(value(metrics, decision("accept", rule)) == "0");
    CHECK(value(metrics, decision("discard", rule)) == "0");
    CHECK(value(metrics, "assay_would_" + decision("reject", rule).substr(std::string("assay_").size())) == "0");
  }
  for (const char* series :
       {"assay_own_domain_forged_total{action=\"reject\"}", "assay_forged_fields_total{kind=\"added\"}",
        "assay_forged_fields_total{kind=\"authentication_results\"}", "assay_end_of_message_seconds_count",
        "assay_message_seconds_count", "assay_dns_answer_seconds_count", "assay_dns_cache_hits_total",
        "assay_dns_cache_misses_total", "assay_dns_joined_total", "assay_dns_sent_total",
        "assay_dns_fresh_starts_total", "assay_dns_timeouts_total", "assay_dns_refused_total",
        "assay_dns_questions_in_flight", "assay_dns_cache_entries", "assay_dns_cache_bytes",
        "assay_dns_failing_seconds", "assay_planner_dropped_total"}) {
    CAPTURE(series);
    CHECK(value(metrics, series) == "0");
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
  metrics.count(record, verified());
  metrics.count(record, verified());
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
  metrics.count(record, verified());
  CHECK(value(metrics, "assay_messages_total{action=\"accept\"}") == "1");
  CHECK(value(metrics, "assay_dmarc_results_total{result=\"none\"}") == "0");
}

TEST_CASE("observe/metrics: a bound counts where it is exceeded, by its record or by itself", "[observe][metrics]") {
  Metrics metrics("1.2.3");
  Record record = sample_record();
  record.verdict.exceeded = assay::Bound::HeaderOctets;
  metrics.count(record, verified());
  record.verdict.exceeded = assay::Bound::HeaderFields;
  metrics.count(record, verified());
  metrics.count(record, verified());
  metrics.exceeded(assay::observe::Excess::Messages);
  CHECK(value(metrics, "assay_bounds_exceeded_total{bound=\"header_octets\"}") == "1");
  CHECK(value(metrics, "assay_bounds_exceeded_total{bound=\"header_fields\"}") == "2");
  CHECK(value(metrics, "assay_bounds_exceeded_total{bound=\"messages\"}") == "1");
  CHECK(value(metrics, "assay_bounds_exceeded_total{bound=\"recipients\"}") == "0");
  CHECK(metrics.times_exceeded(assay::observe::Excess::HeaderFields) == 2);
  // Whoever asks for all of them gets what the endpoint shows, each bound of it.
  std::size_t listed = 0;
  for (const auto& [bound, times] : metrics.bounds_exceeded()) {
    CHECK(value(metrics, std::string("assay_bounds_exceeded_total{bound=\"") + bound + "\"}") == std::to_string(times));
    ++listed;
  }
  CHECK(listed == series_of(metrics.text(), "assay_bounds_exceeded_total"));
}

TEST_CASE("observe/metrics: messages in flight are those of the moment of the question", "[observe][metrics]") {
  std::size_t in_flight = 3;
  const Metrics metrics("1.2.3", [&in_flight] {
    Moment moment;
    moment.messages_in_flight = in_flight;
    return moment;
  });
  CHECK(value(metrics, "assay_messages_in_flight") == "3");
  in_flight = 0;
  CHECK(value(metrics, "assay_messages_in_flight") == "0");
}

TEST_CASE("observe/metrics: nothing of a message becomes a label", "[observe][metrics]") {
  Metrics metrics("1.2.3");
  Record record = sample_record();
  // Of the rule's name, which is the administrator's, see below.
  const std::string rule = record.decision.rule;
  const std::string would_rule = record.decision.would_rule;
  metrics.know_rules({rule, would_rule});
  const std::string before = metrics.text();
  for (const auto& field : assay::test::string_fields()) {
    field.set(record, "smuggled");
  }
  record.decision.rule = rule;
  record.decision.would_rule = would_rule;
  metrics.count(record, verified());
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

TEST_CASE("observe/metrics: each method's result counts, and a message without signatures as dkim none",
          "[observe][metrics]") {
  Metrics metrics("1.2.3");
  Record record;
  record.verdict.spf_mail_from.status = assay::spf::Status::SoftFail;
  record.verdict.spf_helo.status = assay::spf::Status::Pass;
  record.verdict.arc.status = assay::arc::Status::Fail;
  record.verdict.iprev = assay::iprev::Outcome{assay::iprev::Status::TempError, ""};
  metrics.count(record, verified());
  record.verdict.dkim.resize(3);
  record.verdict.dkim[0].status = assay::dkim::Status::Pass;
  record.verdict.dkim[1].status = assay::dkim::Status::TempError;
  record.verdict.dkim[2].status = assay::dkim::Status::Pass;
  record.verdict.iprev.reset();
  metrics.count(record, verified());
  CHECK(value(metrics, "assay_spf_results_total{identity=\"mailfrom\",result=\"softfail\"}") == "2");
  CHECK(value(metrics, "assay_spf_results_total{identity=\"helo\",result=\"softfail\"}") == "0");
  CHECK(value(metrics, "assay_spf_results_total{identity=\"helo\",result=\"pass\"}") == "2");
  CHECK(value(metrics, "assay_arc_results_total{result=\"fail\"}") == "2");
  CHECK(value(metrics, "assay_iprev_results_total{result=\"temperror\"}") == "1");
  CHECK(value(metrics, "assay_dkim_results_total{result=\"none\"}") == "1");
  CHECK(value(metrics, "assay_dkim_results_total{result=\"pass\"}") == "2");
  CHECK(value(metrics, "assay_dkim_results_total{result=\"temperror\"}") == "1");
}

TEST_CASE("observe/metrics: where nothing was evaluated no method has a result", "[observe][metrics]") {
  Metrics metrics("1.2.3");
  Record record;
  Handling handling;
  SECTION("something broke") {}
  SECTION("the header is larger than allowed") {
    handling.is_verified = true;
    record.verdict.exceeded = assay::Bound::HeaderOctets;
  }
  SECTION("local mail") {
    handling = {true, {}, {}, 3, 2, true};
    record.facts.local = true;
  }
  metrics.count(record, handling);
  CHECK(value(metrics, "assay_spf_results_total{identity=\"mailfrom\",result=\"none\"}") == "0");
  CHECK(value(metrics, "assay_dkim_results_total{result=\"none\"}") == "0");
  CHECK(value(metrics, "assay_arc_results_total{result=\"none\"}") == "0");
  CHECK(value(metrics, "assay_forged_fields_total{kind=\"authentication_results\"}") == "0");
  CHECK(value(metrics, "assay_own_domain_forged_total{action=\"accept\"}") == "0");
}

TEST_CASE("observe/metrics: forged fields, mail forged in an own name and the times of a message count",
          "[observe][metrics]") {
  using std::chrono::milliseconds;
  Metrics metrics("1.2.3");
  Record record = decided_by("policy.published.reject");
  record.decision.action = assay::policy::Action::Reject;
  metrics.count(record, {true, milliseconds(3100), milliseconds(30), 3, 2, true});
  metrics.count(record, {true, milliseconds(900), milliseconds(20), 0, 0, false});
  CHECK(value(metrics, "assay_forged_fields_total{kind=\"authentication_results\"}") == "3");
  CHECK(value(metrics, "assay_forged_fields_total{kind=\"added\"}") == "2");
  CHECK(value(metrics, "assay_own_domain_forged_total{action=\"reject\"}") == "1");
  CHECK(value(metrics, "assay_own_domain_forged_total{action=\"accept\"}") == "0");
  CHECK(value(metrics, "assay_end_of_message_seconds_count") == "2");
  CHECK(value(metrics, "assay_end_of_message_seconds_sum") == "0.05");
  CHECK(value(metrics, "assay_end_of_message_seconds_bucket{le=\"0.01\"}") == "0");
  CHECK(value(metrics, "assay_end_of_message_seconds_bucket{le=\"0.05\"}") == "2");
  CHECK(value(metrics, "assay_message_seconds_sum") == "4");
  CHECK(value(metrics, "assay_message_seconds_bucket{le=\"1\"}") == "1");
  CHECK(value(metrics, "assay_message_seconds_bucket{le=\"5\"}") == "2");
  CHECK(value(metrics, "assay_message_seconds_bucket{le=\"+Inf\"}") == "2");
}

TEST_CASE("observe/metrics: a bound that a result tells of counts once for its message", "[observe][metrics]") {
  struct Row {
    const char* bound;
    void (*set)(assay::Verdict& verdict);
  };
  const Row row = GENERATE(
      Row{"signatures",
          [](assay::Verdict& v) {
            v.dkim.resize(2, {});
            v.dkim[0].reason = v.dkim[1].reason = assay::dkim::Reason::TooManySignatures;
          }},
      Row{"signature_cost",
          [](assay::Verdict& v) {
            v.dkim.resize(1);
            v.dkim[0].reason = assay::dkim::Reason::TooCostly;
          }},
      Row{"arc_sets", [](assay::Verdict& v) { v.arc.reason = assay::arc::Reason::TooManySets; }},
      Row{"arc_cost", [](assay::Verdict& v) { v.arc.reason = assay::arc::Reason::TooCostly; }},
      Row{"author_domains", [](assay::Verdict& v) { v.dmarc.reason = assay::dmarc::Reason::TooManyAuthors; }},
      Row{"spf_lookups",
          [](assay::Verdict& v) { v.spf_helo.reason = v.spf_mail_from.reason = assay::spf::Reason::TooManyLookups; }},
      Row{"spf_lookups", [](assay::Verdict& v) { v.spf_mail_from.reason = assay::spf::Reason::TooManyVoidLookups; }});
  CAPTURE(row.bound);
  Metrics metrics("1.2.3");
  Record record;
  row.set(record.verdict);
  metrics.count(record, verified());
  double all = 0;
  std::istringstream lines(metrics.text());
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("assay_bounds_exceeded_total{", 0) == 0) {
      all += std::stod(line.substr(line.rfind(' ')));
    }
  }
  CHECK(all == 1);
  CHECK(value(metrics, std::string("assay_bounds_exceeded_total{bound=\"") + row.bound + "\"}") == "1");
}

TEST_CASE("observe/metrics: what a rule decides, and would, counts under its name", "[observe][metrics]") {
  Metrics metrics("1.2.3");
  metrics.know_rules({"partner", "strict"});
  CHECK(value(metrics, decision("tempfail", "partner")) == "0");
  Record record = decided_by("partner");
  record.decision.would = assay::policy::Action::Reject;
  record.decision.would_rule = "strict";
  metrics.count(record, verified());
  metrics.know_rules({"partner", "newer"});  // A reload takes nothing away.
  metrics.count(record, verified());
  CHECK(value(metrics, decision("accept", "partner")) == "2");
  CHECK(value(metrics, "assay_would_decisions_total{action=\"reject\",rule=\"strict\"}") == "2");
  CHECK(value(metrics, "assay_would_decisions_total{action=\"reject\",rule=\"partner\"}") == "0");
  // One that decides before anybody made it known is not lost either.
  metrics.count(decided_by("early"), verified());
  CHECK(value(metrics, decision("accept", "early")) == "1");
}

TEST_CASE("observe/metrics: kMaxRuleLabels rules have series of their own, the others are one", "[observe][metrics]") {
  Metrics metrics("1.2.3");
  constexpr std::size_t kActions = 5;
  // Those that are no own rules, but for "other" itself.
  const std::size_t built_in = series_of(metrics.text(), "assay_decisions_total") / kActions - 1;
  std::vector<std::string> names;
  for (std::size_t i = built_in; i < kMaxRuleLabels; ++i) {
    names.push_back("rule-" + std::to_string(i));
  }
  metrics.know_rules(names);
  CHECK(series_of(metrics.text(), "assay_decisions_total") == (kMaxRuleLabels + 1) * kActions);
  for (const std::string& name : names) {
    metrics.count(decided_by(name), verified());
    REQUIRE(value(metrics, decision("accept", name)) == "1");
  }
  CHECK(value(metrics, decision("accept", "other")) == "0");
  metrics.know_rules({"one-more"});
  metrics.count(decided_by("one-more"), verified());
  metrics.count(decided_by("and-another"), verified());
  CHECK(value(metrics, decision("accept", "other")) == "2");
  CHECK(value(metrics, decision("accept", "one-more")) == "absent");
  CHECK(series_of(metrics.text(), "assay_decisions_total") == (kMaxRuleLabels + 1) * kActions);
  CHECK(series_of(metrics.text(), "assay_would_decisions_total") == (kMaxRuleLabels + 1) * kActions);
}

TEST_CASE("observe/metrics: threads that count and rules that come do not disturb each other", "[observe][metrics]") {
  Metrics metrics("1.2.3");
  constexpr int kMessages = 2000;
  std::vector<std::thread> threads;
  for (int number = 0; number < 3; ++number) {
    threads.emplace_back([&metrics, name = "rule-" + std::to_string(number)] {
      for (int i = 0; i < kMessages; ++i) {
        metrics.count(decided_by(i % 2 == 0 ? name : "shared"), verified());
      }
    });
  }
  for (int i = 0; i < 100; ++i) {
    metrics.know_rules({"more-" + std::to_string(i)});
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(value(metrics, decision("accept", "rule-2")) == std::to_string(kMessages / 2));
  CHECK(value(metrics, decision("accept", "shared")) == std::to_string(3 * kMessages / 2));
  CHECK(value(metrics, "assay_messages_total{action=\"accept\"}") == std::to_string(3 * kMessages));
}

TEST_CASE("observe/metrics: DNS, queues and the configuration are those of the moment", "[observe][metrics]") {
  using std::chrono::milliseconds;
  Moment moment;
  moment.planner_queue = 4;
  moment.planner_dropped = 5;
  moment.configuration = "0123456789ab";
  moment.dns.questions = 10;
  moment.dns.cache_hits = 7;
  moment.dns.joined = 1;
  moment.dns.sent = 2;
  moment.dns.refused = 3;
  moment.dns.timeouts = 6;
  moment.dns.bogus = 8;
  moment.dns.fresh_starts = 13;
  moment.dns.in_flight = 9;
  moment.dns.held = 11;
  moment.dns.cache_entries = 12;
  moment.dns.cache_octets = 4096;
  moment.dns.failing_for = milliseconds(1500);
  moment.dns.times.add(milliseconds(1));
  moment.dns.times.add(std::chrono::microseconds(1001));
  moment.dns.times.add(milliseconds(10'001));
  const Metrics metrics("1.2.3", [&moment] { return moment; });
  CHECK(value(metrics, "assay_queue_depth{queue=\"planner\"}") == "4");
  CHECK(value(metrics, "assay_queue_depth{queue=\"dns\"}") == "11");
  CHECK(value(metrics, "assay_planner_dropped_total") == "5");
  CHECK(value(metrics, "assay_configuration_info{fingerprint=\"0123456789ab\"}") == "1");
  CHECK(value(metrics, "assay_dns_cache_hits_total") == "7");
  CHECK(value(metrics, "assay_dns_cache_misses_total") == "3");
  CHECK(value(metrics, "assay_dns_joined_total") == "1");
  CHECK(value(metrics, "assay_dns_sent_total") == "2");
  CHECK(value(metrics, "assay_dns_refused_total") == "3");
  CHECK(value(metrics, "assay_dns_fresh_starts_total") == "13");
  CHECK(value(metrics, "assay_dns_timeouts_total") == "6");
  CHECK(value(metrics, "assay_dns_answers_total{status=\"bogus\"}") == "8");
  CHECK(value(metrics, "assay_dns_questions_in_flight") == "9");
  CHECK(value(metrics, "assay_dns_cache_entries") == "12");
  CHECK(value(metrics, "assay_dns_cache_bytes") == "4096");
  CHECK(value(metrics, "assay_dns_failing_seconds") == "1.5");
  CHECK(value(metrics, "assay_dns_answer_seconds_bucket{le=\"0.001\"}") == "1");
  CHECK(value(metrics, "assay_dns_answer_seconds_bucket{le=\"0.002\"}") == "2");
  CHECK(value(metrics, "assay_dns_answer_seconds_bucket{le=\"10\"}") == "2");
  CHECK(value(metrics, "assay_dns_answer_seconds_bucket{le=\"+Inf\"}") == "3");
  CHECK(value(metrics, "assay_dns_answer_seconds_count") == "3");
}

TEST_CASE("observe/metrics: a reload counts by its outcome, and the last is told", "[observe][metrics]") {
  Metrics metrics("1.2.3");
  const auto is_last = [&metrics](const char* outcome) {
    for (const std::string other : {"done", "partly", "refused", "failed"}) {
      CHECK(value(metrics, "assay_last_reload{outcome=\"" + other + "\"}") == (other == outcome ? "1" : "0"));
    }
  };
  metrics.reloaded(assay::observe::Reload::Refused);
  is_last("refused");
  metrics.reloaded(assay::observe::Reload::Done);
  is_last("done");
  metrics.reloaded(assay::observe::Reload::Failed);
  metrics.reloaded(assay::observe::Reload::Partly);
  is_last("partly");
  metrics.reloaded(assay::observe::Reload::Refused);
  is_last("refused");
  CHECK(value(metrics, "assay_reloads_total{outcome=\"partly\"}") == "1");
  CHECK(value(metrics, "assay_reloads_total{outcome=\"done\"}") == "1");
  CHECK(value(metrics, "assay_reloads_total{outcome=\"refused\"}") == "2");
  CHECK(value(metrics, "assay_reloads_total{outcome=\"failed\"}") == "1");
}
