#include "policy/own_rules.h"

#include <string>
#include <vector>

#include "policy/decide.h"
#include "policy/recipients.h"
#include "tests/policy/authors.h"
#include "tests/policy/conditions.h"
#include "tests/support/catch.h"

namespace assay::policy {
namespace {

using dmarc::Status;
using test::all;
using test::any;
using test::author;
using test::is;
using test::none;
using test::rule;

/// A message of example.com whose DMARC check fails under p=reject, and that nothing excuses.
struct Scene {
  Verdict verdict;
  Facts facts;
  Rules rules;
  Time now{};

  Scene() {
    verdict.dmarc = author("example.com", Status::Fail, dmarc::Policy::Reject);
    facts.client_ip = IpAddress::parse("192.0.2.7").value();
  }

  [[nodiscard]] Decision decision() const { return decide(verdict, facts, rules, now); }
  /// "reject policy.published.reject"
  [[nodiscard]] std::string told() const {
    const Decision made = decision();
    return to_string(made.action) + (" " + made.rule);
  }
};

/// Conditions that always hold, never, and for a message whose SPF check failed temporarily neither.
const Condition kYes = all({});
const Condition kNo = any({});
const Condition kOpen = is(Fact::Spf, "pass");
const Condition kPartner = is(Fact::ClientIp, "192.0.2.0/24");

void fail_spf(Scene& scene) {
  scene.verdict.spf_mail_from.status = spf::Status::TempError;
}

}  // namespace

TEST_CASE("policy/rules: the first that matches decides, before the published policy", "[policy][rules]") {
  Scene scene;
  scene.rules.own = {rule("a", kNo, Action::Discard), rule("b", kPartner, Action::Accept),
                     rule("c", kYes, Action::TempFail)};
  CHECK(scene.told() == "accept b");
  scene.facts.client_ip = IpAddress::parse("198.51.100.1").value();
  CHECK(scene.told() == "tempfail c");
  scene.rules.own.pop_back();
  CHECK(scene.told() == "reject policy.published.reject");
}

TEST_CASE("policy/rules: local mail and exceeded bounds come before, a bad From after", "[policy][rules]") {
  Scene scene;
  scene.rules.own = {rule("all", kYes, Action::Quarantine)};
  scene.facts.local = true;
  CHECK(scene.told() == "accept local");
  scene.facts.local = false;
  scene.verdict.exceeded = Bound::HeaderOctets;
  CHECK(scene.told() == "reject limits.exceeded");
  scene.verdict.exceeded.reset();
  scene.verdict.dmarc = {};
  scene.verdict.dmarc.status = Status::PermError;
  scene.verdict.dmarc.reason = dmarc::Reason::FromMissing;
  CHECK(scene.told() == "quarantine all");
}

TEST_CASE("policy/rules: an observed rule is recorded and changes nothing", "[policy][rules][observe]") {
  Scene scene;
  scene.rules.own = {rule("watched", kYes, Action::Quarantine), rule("later", kYes, Action::Accept)};
  for (Rule& own : scene.rules.own) {
    own.observe = true;
  }
  const Decision decision = scene.decision();
  CHECK(decision.action == Action::Reject);
  CHECK(decision.rule == "policy.published.reject");
  CHECK(decision.would == Action::Quarantine);
  CHECK(decision.would_rule == "watched");
  CHECK(decision.observed == std::vector<Observed>{{"watched", Action::Quarantine}, {"later", Action::Accept}});
  CHECK_FALSE(decision.quarantine);

  SECTION("would is silent where it makes no difference") {
    scene.rules.own.front().then.action = Action::Reject;
    CHECK_FALSE(scene.decision().would);
    CHECK(scene.decision().would_rule.empty());
  }
  SECTION("one that continues would do nothing to the message, and does not even record its tag") {
    scene.rules.own.front().then.action.reset();
    scene.rules.own.front().then.tag = "tag";
    CHECK(scene.decision().tags.empty());
    CHECK(scene.decision().observed == std::vector<Observed>{{"later", Action::Accept}});
    CHECK(scene.decision().would == Action::Accept);
    CHECK(scene.decision().would_rule == "later");
  }
  SECTION("one after the rule that decides is not reached") {
    scene.rules.own.front().observe = false;
    CHECK(scene.decision().observed.empty());
    CHECK_FALSE(scene.decision().would);
  }
}

TEST_CASE("policy/rules: an observed rule that matches some authors would give way to what is harsher",
          "[policy][rules][observe][authors]") {
  Scene scene;
  scene.verdict.other_authors = {author("partner.example", Status::None)};
  scene.rules.own = {rule("watched", is(Fact::FromDomain, "partner.example"), Action::Quarantine)};
  scene.rules.own.front().observe = true;
  // In force: reject policy.published.reject, as the test of several authors says.
  Decision decision = scene.decision();
  CHECK(decision.action == Action::Reject);
  CHECK_FALSE(decision.would);
  CHECK(decision.observed == std::vector<Observed>{{"watched", Action::Reject}});

  scene.verdict.dmarc.policy = dmarc::Policy::None;
  decision = scene.decision();
  CHECK(decision.action == Action::Accept);
  CHECK(decision.would == Action::Quarantine);
  CHECK(decision.would_rule == "watched");
  CHECK(decision.observed == std::vector<Observed>{{"watched", Action::Quarantine}});

  SECTION("what follows may be another rule") {
    scene.rules.own.push_back(rule("later", kYes, Action::Discard));
    decision = scene.decision();
    CHECK(decision.rule == "later");
    CHECK_FALSE(decision.would);
    CHECK(decision.observed == std::vector<Observed>{{"watched", Action::Discard}});
  }
}

TEST_CASE("policy/rules: unproven is told of a rule that accepts and lacks a proof, and of no other",
          "[policy][rules]") {
  Scene scene;
  scene.rules.own = {rule("open", is(Fact::FromDomain, "example.com"), Action::Accept)};
  scene.rules.own.front().unproven = true;
  CHECK(scene.decision().rule == "open");
  CHECK(scene.decision().unproven);
  scene.rules.own.front().then.action = Action::Reject;
  CHECK(scene.decision().rule == "open");
  CHECK_FALSE(scene.decision().unproven);
  scene.rules.own.front().then.action = Action::Accept;
  scene.rules.own.front().when = kPartner;
  CHECK(scene.decision().rule == "open");
  CHECK_FALSE(scene.decision().unproven);
}

TEST_CASE("policy/rules: continue records its tag once, adds its field, and goes on", "[policy][rules]") {
  Scene scene;
  Rule tagging = rule("tagging", kYes, std::nullopt);
  tagging.then.tag = "partner";
  Rule again = tagging;
  again.name = "again";
  again.then.header = HeaderField{"X-Partner", "yes"};
  Rule other = tagging;
  other.name = "other";
  other.then.tag = "other";
  Rule after = tagging;
  after.name = "after";
  after.then.tag = "after";
  scene.rules.own = {tagging, again, other, rule("in", kPartner, Action::Accept), after};
  const Decision decision = scene.decision();
  CHECK(decision.rule == "in");
  CHECK(decision.tags == std::vector<std::string>{"partner", "other"});
  CHECK(decision.headers == std::vector<HeaderField>{{"X-Partner", "yes"}});
  SECTION("add_header accepts with its field") {
    scene.rules.own[3].then.header = HeaderField{"X-Rule", "in"};
    CHECK(scene.decision().headers == std::vector<HeaderField>{{"X-Partner", "yes"}, {"X-Rule", "in"}});
  }
  SECTION("a message that is not passed on gets no field") {
    scene.rules.own[3].then.action = Action::Reject;
    CHECK(scene.decision().headers.empty());
    CHECK(scene.decision().tags == decision.tags);
  }
}

TEST_CASE("policy/rules: a rule counts until the second at which it expires", "[policy][rules]") {
  Scene scene;
  scene.rules.own = {rule("until", kPartner, Action::Accept)};
  const Time end{std::chrono::seconds(1'798'761'600)};  // 2027-01-01T00:00:00Z
  scene.rules.own.front().expires = end;
  scene.now = end - std::chrono::seconds(1);
  CHECK(scene.told() == "accept until");
  scene.now = end;
  CHECK(scene.told() == "reject policy.published.reject");
}

TEST_CASE("policy/rules: of several authors an accepting rule needs all, any other one", "[policy][rules][authors]") {
  Scene scene;
  scene.verdict.other_authors = {author("partner.example", Status::None)};
  const Condition partner = is(Fact::FromDomain, "partner.example");
  SECTION("accept for one author does not let the other in") {
    scene.rules.own = {rule("partner", all({partner, kPartner}), Action::Accept)};
    CHECK(scene.told() == "reject policy.published.reject");
    // Nor does it count where nothing stands against the other: a field of it would vouch for that one, too.
    scene.verdict.dmarc.status = Status::Pass;
    CHECK(scene.told() == "accept default");
    scene.verdict.dmarc.status = Status::Fail;
    scene.rules.own = {
        rule("both", is(Fact::FromDomain, std::vector<std::string>{"partner.example", "example.com"}), Action::Accept)};
    CHECK(scene.told() == "accept both");
  }
  SECTION("refusing one refuses the message") {
    scene.verdict.dmarc = author("example.com", Status::Pass);
    scene.rules.own = {rule("partner", partner, Action::Reject)};
    CHECK(scene.told() == "reject partner");
  }
  SECTION("quarantine for one is no mildness for the other") {
    scene.rules.own = {rule("partner", partner, Action::Quarantine)};
    CHECK(scene.told() == "reject policy.published.reject");
    scene.verdict.dmarc.policy = dmarc::Policy::None;
    CHECK(scene.told() == "quarantine partner");
    scene.verdict.dmarc.policy = dmarc::Policy::Reject;
    scene.rules.own.front().when = kYes;
    CHECK(scene.told() == "quarantine partner");
  }
  SECTION("what a rule found that is overruled does not count, and the other way round") {
    Rule tagging = rule("tagging", kYes, std::nullopt);
    tagging.then.tag = "late";
    scene.rules.own = {rule("partner", partner, Action::Discard), tagging};
    CHECK(scene.told() == "discard partner");
    CHECK(scene.decision().tags.empty());
    scene.rules.own.front().then.action = Action::Quarantine;
    CHECK(scene.decision().tags == std::vector<std::string>{"late"});
  }
}

TEST_CASE("policy/rules: a rule left unknown by a check that failed temporarily", "[policy][rules][undecided]") {
  Scene scene;
  fail_spf(scene);
  scene.rules.own = {rule("open", kOpen, Action::Accept)};
  const std::vector<std::string> open{"open"};

  SECTION("milder than a refusal: deferred, whatever temperror says") {
    CHECK(scene.told() == "tempfail open");
    CHECK(scene.decision().undecided == open);
    REQUIRE(scene.decision().reply);
    CHECK(scene.decision().reply->code == 451);
    CHECK(scene.decision().reply->text == "A check that rule open needs failed for now, try again later");
  }
  SECTION("the same as what follows: that") {
    scene.rules.own.front().then.action = Action::Reject;
    CHECK(scene.told() == "reject policy.published.reject");
    CHECK(scene.decision().undecided == open);
    scene.rules.temperror = Action::TempFail;
    CHECK(scene.told() == "reject policy.published.reject");
  }
  SECTION("harsher than what follows: that, unless temperror is tempfail") {
    scene.verdict.dmarc = author("example.com", Status::Pass);
    scene.rules.own.front().then.action = Action::Reject;
    CHECK(scene.told() == "accept default");
    CHECK(scene.decision().undecided == open);
    scene.rules.temperror = Action::TempFail;
    CHECK(scene.told() == "tempfail open");
  }
  SECTION("milder than quarantine: quarantine, unless that refuses") {
    scene.rules.published.reject = Action::Quarantine;
    CHECK(scene.told() == "quarantine policy.published.reject");
    scene.rules.quarantine.how = QuarantineHow::Reject;
    CHECK(scene.told() == "tempfail open");
  }
  SECTION("milder than discard: deferred") {
    scene.rules.published.reject = Action::Discard;
    CHECK(scene.told() == "tempfail open");
  }
  SECTION("a later rule is what follows") {
    scene.rules.own.push_back(rule("next", kYes, Action::Accept));
    CHECK(scene.told() == "accept next");
    CHECK(scene.decision().undecided == open);
  }
  SECTION("observed and continuing rules do nothing") {
    scene.rules.temperror = Action::TempFail;
    scene.rules.own.front().observe = true;
    CHECK(scene.told() == "reject policy.published.reject");
    CHECK(scene.decision().observed.empty());
    CHECK(scene.decision().undecided == open);
    scene.rules.own.front().observe = false;
    scene.rules.own.front().then = {};
    scene.rules.own.front().then.action.reset();
    scene.rules.own.front().then.tag = "tag";
    CHECK(scene.told() == "reject policy.published.reject");
    CHECK(scene.decision().tags.empty());
  }
  SECTION("what does not hang on it is decided") {
    scene.rules.own = {rule("not", all({kOpen, kNo}), Action::Accept), rule("is", any({kOpen, kYes}), Action::Accept)};
    CHECK(scene.told() == "accept is");
    CHECK(scene.decision().undecided.empty());
  }
  SECTION("not unknown is unknown") {
    scene.rules.own = {rule("open", none(kOpen), Action::Accept)};
    CHECK(scene.told() == "tempfail open");
  }
}

TEST_CASE("policy/rules: an unknown rule is compared with the rest by severity and form, not by the action's name",
          "[policy][rules][undecided]") {
  Scene scene;
  fail_spf(scene);
  const auto quarantine = [](const char* name, Condition when, QuarantineHow how) {
    Rule made = rule(name, std::move(when), Action::Quarantine);
    made.then.quarantine = Quarantine{};
    made.then.quarantine->how = how;
    return made;
  };
  SECTION("refusing as quarantine, and the rest marks: under tempfail the outage must not let it in") {
    scene.rules.own = {quarantine("open", kOpen, QuarantineHow::Reject),
                       quarantine("mark", kYes, QuarantineHow::Header)};
    CHECK(scene.told() == "quarantine mark");
    scene.rules.temperror = Action::TempFail;
    CHECK(scene.told() == "tempfail open");
  }
  SECTION("marking, and the rest refuses as quarantine: the outage must not refuse it for good") {
    scene.rules.own = {quarantine("open", kOpen, QuarantineHow::Header),
                       quarantine("refuse", kYes, QuarantineHow::Reject)};
    CHECK(scene.told() == "tempfail open");
  }
  SECTION("two forms that both take the message differ, but neither keeps it out") {
    scene.rules.own = {quarantine("open", kOpen, QuarantineHow::Hold), quarantine("mark", kYes, QuarantineHow::Header)};
    CHECK(scene.told() == "quarantine mark");
    scene.rules.temperror = Action::TempFail;
    CHECK(scene.told() == "tempfail open");
    scene.rules.own.front().then.quarantine->how = QuarantineHow::Header;
    CHECK(scene.told() == "quarantine mark");
  }
  SECTION("a refusal is a refusal, whatever it is called") {
    scene.rules.temperror = Action::TempFail;
    scene.rules.own = {rule("open", kOpen, Action::Reject), quarantine("refuse", kYes, QuarantineHow::Reject)};
    CHECK(scene.told() == "quarantine refuse");
    CHECK(scene.decision().undecided == std::vector<std::string>{"open"});
  }
}

TEST_CASE("policy/rules: recipients who fare differently", "[policy][rules][recipients]") {
  Scene scene;
  scene.rules.own = {rule("abuse", is(Fact::Rcpt, "abuse@example.net"), Action::Accept),
                     rule("strict", is(Fact::RcptDomain, "strict.example"), Action::Discard)};
  scene.facts.rcpt = {"abuse@example.net"};
  CHECK(scene.told() == "accept abuse");
  CHECK_FALSE(scene.decision().mixed_recipients);

  scene.facts.rcpt = {"joe@example.net", "abuse@example.net", "Abuse@example.net"};
  CHECK(scene.told() == "reject policy.published.reject");
  CHECK(scene.decision().mixed_recipients);
  scene.rules.mixed_recipients = MixedRecipients::MostLenient;
  CHECK(scene.told() == "accept abuse");
  CHECK(scene.decision().mixed_recipients);

  scene.facts.rcpt.emplace_back("ann@strict.example");
  CHECK(scene.told() == "accept abuse");
  scene.rules.mixed_recipients = MixedRecipients::Strictest;
  CHECK(scene.told() == "discard strict");

  scene.facts.rcpt = {"joe@example.net", "ann@example.net"};
  CHECK(scene.told() == "reject policy.published.reject");
  CHECK_FALSE(scene.decision().mixed_recipients);
  scene.facts.rcpt.clear();
  CHECK(scene.told() == "reject policy.published.reject");
}

TEST_CASE("policy/rules: recipients are told apart by what rules ask of them alone", "[policy][rules][recipients]") {
  std::vector<std::string> many;
  for (int i = 0; i < 10'000; ++i) {
    many.push_back("user" + std::to_string(i) + (i % 2 == 0 ? "@example.net" : "@example.org"));
  }
  Rules rules;
  CHECK(find_classes(many, rules, Time{}).size() == 1);
  rules.own = {rule("net", is(Fact::RcptDomain, "example.net"), Action::Reject),
               rule("one", none(is(Fact::Rcpt, "user7@example.org")), Action::Accept),
               rule("past", is(Fact::Rcpt, "user8@example.net"), Action::Accept)};
  rules.own.back().expires = Time{};
  CHECK(find_classes(many, rules, Time{}) ==
        std::vector<std::string_view>{"user0@example.net", "user1@example.org", "user7@example.org"});
  CHECK(find_classes({}, rules, Time{}).empty());
  CHECK(find_classes({"a@example.net"}, rules, Time{}).size() == 1);
}

TEST_CASE("policy/rules: tags and fields are those of the recipient that decides", "[policy][rules][recipients]") {
  Scene scene;
  Rule tagging = rule("tagging", is(Fact::Rcpt, "abuse@example.net"), std::nullopt);
  tagging.then.tag = "abuse";
  scene.rules.own = {tagging, rule("abuse", is(Fact::Rcpt, "abuse@example.net"), Action::Accept)};
  scene.facts.rcpt = {"joe@example.net", "abuse@example.net"};
  CHECK(scene.decision().tags.empty());
  scene.rules.mixed_recipients = MixedRecipients::MostLenient;
  CHECK(scene.decision().tags == std::vector<std::string>{"abuse"});
}

TEST_CASE("policy/rules: monitor mode does nothing and says what would be done", "[policy][rules]") {
  Scene scene;
  Rule marked = rule("marked", kPartner, Action::Accept);
  marked.then.header = HeaderField{"X-Rule", "marked"};
  Rule tagging = rule("tagging", kYes, std::nullopt);
  tagging.then.tag = "tag";
  tagging.then.header = HeaderField{"X-Tag", "tag"};
  Rule watched = rule("watched", kYes, Action::Discard);
  watched.observe = true;
  scene.rules.own = {watched, tagging, marked};
  scene.rules.mode = Mode::Monitor;
  Decision decision = scene.decision();
  CHECK(decision.action == Action::Accept);
  CHECK(decision.rule == "marked");
  CHECK_FALSE(decision.would);
  CHECK(decision.headers.empty());
  CHECK(decision.tags == std::vector<std::string>{"tag"});
  CHECK(decision.observed == std::vector<Observed>{{"watched", Action::Discard}});

  scene.rules.own.back().then.action = Action::Quarantine;
  decision = scene.decision();
  CHECK(decision.action == Action::Accept);
  CHECK(decision.would == Action::Quarantine);
  CHECK(decision.would_rule == "marked");
  CHECK_FALSE(decision.quarantine);
}

}  // namespace assay::policy
