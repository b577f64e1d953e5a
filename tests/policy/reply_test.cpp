#include "policy/reply.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "policy/decide.h"
#include "tests/policy/authors.h"
#include "tests/policy/conditions.h"
#include "tests/support/catch.h"

namespace assay::policy {
namespace {

using dmarc::Status;
using test::all;
using test::author;
using test::is;
using test::rule;

constexpr std::size_t kMaxOctets = 400;

/// "550 5.7.1 text" of a message that the rule refuses.
std::string reply_to(const Verdict& verdict, const Rule& refusing) {
  Rules rules;
  rules.own = {refusing};
  const Decision decision = decide(verdict, {}, rules, Time{});
  CHECK(decision.rule == refusing.name);
  return decision.reply
             ? std::to_string(decision.reply->code) + ' ' + decision.reply->enhanced + ' ' + decision.reply->text
             : "";
}

/// A message of example.com without a DMARC record, whose SPF check failed.
Verdict sample() {
  Verdict verdict;
  verdict.dmarc = author("example.com", Status::None);
  verdict.spf_mail_from.status = spf::Status::Fail;
  verdict.spf_mail_from.reason = spf::Reason::None;
  return verdict;
}

/// A condition that asks about the facts, and always holds.
Condition asking(const std::vector<Condition>& conditions) {
  return test::any({all({}), all(conditions)});
}

}  // namespace

TEST_CASE("policy/reply: the code says which check the message does not pass (RFC 7372 section 3)", "[policy][reply]") {
  const Condition spf = is(Fact::Spf, "fail");
  const Condition helo = is(Fact::SpfHelo, "fail");
  const Condition dkim = is(Fact::DkimDomain, "example.com");
  const Condition iprev = is(Fact::ClientName, "mx.example.com");
  const Condition arc = is(Fact::ArcSealer, "example.org");
  const Condition dmarc = is(Fact::Dmarc, "none");
  const Condition from = is(Fact::FromDomain, "example.com");
  struct Row {
    const char* name;
    std::vector<Condition> asked;
    std::function<void(Verdict&)> change;
    const char* detail;
  };
  const auto nothing = [](Verdict&) {};
  const std::vector<Row> rows{
      {"no check at all", {from}, nothing, "7.1"},
      {"SPF", {spf, from}, nothing, "7.23"},
      {"SPF softfail has no code of its own (RFC 7372 section 3.2)",
       {spf},
       [](Verdict& v) { v.spf_mail_from.status = spf::Status::SoftFail; },
       "7.1"},
      {"SPF none neither", {spf}, [](Verdict& v) { v.spf_mail_from.status = spf::Status::None; }, "7.1"},
      {"SPF neutral neither", {spf}, [](Verdict& v) { v.spf_mail_from.status = spf::Status::Neutral; }, "7.1"},
      {"SPF softfail is not one of several that fail",
       {spf, dkim},
       [](Verdict& v) { v.spf_mail_from.status = spf::Status::SoftFail; },
       "7.20"},
      {"SPF of HELO fails", {helo}, [](Verdict& v) { v.spf_helo.status = spf::Status::Fail; }, "7.23"},
      {"SPF in error", {spf}, [](Verdict& v) { v.spf_mail_from.status = spf::Status::PermError; }, "7.24"},
      {"SPF of HELO in error", {helo}, [](Verdict& v) { v.spf_helo.status = spf::Status::TempError; }, "7.24"},
      {"SPF that passes is no reason", {spf}, [](Verdict& v) { v.spf_mail_from.status = spf::Status::Pass; }, "7.1"},
      {"DKIM", {dkim}, nothing, "7.20"},
      {"DKIM, and another signature passes",
       {dkim},
       [](Verdict& v) { v.dkim.emplace_back().status = dkim::Status::Pass; },
       "7.21"},
      {"iprev", {iprev}, nothing, "7.25"},
      {"iprev that passes is no reason",
       {iprev},
       [](Verdict& v) {
         v.iprev = iprev::Outcome{iprev::Status::Pass, "mx.example.com"};
       },
       "7.1"},
      {"ARC (RFC 8617 section 10.3)", {arc}, nothing, "7.29"},
      {"several", {spf, dkim}, nothing, "7.26"},
      {"several, one of which passes",
       {spf, iprev},
       [](Verdict& v) {
         v.iprev = iprev::Outcome{iprev::Status::Pass, "mx.example.com"};
       },
       "7.23"},
      {"DMARC (RFC 9989 section 7.2)", {spf, dmarc}, nothing, "7.1"},
      {"a reason of any check", {is(Fact::Reason, "no_record"), spf}, nothing, "7.1"},
      {"what stands under not is asked, too", {test::none(dkim)}, nothing, "7.20"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Verdict verdict = sample();
      row.change(verdict);
      CHECK(reply_to(verdict, rule("r", asking(row.asked), Action::Reject)) ==
            std::string("550 5.") + row.detail + " Rejected by local policy (rule r)");
      CHECK(reply_to(verdict, rule("r", asking(row.asked), Action::TempFail)) ==
            std::string("451 4.") + row.detail + " Deferred by local policy (rule r)");
    }
  }
}

TEST_CASE("policy/reply: a rule on a DMARC failure says DMARC (RFC 9989 section 7.2)", "[policy][reply]") {
  Verdict verdict;
  verdict.dmarc = author("example.com", Status::Fail, dmarc::Policy::None);
  CHECK(reply_to(verdict, rule("r", is(Fact::Dmarc, "fail"), Action::Reject)) ==
        "550 5.7.1 Email rejected per DMARC policy for example.com (rule r)");
  CHECK(reply_to(verdict, rule("r", is(Fact::Dmarc, "fail"), Action::TempFail)) ==
        "451 4.7.1 Email deferred per DMARC policy for example.com (rule r)");
}

TEST_CASE("policy/reply: what the rule says itself, where it fits the action", "[policy][reply]") {
  Verdict verdict = sample();
  Rule refusing = rule("partner-spf", is(Fact::Spf, "fail"), Action::Reject);
  refusing.then.reply = {554, "5.7.0", "{rule}: {from_domain} is {reason}, {see} us"};
  CHECK(reply_to(verdict, refusing) == "554 5.7.0 partner-spf: example.com is spf=fail, {see} us");
  verdict.spf_mail_from.reason = spf::Reason::NoMatch;
  CHECK(reply_to(verdict, refusing) == "554 5.7.0 partner-spf: example.com is no_match, {see} us");
  refusing.then.reply = {450, "4.7.0", "Not here"};
  CHECK(reply_to(verdict, refusing) == "550 5.7.23 Not here (rule partner-spf)");
  refusing.then.action = Action::TempFail;
  CHECK(reply_to(verdict, refusing) == "450 4.7.0 Not here (rule partner-spf)");
}

TEST_CASE("policy/reply: quarantine by reject has the rule's reply", "[policy][reply]") {
  Rule refusing = rule("r", all({}), Action::Quarantine);
  refusing.then.quarantine.emplace().how = QuarantineHow::Reject;
  refusing.then.reply.text = "Kept out";
  CHECK(reply_to(sample(), refusing) == "550 5.7.1 Kept out (rule r)");
}

TEST_CASE("policy/reply: the author named is the one for whom the rule matches", "[policy][reply]") {
  Verdict verdict = sample();
  verdict.other_authors = {author("other.example", Status::None)};
  Rule refusing = rule("r", is(Fact::FromDomain, "other.example"), Action::Reject);
  refusing.then.reply.text = "No {from_domain}";
  CHECK(reply_to(verdict, refusing) == "550 5.7.1 No other.example (rule r)");
}

TEST_CASE("policy/reply: the longest text, and one octet more", "[policy][reply]") {
  CHECK(expand_reply(std::string(kMaxOctets, 'x') + "{rule}", "", "", "r") == std::string(kMaxOctets - 1, 'x') + 'r');
  CHECK(expand_reply(std::string(kMaxOctets - 1, 'x') + "{rule}", "", "", "r") ==
        std::string(kMaxOctets - 1, 'x') + 'r');
  const std::string suffix = " (rule r)";
  const std::string fits(kMaxOctets - suffix.size(), 'x');
  CHECK(expand_reply(fits, "", "", "r") == fits + suffix);
  CHECK(expand_reply(fits + 'x', "", "", "r") == fits + suffix);
}

TEST_CASE("policy/reply: what is filled in is cut first, then the text, and the rule's name not at all",
          "[policy][reply][bounds]") {
  const std::string author(250, 'a');
  // "no ", " / ", " by " and the rule's seven octets leave 383 of 400: one author whole, of the other 133.
  CHECK(expand_reply("no {from_domain} / {from_domain} by {rule}", author, "", "my-rule") ==
        "no " + author + " / " + std::string(133, 'a') + " by my-rule");
  // " (rule my-rule)" takes 15, so that 379 are left.
  CHECK(expand_reply("no {from_domain} / {from_domain}", author, "", "my-rule") ==
        "no " + author + " / " + std::string(129, 'a') + " (rule my-rule)");
  const std::string text(kMaxOctets - 10, 'x');
  CHECK(expand_reply(text + "{rule}{reason}", "", "reason", "my-rule") == text + "my-rulerea");
  CHECK(expand_reply(text + "{rule}{rule}", "", "", "my-rule") == text + "my-rulemy-");
  CHECK(expand_reply("{rule}", "", "", std::string(kMaxOctets + 1, 'r')) == std::string(kMaxOctets, 'r'));
}

TEST_CASE("policy/reply: nothing in it breaks the line", "[policy][reply]") {
  CHECK(expand_reply("a\r\n250 b\t\xC3\xA9{rule}%s", "", "", "r") == "a??250 b???r%s");
  CHECK(expand_reply("{from_domain}{reason}{rule}", "\n", "{rule}", "\x7F") == "?{rule}?");
}

TEST_CASE("policy/override: why the message gets off more lightly than its author asks (RFC 9990)",
          "[policy][override]") {
  Verdict verdict;
  verdict.dmarc = author("example.com", Status::Fail, dmarc::Policy::Reject);
  Rules rules;
  rules.own = {rule("r", all({}), Action::Accept)};
  const auto told = [&] {
    const auto found = decide(verdict, {}, rules, Time{}).override;
    return found ? found->type + ' ' + found->comment : "";
  };
  CHECK(told() == "local_policy rule r");
  rules.own.front().then.action = Action::Reject;
  CHECK(told().empty());
  rules.own.front().then.action = Action::TempFail;
  CHECK(told().empty());
  rules.own.clear();
  CHECK(told().empty());
  rules.mode = Mode::Monitor;
  CHECK(told() == "local_policy mode=monitor");
  rules.mode = Mode::Enforce;
  rules.published.reject = Action::Quarantine;
  CHECK(told() == "local_policy policy.published.reject");
  rules.quarantine.how = QuarantineHow::Reject;
  CHECK(told().empty());
  rules = {};

  verdict.list_id = "lists.example.org";
  verdict.spf_mail_from.status = spf::Status::Pass;
  verdict.spf_mail_from.domain = "lists.example.org";
  CHECK(told() == "mailing_list indirect: list");
  verdict.list_id.clear();

  verdict.dmarc.policy = dmarc::Policy::Quarantine;  // t=y
  CHECK(told() == "policy_test_mode t=y");
  verdict.dmarc.policy = dmarc::Policy::Reject;
  verdict.dmarc.status = Status::Pass;
  rules.mode = Mode::Monitor;
  CHECK(told().empty());
}

}  // namespace assay::policy
