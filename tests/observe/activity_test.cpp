#include "observe/activity.h"

#include <chrono>

#include "tests/observe/sample.h"
#include "tests/support/catch.h"

namespace {

using namespace assay::observe;
using assay::Time;
using assay::policy::Action;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Time kStart{seconds(1'800'000'000)};

Record message(Time time, Action action = Action::Accept, const std::string& rule = "default") {
  Record record = assay::test::sample_record();
  record.time = time;
  record.facts.local = false;
  record.decision.action = action;
  record.decision.rule = rule;
  record.decision.would.reset();
  return record;
}

assay::dns::Timed slow(const std::string& name, int took) {
  return {{name, assay::dns::Type::TXT}, assay::dns::Status::Found, milliseconds(took)};
}

/// Decided in the second in which it ended.
void note(Activity& activity, const Record& record, const std::vector<assay::dns::Timed>& slow = {}) {
  activity.note(record, slow, record.time);
}

}  // namespace

TEST_CASE("observe/recent_count: windows end with the second that is asked about", "[observe][activity]") {
  RecentCount count;
  count.add(kStart);
  count.add(kStart);
  count.add(kStart + seconds(5));
  CHECK(count.within(seconds(1), kStart) == 2);
  CHECK(count.within(seconds(1), kStart + seconds(1)) == 0);
  CHECK(count.within(seconds(5), kStart + seconds(5)) == 1);
  CHECK(count.within(seconds(6), kStart + seconds(5)) == 3);
  CHECK(count.within(seconds(60), kStart + seconds(59)) == 3);
  CHECK(count.within(seconds(60), kStart + seconds(60)) == 1);
  CHECK(count.within(seconds(60), kStart + seconds(65)) == 0);
  SECTION("a second of the next minute takes the place of one of this") {
    count.add(kStart + seconds(60));
    CHECK(count.within(seconds(60), kStart + seconds(60)) == 2);
  }
  SECTION("a clock that is set back counts on") {
    count.add(kStart - seconds(1));
    CHECK(count.within(seconds(10), kStart - seconds(1)) == 1);
  }
}

TEST_CASE("observe/activity: messages are counted by what was done, by result and by rule", "[observe][activity]") {
  Activity activity;
  note(activity, message(kStart));
  note(activity, message(kStart + seconds(30), Action::Reject, "strict"));
  Record local = message(kStart + seconds(31));
  local.facts.local = true;
  note(activity, local);
  Record monitored = message(kStart + seconds(31), Action::Accept, "published.reject");
  monitored.decision.would = Action::Reject;
  note(activity, monitored);

  const ActivityReport report = activity.report(kStart + seconds(31));
  const Count& accepted = report.actions.at(static_cast<std::size_t>(Action::Accept));
  CHECK(accepted.total == 3);
  CHECK(accepted.ten_seconds == 2);
  CHECK(accepted.minute == 3);
  CHECK(report.actions.at(static_cast<std::size_t>(Action::Reject)).total == 1);
  CHECK(report.would.at(static_cast<std::size_t>(Action::Reject)).total == 1);
  CHECK(report.local == 1);
  std::uint64_t verified = 0;
  for (const Count& count : report.dmarc) {
    verified += count.total;
  }
  CHECK(verified == 3);
  REQUIRE(report.rules.size() == 3);
  CHECK(report.rules[0].rule == "default");
  CHECK(report.rules[0].count.total == 2);
}

TEST_CASE("observe/activity: the busiest rule of the last minute comes first", "[observe][activity]") {
  Activity activity;
  for (int i = 0; i < 5; ++i) {
    note(activity, message(kStart, Action::Accept, "old"));
  }
  note(activity, message(kStart + seconds(100), Action::Accept, "new"));
  const ActivityReport report = activity.report(kStart + seconds(100));
  REQUIRE(report.rules.size() == 2);
  CHECK(report.rules[0].rule == "new");
  CHECK(report.rules[1].count.total == 5);
  CHECK(report.rules[1].count.minute == 0);
}

TEST_CASE("observe/activity: kMaxRulesCounted rules are told apart, one more is counted with the rest",
          "[observe][activity][bounds]") {
  Activity activity;
  for (std::size_t i = 0; i <= kMaxRulesCounted; ++i) {
    CHECK(activity.report(kStart).rules_omitted == 0);
    note(activity, message(kStart, Action::Accept, "rule" + std::to_string(i)));
  }
  note(activity, message(kStart, Action::Accept, "rule0"));
  const ActivityReport report = activity.report(kStart);
  CHECK(report.rules.size() == kMaxRulesCounted);
  CHECK(report.rules_omitted == 1);
  CHECK(report.rules[0].rule == "rule0");
  CHECK(report.rules[0].count.total == 2);
}

TEST_CASE("observe/activity: the last kMaxRefusals messages that did not pass are remembered, the newest first",
          "[observe][activity][bounds]") {
  Activity activity;
  note(activity, message(kStart));
  for (std::size_t i = 0; i <= kMaxRefusals; ++i) {
    CHECK(activity.report(kStart).refusals.size() == i);
    Record record = message(kStart + seconds(i), Action::Reject, "published.reject");
    record.facts.queue_id = "Q" + std::to_string(i);
    note(activity, record);
    if (i + 1 == kMaxRefusals) {
      CHECK(activity.report(kStart).refusals.back().queue_id == "Q0");
    }
  }
  const ActivityReport report = activity.report(kStart);
  REQUIRE(report.refusals.size() == kMaxRefusals);
  CHECK(report.refusals.front().queue_id == "Q" + std::to_string(kMaxRefusals));
  CHECK(report.refusals.back().queue_id == "Q1");
  CHECK(report.refusals.front().client == "192.0.2.1");
  CHECK(report.refusals.front().rule == "published.reject");
}

TEST_CASE("observe/activity: a message that waited for DNS counts when it is decided", "[observe][activity]") {
  Activity activity;
  // Two ended at once, while DNS was silent: one waited for 15 seconds, one for two minutes. A third one came later.
  activity.note(message(kStart), {}, kStart + seconds(15));
  CHECK(activity.report(kStart + seconds(15)).actions.front().ten_seconds == 1);
  note(activity, message(kStart + seconds(120)));
  activity.note(message(kStart), {slow("a.example", 300)}, kStart + seconds(120));
  const ActivityReport report = activity.report(kStart + seconds(120));
  CHECK(report.actions.front().ten_seconds == 2);
  CHECK(report.actions.front().minute == 2);
  CHECK(report.actions.front().total == 3);
  CHECK(report.rules.front().count.ten_seconds == 2);
  CHECK(activity.report(kStart + seconds(119) + kSlowMemory).slow.size() == 1);
}

TEST_CASE("observe/activity: slow names are told with their longest answer, and forgotten after kSlowMemory",
          "[observe][activity]") {
  Activity activity;
  note(activity, message(kStart), {slow("a.example", 300), slow("b.example", 200)});
  note(activity, message(kStart + seconds(1)), {slow("b.example", 900)});
  const ActivityReport report = activity.report(kStart + seconds(1));
  REQUIRE(report.slow.size() == 2);
  CHECK(report.slow[0].question.name == "b.example");
  CHECK(report.slow[0].longest == milliseconds(900));
  CHECK(report.slow[0].times == 2);
  CHECK(report.slow[1].question.name == "a.example");
  CHECK(activity.report(kStart + kSlowMemory - seconds(1)).slow.size() == 2);
  CHECK(activity.report(kStart + kSlowMemory).slow.size() == 1);
  CHECK(activity.report(kStart + kSlowMemory + seconds(1)).slow.empty());
}

TEST_CASE("observe/activity: kMaxSlowAnswers are remembered, of one message kMaxSlowOfMessage",
          "[observe][activity][bounds]") {
  Activity activity;
  std::vector<assay::dns::Timed> many;
  for (std::size_t i = 0; i <= kMaxSlowOfMessage; ++i) {
    many.push_back(slow("name" + std::to_string(i) + ".example", 500));
  }
  note(activity, message(kStart), many);
  CHECK(activity.report(kStart).slow.size() == kMaxSlowOfMessage);
  Activity full;
  for (std::size_t i = 0; i <= kMaxSlowAnswers; ++i) {
    CHECK(full.report(kStart).slow.size() == std::min(i, kMaxSlowAnswers));
    note(full, message(kStart), {slow("name" + std::to_string(i) + ".example", 500)});
  }
  CHECK(full.report(kStart).slow.size() == kMaxSlowAnswers);
}
