#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "policy/cases.h"
#include "policy/clash.h"
#include "policy/decide.h"
#include "policy/lint.h"
#include "tests/policy/conditions.h"
#include "tests/support/catch.h"
#include "tests/support/dice.h"

namespace assay::policy {
namespace {

using test::all;
using test::any;
using test::Dice;
using test::is;
using test::none;
using test::rule;

const std::vector<std::string>& some_names() {
  static const std::vector<std::string> names{"a.example", "b.example", "x.a.example", "c.example"};
  return names;
}

std::vector<std::string> pool_of(Fact fact) {
  switch (info(fact).form) {
    case Form::Names: return {"a.example", "b.example", "x.a.example", "*.example", "*.a.example"};
    case Form::Networks: return {"192.0.2.0/24", "192.0.2.7", "198.51.100.0/24", "0.0.0.0/0"};
    case Form::Addresses: return {"p@a.example", "q@a.example", "*@a.example", "*@b.example"};
    case Form::Words:
    case Form::Flag:
    case Form::FlagOrWords: break;
  }
  if (fact == Fact::ArcClaims) {
    return {"dmarc=pass", "dmarc=fail"};
  }
  return words_of(fact);
}

Condition some_test(Dice& dice) {
  static const std::vector<Fact> facts{
      Fact::FromDomain, Fact::Dmarc,     Fact::DmarcPublished, Fact::Spf,        Fact::Helo,
      Fact::ClientName, Fact::Iprev,     Fact::ClientIp,       Fact::Dkim,       Fact::DkimDomain,
      Fact::Arc,        Fact::ArcSealer, Fact::Rcpt,           Fact::RcptDomain, Fact::Tls};
  // What one rule makes of a chain hangs on whom else it trusts: worth more than an even share.
  const Fact fact = dice.one_in(4) ? dice.flip() ? Fact::ArcClaims : Fact::ArcSealer : dice.pick(facts);
  if (fact == Fact::Tls) {
    return is(fact, dice.flip() ? "true" : dice.flip() ? "false" : "TLSv1.3");
  }
  std::vector<std::string> values;
  for (std::size_t i = 0; i <= dice.below(3); ++i) {
    values.push_back(dice.pick(pool_of(fact)));
  }
  return is(fact, values);
}

Condition some_condition(Dice& dice, unsigned depth) {
  if (depth == 0 || dice.one_in(3)) {
    return some_test(dice);
  }
  if (dice.one_in(4)) {
    return none(some_condition(dice, depth - 1));
  }
  std::vector<Condition> parts;
  for (std::size_t i = dice.below(3); i > 0; --i) {
    parts.push_back(some_condition(dice, depth - 1));
  }
  return dice.one_in(3) ? any(std::move(parts)) : all(std::move(parts));
}

Rules some_rules(Dice& dice) {
  Rules rules;
  rules.temperror = dice.flip() ? Action::Accept : Action::TempFail;
  if (dice.flip()) {
    REQUIRE(rules.trusted_sealers.add(dice.pick(some_names())));
  }
  for (std::size_t i = 0; i < 5; ++i) {
    Rule made = rule("r" + std::to_string(i), some_condition(dice, 2));
    made.then.action = dice.one_in(6) ? std::nullopt : std::optional(dice.up_to(Action::Quarantine));
    made.then.tag = made.then.action ? "" : made.name;
    made.observe = dice.one_in(6);
    if (dice.one_in(5)) {
      made.expires = Time(std::chrono::seconds(dice.below(4)));
    }
    rules.own.push_back(std::move(made));
  }
  return rules;
}

dmarc::Outcome some_author(Dice& dice, bool may_pass) {
  dmarc::Outcome author;
  author.author = Domain::parse(dice.pick(some_names())).value();
  author.status = dice.up_to(dmarc::Status::PermError);
  if (author.status == dmarc::Status::Pass && !may_pass) {
    author.status = dmarc::Status::Fail;
  }
  const bool has_record = author.status == dmarc::Status::Pass || author.status == dmarc::Status::Fail ||
                          (author.status == dmarc::Status::TempError && dice.flip());
  if (has_record) {
    author.published = dice.up_to(dmarc::Policy::Reject);
    author.policy = author.published;
  }
  return author;
}

/// A hop that may be trusted, with or without a word on an author.
arc::Hop some_hop(Dice& dice, const std::string& sealer) {
  arc::Hop hop{"s", sealer, true, false, true, {}};
  if (dice.flip()) {
    hop.claims.push_back({"dmarc", dice.flip() ? "pass" : "fail", {{"header.from", dice.pick(some_names())}}});
  }
  return hop;
}

/// A message such as the verifiers find: what the RFCs never give together is not in it.
Verdict some_verdict(Dice& dice) {
  Verdict verdict;
  verdict.spf_mail_from.status = dice.up_to(spf::Status::PermError);
  bool passes = verdict.spf_mail_from.status == spf::Status::Pass;
  for (std::size_t i = dice.below(3); i > 0; --i) {
    dkim::Outcome signature;
    signature.status = dice.up_to(dkim::Status::PermError);
    signature.signing_domain = Domain::parse(dice.pick(some_names())).value();
    passes = passes || signature.status == dkim::Status::Pass;
    verdict.dkim.push_back(signature);
  }
  verdict.arc.status = dice.up_to(arc::Status::Fail);
  if (verdict.arc.status != arc::Status::None) {
    for (std::size_t i = 0; i <= dice.below(2); ++i) {
      verdict.arc.sealers.push_back(dice.pick(some_names()));
    }
    verdict.arc.instances = static_cast<unsigned>(verdict.arc.sealers.size());
    if (verdict.arc.status == arc::Status::Pass) {
      for (const std::string& sealer : verdict.arc.sealers) {
        verdict.arc.hops.push_back(some_hop(dice, sealer));
      }
      std::swap(verdict.arc.claims, verdict.arc.hops.front().claims);
      verdict.arc.oldest_pass = static_cast<unsigned>(dice.below(verdict.arc.sealers.size() + 1));
    } else if (dice.flip()) {
      verdict.arc.reason = arc::Reason::DnsFailure;
    }
  }
  verdict.dmarc = some_author(dice, passes);
  if (dice.one_in(3)) {
    verdict.other_authors.push_back(some_author(dice, passes));
  }
  if (dice.flip()) {
    verdict.iprev = iprev::Outcome{dice.up_to(iprev::Status::PermError), dice.pick(some_names())};
  }
  return verdict;
}

Facts some_facts(Dice& dice) {
  Facts facts;
  facts.client_ip =
      IpAddress::parse(dice.pick(std::vector<std::string>{"192.0.2.7", "192.0.2.8", "198.51.100.9", "2001:db8::1"}))
          .value();
  facts.client_name = dice.pick(some_names());
  facts.helo = dice.pick(some_names());
  facts.tls = dice.flip() ? "" : dice.flip() ? "TLSv1.3" : "TLSv1.2";
  for (std::size_t i = dice.below(3); i > 0; --i) {
    facts.rcpt.push_back(std::string(dice.flip() ? "p@" : "q@") + dice.pick(some_names()));
  }
  return facts;
}

bool has(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// Whether the rule had a say in the decision as one that matches.
bool is_in(const Decision& decision, const std::string& name) {
  return (decision.rule == name && !has(decision.undecided, name)) || has(decision.tags, name) ||
         std::any_of(decision.observed.begin(), decision.observed.end(),
                     [&name](const Observed& observed) { return observed.rule == name; });
}

bool is_impossible(const Condition& when) {
  const auto cases = cases_of(when);
  return cases &&
         std::all_of(cases->begin(), cases->end(), [](const Case& one) { return find_clash(one).has_value(); });
}

}  // namespace

TEST_CASE("policy/lint: no message is decided by a rule that is called unreachable, or impossible",
          "[policy][lint][property]") {
  Dice dice(8617);
  constexpr Time kNow{};
  std::size_t unreachable = 0;
  std::size_t contradictory = 0;
  std::size_t impossible = 0;
  std::size_t decided = 0;
  for (int i = 0; i < 6'000; ++i) {
    const Rules rules = some_rules(dice);
    std::set<std::string> dead;
    for (const LintFinding& finding : lint(rules, {kNow, {}, true})) {
      if (finding.kind == LintKind::Unreachable) {
        dead.insert(finding.rule);
        ++unreachable;
      } else if (finding.kind == LintKind::Contradiction && finding.message.ends_with("the rule never matches")) {
        dead.insert(finding.rule);
        ++contradictory;
      }
    }
    for (const Rule& each : rules.own) {
      if (is_impossible(each.when)) {
        dead.insert(each.name);
        ++impossible;
      }
    }
    for (int j = 0; j < 60; ++j) {
      const Verdict verdict = some_verdict(dice);
      const Decision decision = decide(verdict, some_facts(dice), rules, kNow);
      decided += decision.rule.front() == 'r' ? 1U : 0U;
      for (const std::string& name : dead) {
        CAPTURE(i, j, name);
        REQUIRE_FALSE(is_in(decision, name));
      }
    }
  }
  // Otherwise the above says nothing.
  CHECK(unreachable > 1'000);
  CHECK(contradictory > 500);
  CHECK(impossible > 500);
  CHECK(decided > 100'000);
}

}  // namespace assay::policy
