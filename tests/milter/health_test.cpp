#include "milter/health.h"

#include <chrono>
#include <memory>
#include <string>

#include "observe/log.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace assay::milter;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr milliseconds kOne{1};

Health sound() {
  Health health;
  health.message_deadline = seconds(20);
  return health;
}

}  // namespace

TEST_CASE("milter/health: a sound daemon is neither stuck nor unready", "[milter]") {
  CHECK(why_stuck(sound()).empty());
  CHECK(why_not_ready(sound()).empty());
}

TEST_CASE("milter/health: the DNS thread may take five seconds for a turn, not more", "[milter]") {
  Health health = sound();
  health.dns.since_turn = seconds(5);
  CHECK(why_stuck(health).empty());
  health.dns.since_turn += kOne;
  CHECK(why_stuck(health) == "the DNS thread has stood still for 5 s");
  CHECK(why_not_ready(health) == why_stuck(health));
}

TEST_CASE("milter/health: a callback may take ten seconds beyond the message deadline, not more", "[milter]") {
  Health health = sound();
  health.oldest_callback = seconds(30);
  CHECK(why_stuck(health).empty());
  health.oldest_callback += kOne;
  CHECK(why_stuck(health) == "a callback has run for 30 s, beyond dns.message_deadline and 10 s");
  CHECK(why_not_ready(health) == why_stuck(health));
  health.message_deadline += kOne;
  CHECK(why_stuck(health).empty());
}

TEST_CASE("milter/health: DNS is silent when nothing but failures came for five seconds", "[milter]") {
  Health health = sound();
  SECTION("without failures it is not, however long ago the last answer was") {
    health.dns.since_success = std::chrono::hours(1);
    CHECK_FALSE(is_dns_silent(health.dns));
  }
  SECTION("nor after those of one moment, such as of one message, however long ago") {
    health.dns.failing_for = seconds(50);
    health.dns.since_failure = seconds(45) + kOne;
    CHECK_FALSE(is_dns_silent(health.dns));
    CHECK(why_not_ready(health).empty());
    health.dns.since_failure = seconds(45);
    CHECK(is_dns_silent(health.dns));
    CHECK(why_not_ready(health) == "no DNS server has answered for 50 s");
    health.has_other_servers = true;
    CHECK(why_not_ready(health) ==
          "no DNS server has answered for 50 s; resolv.conf has changed since: reload assayd, which asks the old "
          "servers");
  }
  SECTION("nor when the last failure is too long ago to tell of now") {
    health.dns.failing_for = seconds(600);
    health.dns.since_failure = seconds(60);
    CHECK(is_dns_silent(health.dns));
    *health.dns.since_failure += kOne;
    CHECK_FALSE(is_dns_silent(health.dns));
  }
  SECTION("a restart would not help") {
    health.dns.failing_for = seconds(600);
    health.dns.since_failure = seconds(0);
    CHECK(why_stuck(health).empty());
  }
}

TEST_CASE("milter/health: a daemon that drains is not ready, but not stuck", "[milter]") {
  Health health = sound();
  health.is_draining = true;
  CHECK(why_not_ready(health) == "draining");
  CHECK(why_stuck(health).empty());
}

TEST_CASE("milter/callback_ages: the oldest callback that runs counts", "[milter]") {
  CallbackAges ages;
  const auto start = CallbackAges::Clock::now();
  CHECK(ages.oldest(start) == milliseconds(0));
  CallbackAges::Connection idle(ages);
  CHECK(ages.oldest(start + seconds(9)) == milliseconds(0));
  {
    CallbackAges::Connection first(ages);
    CallbackAges::Connection second(ages);
    CallbackAges::Connection third(ages);
    second.enter(start);
    first.enter(start + seconds(1));
    third.enter(start + seconds(2));
    CHECK(ages.oldest(start + seconds(9)) == seconds(9));
    second.leave();
    CHECK(ages.oldest(start + seconds(9)) == seconds(8));
    // It waited for the MTA.
    first.leave();
    first.enter(start + seconds(8));
    CHECK(ages.oldest(start + seconds(9)) == seconds(7));
  }
  CHECK(ages.oldest(start + seconds(9)) == milliseconds(0));
}

TEST_CASE("milter/callback_ages: a connection that goes in the midst of a callback is forgotten", "[milter]") {
  CallbackAges ages;
  const auto start = CallbackAges::Clock::now();
  auto middle = std::make_unique<CallbackAges::Connection>(ages);
  auto last = std::make_unique<CallbackAges::Connection>(ages);
  auto first = std::make_unique<CallbackAges::Connection>(ages);
  for (auto* connection : {&middle, &last, &first}) {
    (*connection)->enter(start);
  }
  middle.reset();
  CHECK(ages.oldest(start + kOne) == kOne);
  last.reset();
  CHECK(ages.oldest(start + kOne) == kOne);
  first.reset();
  CHECK(ages.oldest(start + kOne) == milliseconds(0));
}

TEST_CASE("milter/health: a reload that shortens the message deadline takes nothing from messages in flight",
          "[milter]") {
  const assay::test::TemporaryFolder folder;
  const auto deadline = [&folder](const std::string& value) {
    return folder.write("assay.yaml", "dns: {message_deadline: " + value + "}\n");
  };
  RuntimeSource source(deadline("40s"), Overrides{{}, {folder.write("zone", "example.com. 1 IN A 192.0.2.1\n")}},
                       "host.example.net");
  REQUIRE(source.load().empty());
  Gate gate;
  CallbackAges ages;
  const HealthSource health(source, gate, ages);
  CHECK(health.look().message_deadline == seconds(40));
  CHECK_FALSE(health.look().is_draining);
  static_cast<void>(deadline("2s"));
  REQUIRE(source.load().empty());
  CHECK(health.look().message_deadline == seconds(40));
  static_cast<void>(deadline("60s"));
  REQUIRE(source.load().empty());
  CHECK(health.look().message_deadline == seconds(60));
  CallbackAges::Connection connection(ages);
  connection.enter(CallbackAges::Clock::now() - seconds(3));
  CHECK(health.look().oldest_callback >= seconds(3));
  gate.close();
  CHECK(health.look().is_draining);
}

TEST_CASE("milter/health: a line of the log that is lost is told for a minute, what was lost before is not",
          "[milter]") {
  const assay::test::TemporaryFolder folder;
  RuntimeSource source(folder.write("assay.yaml", "dns: {zones: []}\n"), Overrides(), "host.example.net");
  REQUIRE(source.load().empty());
  const Gate gate;
  const CallbackAges ages;
  const HealthSource health(source, gate, ages);
  CHECK_FALSE(health.look().loses_log_lines);
  std::string error;
  REQUIRE(assay::observe::open_log({false, "info", "/dev/full"}, error));
  assay::observe::log_info("lost");
  assay::observe::flush_log();
  CHECK(health.look().loses_log_lines);
  CHECK(health.look().loses_log_lines);
  REQUIRE(assay::observe::open_log({}, error));
}
