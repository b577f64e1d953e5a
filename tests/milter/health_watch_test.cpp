#include "milter/health_watch.h"

#include <chrono>
#include <string>

#include "observe/log.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using namespace assay::milter;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// The log, while this lives, without the times.
class Log {
 public:
  Log() {
    std::string error;
    assay::observe::LogOptions options;
    options.target = folder_.path("log");
    REQUIRE(assay::observe::open_log(options, error));
  }
  ~Log() {
    std::string error;
    static_cast<void>(assay::observe::open_log({}, error));
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// What was logged since the last call.
  std::string news() {
    assay::observe::flush_log();
    const std::string text = assay::test::read_file(folder_.path("log")).substr(read_);
    read_ += text.size();
    return text.empty() ? text : text.substr(text.find(' ') + 1);
  }

 private:
  assay::test::TemporaryFolder folder_;
  std::size_t read_ = 0;
};

Health sound() {
  Health health;
  health.message_deadline = seconds(20);
  return health;
}

}  // namespace

TEST_CASE("milter/health_watch: the watchdog is fed while the daemon works, and no longer", "[milter]") {
  Log log;
  int fed = 0;
  HealthWatch watch([&fed] { ++fed; });
  watch.take(sound());
  CHECK(fed == 1);
  CHECK(log.news().empty());

  Health stuck = sound();
  stuck.dns.since_turn = milliseconds(5001);
  watch.take(stuck);
  CHECK(fed == 1);
  CHECK(log.news() == "error stuck: the DNS thread has stood still for 5 s; the watchdog is not fed\n");
  stuck.dns.since_turn = seconds(7);
  watch.take(stuck);
  CHECK(fed == 1);
  CHECK(log.news().empty());  // Told once.

  watch.take(sound());
  CHECK(fed == 2);
  CHECK(log.news() == "info works again, after the DNS thread has stood still for 5 s\n");
  watch.take(sound());
  CHECK(fed == 3);
  CHECK(log.news().empty());
}

TEST_CASE("milter/health_watch: without a watchdog the log tells all the same", "[milter]") {
  Log log;
  HealthWatch watch({});
  Health stuck = sound();
  stuck.oldest_callback = seconds(31);
  watch.take(stuck);
  CHECK(log.news() == "error stuck: a callback has run for 31 s, beyond dns.message_deadline and 10 s\n");
}

TEST_CASE("milter/health_watch: silent DNS is told once, and its end; the watchdog is fed", "[milter]") {
  Log log;
  int fed = 0;
  HealthWatch watch([&fed] { ++fed; });
  Health health = sound();
  health.dns.failing_for = milliseconds(6500);
  health.dns.since_failure = milliseconds(500);
  watch.take(health);
  CHECK(log.news() ==
        "warning dns: nothing but failures for 6 s; what needs a lookup is a temporary error until a server answers\n");
  watch.take(health);
  CHECK(log.news().empty());
  SECTION("a server answers") {
    Health answered = sound();
    answered.dns.since_success = milliseconds(20);
    watch.take(answered);
    CHECK(log.news() == "info dns: a server answers again\n");
  }
  SECTION("another resolver knows of no failure, and of no answer") {
    watch.take(sound());
    CHECK(log.news() == "info dns: a reload made the resolver anew, which has not failed yet\n");
  }
  SECTION("nobody asks any more") {
    health.dns.failing_for = seconds(90);
    health.dns.since_failure = seconds(61);
    watch.take(health);
    CHECK(log.news() == "info dns: nothing was asked for a minute\n");
  }
  CHECK(fed == 3);
}

TEST_CASE("milter/health_watch: four looks fit into the time of the watchdog, once a second at least", "[milter]") {
  CHECK(look_interval(std::nullopt) == seconds(1));
  CHECK(look_interval(seconds(30)) == seconds(1));
  CHECK(look_interval(seconds(4)) == seconds(1));
  CHECK(look_interval(microseconds(3'999'996)) == microseconds(999'999));
  CHECK(look_interval(seconds(2)) == milliseconds(500));
  // However little was asked for.
  CHECK(look_interval(milliseconds(40)) == milliseconds(10));
  CHECK(look_interval(microseconds(1)) == milliseconds(10));
}
