#include "policy/suggest.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "policy/decide.h"
#include "policy/indirect.h"
#include "policy/lint.h"
#include "policy/proof.h"
#include "policy/tally.h"
#include "tests/policy/mail_streams.h"
#include "tests/support/catch.h"

namespace assay::policy {
namespace {

using test::Mail;

constexpr Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 26);

void add(std::vector<Mail>& all, const std::vector<Mail>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

void feed(Streams& streams, const std::vector<Mail>& mails) {
  for (const Mail& mail : mails) {
    streams.add_context(mail.verdict, mail.facts);
    if (mail.verdict.dmarc.status == dmarc::Status::Fail) {
      streams.add_failure(mail.verdict, mail.facts, find_indirect(mail.verdict, mail.facts), mail.time, Action::Reject);
    }
  }
}

Suggestions suggest_for(const std::vector<Mail>& mails) {
  Streams streams;
  feed(streams, mails);
  SuggestOptions options;
  options.now = kNow;
  return suggest(streams, options);
}

/// Indices of the messages that the rule lets in, and that are refused without it.
std::vector<std::size_t> let_in(const std::vector<Mail>& mails, Rule rule) {
  rule.observe = false;
  Rules with;
  with.own.push_back(rule);
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < mails.size(); ++i) {
    const Mail& mail = mails[i];
    if (decide(mail.verdict, mail.facts, Rules{}, mail.time).action != Action::Accept &&
        decide(mail.verdict, mail.facts, with, mail.time).action == Action::Accept) {
      indices.push_back(i);
    }
  }
  return indices;
}

/// Indices of the failing messages from `begin` to before `end`.
std::vector<std::size_t> failing(const std::vector<Mail>& mails, std::size_t begin, std::size_t end) {
  std::vector<std::size_t> indices;
  for (std::size_t i = begin; i < end; ++i) {
    if (mails[i].verdict.dmarc.status == dmarc::Status::Fail) {
      indices.push_back(i);
    }
  }
  return indices;
}

/// Message number `i` in the name of partner.example by mailer.example, with one of so many header fields that the
/// author signed, which came on so many days.
Mail collected(std::size_t i, std::size_t different, std::size_t days) {
  Mail mail = test::failing_mail(0, "partner.example");
  mail.time += std::chrono::days(i % different % days);
  mail.facts.rcpt = {"user" + std::to_string(i % 2) + "@our.example"};
  test::set_mail_from(mail, "x@mailer.example");
  test::add_broken_signature(mail, "partner.example", "s" + std::to_string(i % different));
  return mail;
}

bool has_rule(const Suggestions& suggestions) {
  return std::any_of(suggestions.list.begin(), suggestions.list.end(),
                     [](const Suggestion& each) { return each.rule.has_value(); });
}

struct Scenario {
  const char* name;
  std::vector<Mail> mails;
  StreamKind kind;
  std::vector<Fact> facts;  ///< That the rule asks about; the proof is among them.
};

std::vector<Scenario> genuine() {
  std::vector<Mail> sealed = test::mailing_list(240, 20);
  for (Mail& mail : sealed) {
    // The list signs nothing itself but seals; MAIL FROM is lost on the way.
    mail.verdict.dkim.erase(mail.verdict.dkim.begin());
    test::set_seal(mail, "lists.example.org", "pass");
    test::set_mail_from(mail, "dev-bounces@lists.example.org");
  }
  std::vector<Mail> plain = test::forwarder(240, 12);
  for (Mail& mail : plain) {
    // No rewriting: MAIL FROM stays the author's, and SPF fails.
    mail.facts.mail_from = "someone@" + mail.verdict.dmarc.author->str();
    mail.verdict.spf_mail_from.status = spf::Status::Fail;
  }
  return {
      {"a mailing list that signs",
       test::mailing_list(240, 20),
       StreamKind::MailingList,
       {Fact::FromDomain, Fact::ListId, Fact::Rcpt, Fact::DkimDomain}},
      {"a mailing list that seals",
       sealed,
       StreamKind::MailingList,
       {Fact::FromDomain, Fact::ListId, Fact::Rcpt, Fact::ArcSealer, Fact::ArcClaims}},
      {"a forwarder that rewrites MAIL FROM",
       test::forwarder(240, 12),
       StreamKind::Forwarder,
       {Fact::FromDomain, Fact::Rcpt, Fact::MailFromDomain, Fact::Spf}},
      {"a forwarder that does not",
       plain,
       StreamKind::Forwarder,
       {Fact::FromDomain, Fact::Rcpt, Fact::ClientName, Fact::Iprev}},
      {"a partner whose signatures break",
       test::broken_partner(100),
       StreamKind::BrokenSender,
       {Fact::FromDomain, Fact::ClientIp}},
      {"a host of ours that SPF does not name",
       test::own_host(60),
       StreamKind::OwnHost,
       {Fact::FromDomain, Fact::Rcpt, Fact::ClientName, Fact::Iprev}},
  };
}

}  // namespace

TEST_CASE("suggest: a genuine stream gets a proven rule that lets in that stream and nothing else",
          "[policy][suggest]") {
  for (const Scenario& scenario : genuine()) {
    DYNAMIC_SECTION(scenario.name) {
      std::vector<Mail> mails = scenario.mails;
      // Beside it comes what must not be let in.
      add(mails, test::botnet(300, "author1.example"));
      add(mails, test::botnet(300, "partner.example"));
      add(mails, test::proven_attacker(400, "partner.example"));
      add(mails, test::proven_attacker(50, "our.example"));
      const Suggestions found = suggest_for(mails);
      REQUIRE(std::count_if(found.list.begin(), found.list.end(),
                            [](const Suggestion& each) { return each.rule.has_value(); }) == 1);
      const Suggestion& each = *std::find_if(found.list.begin(), found.list.end(),
                                             [](const Suggestion& one) { return one.rule.has_value(); });
      CAPTURE(each.reason);
      CHECK(std::string(to_string(each.kind)) == to_string(scenario.kind));
      std::vector<Fact> facts;
      for (const Condition& test : each.rule->when.parts) {
        facts.push_back(test.fact);
      }
      CHECK(facts == scenario.facts);
      CHECK(let_in(mails, *each.rule) == failing(mails, 0, scenario.mails.size()));
      CHECK(is_proven(*each.rule));
      CHECK(each.rule->observe);
      CHECK_FALSE(each.rule->unproven);
      // Through 2027-02-24, which is 90 days from 2026-11-26.
      CHECK(each.rule->expires == std::chrono::sys_days(std::chrono::year(2027) / 2 / 25));
      Rules rules;
      rules.own.push_back(*each.rule);
      CHECK(lint(rules, {kNow, {}, true}).empty());
    }
  }
}

TEST_CASE("suggest: who only proves its own name gets no rule", "[policy][suggest]") {
  std::vector<Mail> mails;
  const char* kind = "unclear";
  SECTION("one author, much mail") {
    mails = test::proven_attacker(10'000, "victim.example");
  }
  SECTION("many authors, with a List-Id of its own") {
    for (int i = 0; i < 40; ++i) {
      for (Mail& mail : test::proven_attacker(5, "victim" + std::to_string(i) + ".example")) {
        mail.verdict.list_id = "dev.attacker.example";
        mails.push_back(mail);
      }
    }
  }
  SECTION("many authors, sealed, with claims of its own making") {
    for (int i = 0; i < 40; ++i) {
      for (Mail& mail : test::proven_attacker(5, "victim" + std::to_string(i) + ".example")) {
        test::set_seal(mail, "attacker.example", "pass");
        mail.verdict.list_id = "dev.attacker.example";
        mails.push_back(mail);
      }
    }
  }
  SECTION("rewritten MAIL FROM, many authors, one recipient") {
    for (int i = 0; i < 40; ++i) {
      for (Mail& mail : test::proven_attacker(5, "victim" + std::to_string(i) + ".example")) {
        test::set_mail_from(mail, "SRS0=a=b=victim.example=x@attacker.example");
        mail.facts.rcpt = {"user@our.example"};
        mails.push_back(mail);
      }
    }
  }
  SECTION("one signed header sent again and again") {
    for (Mail& mail : test::proven_attacker(500, "victim.example")) {
      test::add_broken_signature(mail, "victim.example", "harvest1");
      mails.push_back(mail);
    }
  }
  SECTION("six signed headers sent again and again") {
    std::size_t i = 0;
    for (Mail& mail : test::proven_attacker(500, "victim.example")) {
      test::add_broken_signature(mail, "victim.example", "harvest" + std::to_string(i++ % 6));
      mails.push_back(mail);
    }
  }
  SECTION("a few genuine messages passed on, to look like a forwarder of the rest") {
    mails = test::proven_attacker(500, "victim.example");
    for (std::size_t i = 0; i < 20; ++i) {
      test::pass_by_dkim(mails[i], "passed" + std::to_string(i));
    }
  }
  SECTION("a rented host beside the victim's, which passes SPF") {
    for (Mail& mail : test::proven_attacker(500, "victim.example")) {
      test::set_client(mail, "192.0.2.78", "mx.attacker.example");
      mails.push_back(mail);
      Mail own = test::failing_mail(mails.size(), "victim.example");
      test::set_client(own, "192.0.2.77", "mx.victim.example");
      test::pass_by_spf(own);
      mails.push_back(own);
    }
  }
  SECTION("another customer of a host that many send through") {
    for (Mail& mail : test::proven_attacker(500, "victim.example")) {
      mails.push_back(mail);
      Mail other = test::failing_mail(mails.size(), mails.size() % 7 == 0
                                                        ? "victim.example"
                                                        : "customer" + std::to_string(mails.size() % 9) + ".example");
      test::set_client(other, "203.0.113.66", "mx.attacker.example");
      test::pass_by_spf(other);
      mails.push_back(other);
    }
  }
  SECTION("a signature of a domain below the author's, which may be anybody's") {
    for (Mail& mail : test::proven_attacker(500, "victim.example")) {
      mail.verdict.dmarc.strict_dkim = true;
      test::add_passing_signature(mail, "customer.victim.example");
      mails.push_back(mail);
    }
  }
  const Suggestions found = suggest_for(mails);
  CHECK_FALSE(has_rule(found));
  REQUIRE_FALSE(found.list.empty());
  CHECK(to_string(found.list.front().kind) == std::string(kind));
  CHECK_FALSE(found.list.front().ask.empty());
}

TEST_CASE("suggest: what nobody vouches for, from everywhere or to everybody, is forged", "[policy][suggest]") {
  SECTION("many networks") {
    const Suggestions found = suggest_for(test::botnet(2'000, "victim.example"));
    REQUIRE(found.list.size() == 1);
    CHECK(found.list[0].kind == StreamKind::Forger);
    CHECK(found.list[0].evidence.messages == 2'000);
    CHECK_FALSE(found.list[0].rule);
  }
  SECTION("one network, many recipients") {
    std::vector<Mail> mails;
    for (std::size_t i = 0; i < 200; ++i) {
      Mail mail = test::failing_mail(i, "victim.example");
      mail.facts.rcpt = {"user" + std::to_string(i) + "@our.example"};
      mails.push_back(mail);
    }
    const Suggestions found = suggest_for(mails);
    REQUIRE(found.list.size() == 1);
    CHECK(found.list[0].kind == StreamKind::Forger);
    CHECK_FALSE(found.list[0].rule);
  }
  SECTION("an address that is not ours to judge") {
    std::vector<Mail> mails;
    for (std::size_t i = 0; i < 30; ++i) {
      mails.push_back(test::failing_mail(i, "our.example"));
    }
    const Suggestions found = suggest_for(mails);
    REQUIRE(found.list.size() == 1);
    CHECK(found.list[0].kind == StreamKind::Unclear);
    CHECK(found.list[0].ask.find("198.51.100.1") != std::string::npos);
  }
}

TEST_CASE("suggest: a name in the author's domain speaks for hosts of our own alone", "[policy][suggest]") {
  const auto named = [](const std::string& author, const std::string& name) {
    std::vector<Mail> mails;
    for (std::size_t i = 0; i < 60; ++i) {
      Mail mail = test::failing_mail(i, author);
      test::set_client(mail, "203.0.113.9", name);
      mails.push_back(mail);
    }
    return suggest_for(mails);
  };
  CHECK(has_rule(named("our.example", "relay2.our.example")));
  // Ours, but a dial-up customer of ours.
  CHECK_FALSE(has_rule(named("our.example", "c-203-0-113-9.our.example")));
  // A machine that anybody can rent at hoster.example is called like this.
  CHECK_FALSE(has_rule(named("hoster.example", "relay2.hoster.example")));
}

TEST_CASE("suggest: a list is let in for authors that sign themselves, whoever else does", "[policy][suggest]") {
  // 20 domains of a forger's own sign all they write; in between he writes as somebody else.
  std::vector<Mail> mails = test::mailing_list(200, 20);
  const std::size_t own = mails.size();
  const bool has_collected = GENERATE(false, true);
  for (std::size_t i = 0; i < 12; ++i) {
    Mail mail = mails[i];
    mail.verdict.dmarc.author = Domain::parse("victim.example").value();
    mail.verdict.dmarc.organizational_domain = mail.verdict.dmarc.author;
    mail.verdict.dkim.pop_back();
    if (has_collected) {
      // He has collected a few of that author's messages.
      test::add_broken_signature(mail, "victim.example", "collected" + std::to_string(i % (kMinSignatures - 1)));
    }
    mails.push_back(mail);
  }
  const Suggestions found = suggest_for(mails);
  REQUIRE(found.list.size() == 2);
  REQUIRE(found.list[0].rule);
  CHECK(let_in(mails, *found.list[0].rule) == failing(mails, 0, own));
  CHECK(found.list[1].author == "victim.example");
  CHECK(found.list[1].kind == StreamKind::Unclear);
  CHECK_FALSE(found.list[1].rule);
}

TEST_CASE("suggest: more authors than a rule lists need recipients that it can list", "[policy][suggest]") {
  const auto with_authors = [](std::size_t authors, std::size_t readers) {
    std::vector<Mail> mails = test::mailing_list(authors * kMinSignatures, authors);
    for (std::size_t i = 0; i < mails.size(); ++i) {
      mails[i].facts.rcpt = {"reader" + std::to_string(i % readers) + "@our.example"};
    }
    return suggest_for(mails);
  };
  CHECK(has_rule(with_authors(kMaxRuleAuthors, kMaxRuleValues + 1)));
  CHECK_FALSE(has_rule(with_authors(kMaxRuleAuthors + 1, kMaxRuleValues + 1)));
  CHECK(has_rule(with_authors(kMaxRuleAuthors + 1, kMaxRuleValues)));
}

TEST_CASE("suggest: a rule needs a proof that covers 95 % of the stream", "[policy][suggest]") {
  const auto with_unsigned = [](std::size_t unsigned_messages) {
    std::vector<Mail> mails = test::mailing_list(100, 10);
    for (std::size_t i = 0; i < unsigned_messages; ++i) {
      // MAIL FROM keeps the message in the stream.
      mails[i].verdict.dkim.erase(mails[i].verdict.dkim.begin());
    }
    for (Mail& mail : mails) {
      test::set_mail_from(mail, "x@lists.example.org");
    }
    return mails;
  };
  const auto proof_of = [](const std::vector<Mail>& mails) {
    const Suggestions found = suggest_for(mails);
    REQUIRE(has_rule(found));
    return found.list.front();
  };
  const Suggestion at = proof_of(with_unsigned(5));
  CHECK(at.covered == 95);
  CHECK(at.rule->when.parts.back().fact == Fact::DkimDomain);
  const Suggestion beyond = proof_of(with_unsigned(6));
  CHECK(beyond.covered == 100);
  CHECK(beyond.rule->when.parts.back().fact == Fact::Spf);
}

TEST_CASE("suggest: signatures count from ten different messages on three days on", "[policy][suggest]") {
  const auto with_signatures = [](std::size_t different, std::size_t days) {
    std::vector<Mail> mails;
    for (std::size_t i = 0; i < 20; ++i) {
      mails.push_back(collected(i, different, days));
    }
    return suggest_for(mails);
  };
  CHECK_FALSE(has_rule(with_signatures(kMinSignatures - 1, kMinDays)));
  CHECK(has_rule(with_signatures(kMinSignatures, kMinDays)));
  CHECK_FALSE(has_rule(with_signatures(kMinSignatures, kMinDays - 1)));
  // On a third day they come again, which is no news of the author's.
  std::vector<Mail> again;
  for (std::size_t i = 0; i < 20; ++i) {
    again.push_back(collected(i, kMinSignatures, kMinDays - 1));
    if (i >= kMinSignatures) {
      again.back().time += std::chrono::days(kMinDays);
    }
  }
  CHECK_FALSE(has_rule(suggest_for(again)));
}

TEST_CASE("suggest: attack: intact messages sent on often, and forgeries beside them", "[policy][suggest]") {
  // Each captured message passes DMARC by DKIM as often as it is sent on; what is forged carries nothing of the
  // author's.
  const std::size_t captured = GENERATE(std::size_t{5}, std::size_t{100});
  const std::size_t copies = GENERATE(std::size_t{1}, std::size_t{300});
  std::vector<Mail> mails = test::proven_attacker(10, "bank.example");
  for (std::size_t i = 0; i < captured * copies; ++i) {
    Mail mail = test::proven_attacker(1, "bank.example").front();
    mail.time += std::chrono::days(i % 5);
    test::pass_by_dkim(mail, "captured" + std::to_string(i % captured));
    mails.push_back(mail);
  }
  const Suggestions found = suggest_for(mails);
  CHECK_FALSE(has_rule(found));
  REQUIRE(found.list.size() == 1);
  CHECK(found.list[0].kind == StreamKind::Unclear);
}

TEST_CASE("suggest: attack: the same by a list of which three domains are the forger's", "[policy][suggest]") {
  std::vector<Mail> mails = test::mailing_list(60, 3);
  for (std::size_t i = 0; i < 200; ++i) {
    Mail mail = mails[i % 60];
    mail.verdict.dmarc.author = Domain::parse("bank.example").value();
    mail.verdict.dmarc.organizational_domain = mail.verdict.dmarc.author;
    mail.verdict.dkim.pop_back();
    if (i % 2 == 0) {
      test::pass_by_dkim(mail, "captured" + std::to_string(i));
    }
    mails.push_back(mail);
  }
  const Suggestions found = suggest_for(mails);
  // The forger may name his own.
  for (const Suggestion& each : found.list) {
    CHECK_FALSE((each.rule && each.authors.contains("bank.example")));
  }
  CHECK(std::any_of(found.list.begin(), found.list.end(),
                    [](const Suggestion& each) { return each.author == "bank.example"; }));
}

TEST_CASE("suggest: attack: five captured messages to many recipients, many times", "[policy][suggest]") {
  const std::size_t captured = GENERATE(std::size_t{5}, kMinSignatures);
  std::vector<Mail> mails;
  for (std::size_t i = 0; i < captured * 32 * 64; ++i) {
    Mail mail = collected(i, captured, kMinDays);
    mail.facts.rcpt = {"user" + std::to_string(i / captured % 32) + "@our.example"};
    mails.push_back(mail);
  }
  CHECK_FALSE(has_rule(suggest_for(mails)));
}

TEST_CASE("suggest: a signature speaks for its first copies alone, at the bound", "[policy][suggest]") {
  const auto with_copies = [](std::size_t copies, std::size_t more) {
    std::vector<Mail> mails;
    for (std::size_t i = 0; i < kMinSignatures * copies + more; ++i) {
      mails.push_back(collected(i, kMinSignatures, kMinDays));
      mails.back().facts.rcpt = {"user" + std::to_string(i) + "@our.example"};
    }
    return suggest_for(mails);
  };
  CHECK(has_rule(with_copies(kMaxCopies, 0)));
  // 50 of 52 are 96 %, 50 of 53 are 94 %.
  CHECK(has_rule(with_copies(kMaxCopies, 2)));
  CHECK_FALSE(has_rule(with_copies(kMaxCopies, 3)));
}

TEST_CASE("suggest: attack: signatures by several keys are those of one message", "[policy][suggest]") {
  const bool is_stripped = GENERATE(false, true);
  const std::size_t messages = GENERATE(kMinSignatures - 1, kMinSignatures);
  std::vector<Mail> mails;
  for (std::size_t i = 0; i < 4 * messages; ++i) {
    Mail mail = collected(i, messages, kMinDays);
    mail.verdict.dkim.back().algorithm = "rsa-sha256";
    test::add_broken_signature(mail, "partner.example", "e" + std::to_string(i % messages));
    mail.verdict.dkim.back().algorithm = "ed25519-sha256";
    if (is_stripped) {
      // He takes away the one in some copies, the other in others.
      mail.verdict.dkim.erase(mail.verdict.dkim.begin() + (i / messages % 2 == 0 ? 0 : 1));
    }
    mails.push_back(mail);
  }
  CHECK(has_rule(suggest_for(mails)) == (messages >= kMinSignatures));
}

TEST_CASE("suggest: 95 % of the failing messages must be signed", "[policy][suggest]") {
  const auto with_unsigned = [](std::size_t unsigned_messages) {
    std::vector<Mail> mails;
    for (std::size_t i = 0; i < 100; ++i) {
      mails.push_back(collected(i, 100, kMinDays));
      if (i < unsigned_messages) {
        mails.back().verdict.dkim.clear();
      }
    }
    return suggest_for(mails);
  };
  CHECK(has_rule(with_unsigned(5)));
  CHECK_FALSE(has_rule(with_unsigned(6)));
}

TEST_CASE("suggest: attack: a hoster's name above a customer's is not the customer's owner", "[policy][suggest]") {
  // RFC 9989 section 4.10.2: where hoster.example says psd=y, victim.hoster.example is an Organizational Domain.
  const bool is_by_spf = GENERATE(false, true);
  const auto with = [is_by_spf](const char* organizational, bool is_strict) {
    std::vector<Mail> mails;
    for (std::size_t i = 0; i < 20; ++i) {
      Mail mail = test::failing_mail(i, "victim.hoster.example");
      mail.verdict.dmarc.strict_dkim = !is_by_spf && is_strict;
      mail.verdict.dmarc.strict_spf = is_by_spf && is_strict;
      mail.verdict.dmarc.organizational_domain.reset();
      if (*organizational != '\0') {
        mail.verdict.dmarc.organizational_domain = Domain::parse(organizational).value();
      }
      if (is_by_spf) {
        test::set_mail_from(mail, "evil@hoster.example");
      } else {
        test::add_passing_signature(mail, "hoster.example");
      }
      mails.push_back(mail);
    }
    return suggest_for(mails);
  };
  CHECK_FALSE(has_rule(with("victim.hoster.example", true)));
  CHECK_FALSE(has_rule(with("", true)));
  CHECK_FALSE(has_rule(with("hoster.example", false)));
  CHECK(has_rule(with("hoster.example", true)));
}

TEST_CASE("suggest: attack: the owner's signature above the author's proves itself, not who sends it on",
          "[policy][suggest]") {
  std::vector<Mail> mails;
  for (Mail& mail : test::proven_attacker(20, "news.shop.example")) {
    mail.verdict.dmarc.strict_dkim = true;
    mail.verdict.dmarc.organizational_domain = Domain::parse("shop.example").value();
    test::add_passing_signature(mail, "shop.example");
    mails.push_back(mail);
  }
  const Suggestions found = suggest_for(mails);
  REQUIRE(has_rule(found));
  Mail forged = mails.front();
  forged.verdict.dkim.pop_back();
  CHECK(let_in({forged}, *found.list[0].rule).empty());
  CHECK(let_in(mails, *found.list[0].rule).size() == mails.size());
}

TEST_CASE("suggest: attack: an address that the author's SPF names proves that address alone", "[policy][suggest]") {
  std::vector<Mail> mails;
  for (std::size_t i = 0; i < kMinPasses; ++i) {
    Mail mail = test::failing_mail(i, "victim.example");
    test::set_client(mail, "192.0.2.99", "shared.hoster.example");
    test::pass_by_spf(mail);
    mails.push_back(mail);
  }
  const std::size_t passing = mails.size();
  for (Mail& mail : test::proven_attacker(40, "victim.example")) {
    test::set_client(mail, "192.0.2.99", "shared.hoster.example");
    mails.push_back(mail);
  }
  const std::size_t end = mails.size();
  // From where the carrier pleases, which is less than 5 % of the stream.
  mails.push_back(test::proven_attacker(1, "victim.example").front());
  const Suggestions found = suggest_for(mails);
  REQUIRE(has_rule(found));
  const Condition& proof = found.list[0].rule->when.parts.back();
  REQUIRE(proof.fact == Fact::ClientIp);
  CHECK(std::get<NetworkList>(proof.values).written == std::vector<std::string>{"192.0.2.99"});
  CHECK(let_in(mails, *found.list[0].rule) == failing(mails, passing, end));
}

TEST_CASE("suggest: attack: a client's name in the author's domain proves that name alone", "[policy][suggest]") {
  std::vector<Mail> mails;
  for (Mail& mail : test::proven_attacker(40, "our.example")) {
    test::set_client(mail, "192.0.2.99", "crm.our.example");
    mails.push_back(mail);
  }
  mails.push_back(test::proven_attacker(1, "our.example").front());
  const Suggestions found = suggest_for(mails);
  REQUIRE(has_rule(found));
  CHECK(let_in(mails, *found.list[0].rule) == failing(mails, 0, mails.size() - 1));
}

TEST_CASE("suggest: a domain above the author's that signs under strict alignment is the author's owner",
          "[policy][suggest]") {
  std::vector<Mail> mails;
  for (std::size_t i = 0; i < 20; ++i) {
    Mail mail = test::failing_mail(i, "news.shop.example");
    mail.verdict.dmarc.strict_dkim = true;
    mail.verdict.dmarc.organizational_domain = Domain::parse("shop.example").value();
    test::add_passing_signature(mail, "shop.example");
    mails.push_back(mail);
  }
  const Suggestions found = suggest_for(mails);
  REQUIRE(found.list.size() == 1);
  REQUIRE(found.list[0].rule);
  CHECK(found.list[0].kind == StreamKind::BrokenSender);
  CHECK(let_in(mails, *found.list[0].rule).size() == mails.size());
}

TEST_CASE("suggest: small streams are counted alone, at the bound", "[policy][suggest]") {
  Streams streams;
  feed(streams, test::own_host(10));
  SuggestOptions options;
  options.now = kNow;
  options.min_messages = 10;
  CHECK(suggest(streams, options).list.size() == 1);
  options.min_messages = 11;
  const Suggestions none = suggest(streams, options);
  CHECK(none.list.empty());
  CHECK(none.small_messages == 10);
}

TEST_CASE("suggest: names of rules are not given twice", "[policy][suggest]") {
  Streams streams;
  feed(streams, test::own_host(20));
  SuggestOptions options;
  options.now = kNow;
  const std::string first = suggest(streams, options).list.at(0).rule->name;
  options.taken.insert(first);
  CHECK(suggest(streams, options).list.at(0).rule->name == first + "-2");
}

TEST_CASE("streams: beyond the bound the small ones go, and the large one stays", "[policy][suggest]") {
  constexpr std::size_t kBound = 20;
  Streams streams(kBound);
  feed(streams, test::own_host(50));
  std::size_t others = 0;
  for (std::size_t i = 0; i < 500; ++i) {
    feed(streams, test::botnet(1, "victim" + std::to_string(i) + ".example"));
    ++others;
    CHECK(streams.all().size() <= kBound);
  }
  std::uint64_t kept = 0;
  std::uint64_t largest = 0;
  for (const Stream* const stream : streams.all()) {
    kept += stream->messages;
    largest = std::max(largest, stream->messages);
  }
  CHECK(largest == 50);
  for (const auto& [author, stream] : streams.dropped_by_author()) {
    kept += stream.messages;
  }
  CHECK(kept + streams.dropped_messages() == 50 + others);
}

TEST_CASE("suggest: a forgery from more networks than streams are kept is told whole", "[policy][suggest]") {
  Streams streams(100);
  feed(streams, test::botnet(2'000, "victim.example"));
  SuggestOptions options;
  options.now = kNow;
  const Suggestions found = suggest(streams, options);
  REQUIRE(found.list.size() == 1);
  CHECK(found.list[0].kind == StreamKind::Forger);
  CHECK(found.list[0].evidence.messages == 2'000);
  CHECK(streams.dropped_messages() == 0);
}

TEST_CASE("streams: dropped streams are added up for so many authors, and beyond only counted", "[policy][suggest]") {
  Streams streams(2);
  // The last two are still kept.
  for (std::size_t i = 0; i < kMaxUnnamedAuthors + 3; ++i) {
    feed(streams, test::botnet(1, "victim" + std::to_string(i) + ".example"));
  }
  CHECK(streams.dropped_by_author().size() == kMaxUnnamedAuthors);
  CHECK(streams.dropped_messages() == 1);
}

TEST_CASE("streams: as many as the bound are all kept", "[policy][suggest]") {
  constexpr std::size_t kBound = 20;
  Streams streams(kBound);
  for (std::size_t i = 0; i < kBound; ++i) {
    feed(streams, test::botnet(1, "victim" + std::to_string(i) + ".example"));
  }
  CHECK(streams.all().size() == kBound);
  CHECK(streams.dropped_messages() == 0);
}

TEST_CASE("streams: a client of more authors than the bound vouches for none", "[policy][suggest]") {
  Streams streams;
  for (std::size_t i = 0; i <= kMaxClientOwners; ++i) {
    std::vector<Mail> mails;
    Mail mail = test::failing_mail(i, "owner" + std::to_string(i) + ".example");
    test::pass_by_spf(mail);
    feed(streams, {mail});
    CHECK(streams.passes_from("198.51.100.1", "owner0.example") == (i < kMaxClientOwners ? 1 : 0));
  }
}

TEST_CASE("streams: clients and recipient domains beyond the bounds are not kept", "[policy][suggest]") {
  Streams streams;
  Mail mail = test::failing_mail(0, "sender.example");
  test::pass_by_spf(mail);
  const auto client = [](std::size_t i) {
    return "10." + std::to_string(i >> 16U) + '.' + std::to_string((i >> 8U) & 255U) + '.' + std::to_string(i & 255U);
  };
  for (std::size_t i = 0; i <= kMaxClients; ++i) {
    mail.facts.client_ip = IpAddress::parse(client(i)).value();
    mail.facts.rcpt = {"user@our" + std::to_string(i) + ".example"};
    streams.add_context(mail.verdict, mail.facts);
  }
  CHECK(streams.passes_from(client(kMaxClients - 1), "sender.example") == 1);
  CHECK(streams.passes_from(client(kMaxClients), "sender.example") == 0);
  CHECK(streams.is_own("our" + std::to_string(kMaxOwnDomains - 1) + ".example"));
  CHECK_FALSE(streams.is_own("our" + std::to_string(kMaxOwnDomains) + ".example"));
}

TEST_CASE("suggest: passing mail of a client counts from the bound on", "[policy][suggest]") {
  const auto with_passes = [](std::uint64_t passes) {
    std::vector<Mail> mails;
    for (std::size_t i = 0; i < 20 + passes; ++i) {
      Mail mail = test::failing_mail(i, "partner.example");
      if (i >= 20) {
        test::pass_by_spf(mail);
      }
      mails.push_back(mail);
    }
    return suggest_for(mails);
  };
  CHECK_FALSE(has_rule(with_passes(kMinPasses - 1)));
  CHECK(has_rule(with_passes(kMinPasses)));
}

TEST_CASE("suggest: a list needs signatures of three authors, on three days", "[policy][suggest]") {
  const auto with = [](std::size_t signers, std::size_t days) {
    std::vector<Mail> mails = test::mailing_list(100, 10);
    for (std::size_t i = 0; i < mails.size(); ++i) {
      if (i % 10 >= signers) {
        mails[i].verdict.dkim.pop_back();
      }
      mails[i].time = mails[0].time + std::chrono::days(i / 10 % days);
    }
    return suggest_for(mails);
  };
  CHECK_FALSE(has_rule(with(kMinSigners - 1, kMinDays)));
  CHECK(has_rule(with(kMinSigners, kMinDays)));
  CHECK_FALSE(has_rule(with(kMinSigners, kMinDays - 1)));
}

TEST_CASE("suggest: a rule lists few addresses, or networks that are mostly the sender's", "[policy][suggest]") {
  // Addresses first, first + step, first + 2 * step ... of 192.0.2.0/24, each of which passes at other times.
  const auto with_clients = [](std::size_t count, std::size_t step) {
    std::vector<Mail> mails;
    for (std::size_t i = 0; i < count * 10; ++i) {
      Mail mail = test::failing_mail(i, "partner.example");
      test::set_client(mail, "192.0.2." + std::to_string(16 + i % count * step));
      if (i >= count * 5) {
        test::pass_by_spf(mail);
      }
      mails.push_back(mail);
    }
    return suggest_for(mails);
  };
  const auto written = [](const Suggestions& found) {
    return std::get<NetworkList>(found.list.at(0).rule->when.parts.back().values).written;
  };
  CHECK(written(with_clients(kMaxRuleValues, 20)).size() == kMaxRuleValues);
  CHECK_FALSE(has_rule(with_clients(kMaxRuleValues + 1, 20)));
  // 192.0.2.16 to 192.0.2.24 lie in 192.0.2.16/28, of which they are more than a quarter.
  CHECK(written(with_clients(kMaxRuleValues + 1, 1)) == std::vector<std::string>{"192.0.2.16/28"});
}

TEST_CASE("suggest: from ten networks on, mail comes from everywhere", "[policy][suggest]") {
  const auto kind_of = [](std::size_t networks) {
    std::vector<Mail> mails = test::botnet(networks, "victim.example");
    add(mails, test::botnet(networks, "victim.example"));
    return suggest_for(mails).list.at(0).kind;
  };
  CHECK(kind_of(kManyNetworks - 1) == StreamKind::Unclear);
  CHECK(kind_of(kManyNetworks) == StreamKind::Forger);
}

TEST_CASE("streams: a name made from its address is nobody's", "[policy][suggest]") {
  struct Row {
    const char* name;
    const char* ip;
    bool is_generic;
  };
  const Row rows[] = {
      {"c-203-0-113-9.isp.example", "203.0.113.9", true}, {"9.113.dyn.isp.example", "203.0.113.9", true},
      {"p5b01.vps34.isp.example", "91.1.2.3", true},      {"mx9.isp.example", "203.0.113.9", false},
      {"mail.example.org", "203.0.113.9", false},         {"2001-db8-0-0-12.isp.example", "2001:db8::12", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(is_generic_name(row.name, IpAddress::parse(row.ip).value()) == row.is_generic);
  }
}

TEST_CASE("tally: exact up to its capacity, and whole no more beyond", "[policy][suggest]") {
  Tally tally(2);
  tally.add("a");
  tally.add("b", 3);
  tally.add("a");
  CHECK(tally.is_whole());
  CHECK(tally.size() == 2);
  CHECK(tally.sorted().front().name == "b");
  tally.add("c");
  CHECK_FALSE(tally.is_whole());
  CHECK(tally.others() == 1);
  CHECK(tally.entries().size() == 2);
  Tally long_names(2);
  long_names.add(std::string(kMaxTallyNameOctets, 'x'));
  CHECK(long_names.is_whole());
  long_names.add(std::string(kMaxTallyNameOctets + 1, 'x'));
  CHECK_FALSE(long_names.is_whole());
}

}  // namespace assay::policy
