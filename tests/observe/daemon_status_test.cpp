#include "observe/daemon_status.h"

#include <nlohmann/json.hpp>

#include "tests/observe/sample.h"
#include "tests/support/catch.h"

namespace {

using namespace assay::observe;
using assay::Time;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Json = nlohmann::json;

DaemonStatus healthy() {
  DaemonStatus status;
  status.version = "1.2.3";
  status.pid = 77;
  status.since = Time(seconds(1'800'000'000));
  status.now = status.since + seconds(60);
  status.settings = "0123456789ab";
  status.messages_limit = 10;
  status.dns.since_success = milliseconds(20);
  status.dns.counters = {{"questions", 4}};
  return status;
}

}  // namespace

TEST_CASE("observe/daemon_status: what an administrator should look at", "[observe][control]") {
  DaemonStatus status = healthy();
  CHECK(problems_of(status).empty());
  SECTION("a reload in force is none") {
    status.reload = LastReload{status.now, Reload::Done, {}};
    CHECK(problems_of(status).empty());
  }
  SECTION("a reload that was refused, in whole or in part") {
    for (const Reload outcome : {Reload::Refused, Reload::Partly}) {
      status.reload = LastReload{status.now, outcome, {"assay.yaml:1:1: wrong", "another"}};
      REQUIRE(problems_of(status).size() == 1);
      CHECK(problems_of(status).front().find("assay.yaml:1:1: wrong") != std::string::npos);
    }
  }
  SECTION("a reload that broke off, for whose words there was no memory") {
    status.reload = LastReload{status.now, Reload::Failed, {}};
    CHECK(problems_of(status) ==
          std::vector<std::string>{
              "the last reload broke off, the log says why; configuration 0123456789ab is in force"});
  }
  SECTION("what the probe of readiness says") {
    status.unfit = "no DNS server has answered for 5 s";
    CHECK(problems_of(status) == std::vector<std::string>{status.unfit});
  }
  SECTION("as many messages as there may be") {
    status.in_flight = 9;
    CHECK(problems_of(status).empty());
    status.in_flight = 10;
    CHECK(problems_of(status).size() == 1);
  }
  SECTION("a log that loses lines now, not one that did") {
    status.lost_log_lines = 7;
    CHECK(problems_of(status).empty());
    status.loses_log_lines = true;
    REQUIRE(problems_of(status).size() == 1);
    CHECK(problems_of(status).front().find("log.target") != std::string::npos);
  }
}

TEST_CASE("observe/daemon_status: the answers are JSON with every octet escaped", "[observe][control][property]") {
  for (const std::string& odd : assay::test::odd_strings()) {
    DaemonStatus status = healthy();
    status.configuration = status.listen = status.log.target = odd;
    status.reload = LastReload{status.now, Reload::Refused, {odd}};
    ActivityReport activity;
    activity.rules.push_back({odd, {3, 2, 1}});
    activity.slow.push_back({{odd, assay::dns::Type::TXT}, assay::dns::Status::TempFail, milliseconds(200), 2});
    Refusal refusal;
    refusal.queue_id = refusal.rule = odd;
    activity.refusals.push_back(refusal);
    const std::string line = top_json(status, activity);
    const Json json = Json::parse(line);
    CHECK(line.find('\n') == std::string::npos);
    CHECK(json["rules"][0]["total"] == 3);
    CHECK(json["slow_dns"][0]["status"] == "tempfail");
    CHECK(json["refusals"].size() == 1);
    CHECK(json["reload"]["ok"] == false);
    CHECK_FALSE(Json::parse(status_json(status, activity)).contains("rules"));
  }
}

TEST_CASE("observe/daemon_status: kMaxToldProblems of a reload are told, more are counted",
          "[observe][control][bounds]") {
  for (const std::size_t more : {std::size_t{0}, std::size_t{1}}) {
    DaemonStatus status = healthy();
    status.reload = LastReload{status.now, Reload::Refused, std::vector<std::string>(kMaxToldProblems + more, "wrong")};
    const Json reload = Json::parse(status_json(status, {}))["reload"];
    CHECK(reload["problems"].size() == kMaxToldProblems);
    CHECK(reload["problems_omitted"] == more);
  }
}

TEST_CASE("observe/daemon_status: kMaxTopRows of a list are told", "[observe][control][bounds]") {
  for (const std::size_t count : {kMaxTopRows, kMaxTopRows + 1}) {
    ActivityReport activity;
    activity.rules.resize(count);
    activity.slow.resize(count);
    activity.refusals.resize(count);
    const Json json = Json::parse(top_json(healthy(), activity));
    CHECK(json["rules"].size() == kMaxTopRows);
    CHECK(json["slow_dns"].size() == kMaxTopRows);
    CHECK(json["refusals"].size() == kMaxTopRows);
  }
}
