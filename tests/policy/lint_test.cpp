#include "policy/lint.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "policy/cases.h"
#include "tests/policy/conditions.h"
#include "tests/support/catch.h"

namespace assay::policy {
namespace {

using std::chrono::days;
using test::all;
using test::any;
using test::is;
using test::none;
using test::rule;

constexpr Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1}};

/// "kind rule" for each finding, in order.
std::vector<std::string> kinds_of(const Rules& rules, LintContext context = {kNow, {}, true}) {
  std::vector<std::string> kinds;
  for (const LintFinding& finding : lint(rules, context)) {
    kinds.push_back(std::string(info(finding.kind).word) + " " + finding.rule);
  }
  return kinds;
}

Rules rules_of(std::vector<Rule> own) {
  Rules rules;
  rules.own = std::move(own);
  return rules;
}

std::vector<std::string> kinds_of(std::vector<Rule> own) {
  return kinds_of(rules_of(std::move(own)));
}

using Kinds = std::vector<std::string>;

Condition signed_by_example() {
  return is(Fact::DkimDomain, "example.com");
}

Rule observed(Rule rule) {
  rule.observe = true;
  return rule;
}

Rule until(Rule rule, Time end) {
  rule.expires = end;
  return rule;
}

}  // namespace

TEST_CASE("policy/lint: each kind has its word", "[policy][lint]") {
  std::vector<std::string> words;
  for (const LintKindInfo& each : all_lint_kinds()) {
    CHECK(&info(each.kind) == &each);
    words.emplace_back(each.word);
  }
  std::sort(words.begin(), words.end());
  CHECK(std::adjacent_find(words.begin(), words.end()) == words.end());
}

TEST_CASE("policy/lint: what earlier rules decide is never reached", "[policy][lint]") {
  const Condition from = is(Fact::FromDomain, "example.com");
  const Condition spf_fails = is(Fact::Spf, {"fail", "softfail"});
  struct Row {
    const char* name;
    std::vector<Rule> rules;
    Kinds expected;
  };
  const auto refuse = [](std::string name, Condition when) {
    return rule(std::move(name), std::move(when), Action::Reject);
  };
  const auto defer = [](std::string name, Condition when) {
    return rule(std::move(name), std::move(when), Action::TempFail);
  };
  const std::vector<Row> rows{
      {"nothing", {}, {}},
      {"behind one for everything", {refuse("a", all({})), refuse("b", from)}, {"unreachable b"}},
      {"behind any of: everything", {refuse("a", any({from, all({})})), refuse("b", spf_fails)}, {"unreachable b"}},
      {"a narrower one behind",
       {refuse("a", spf_fails), refuse("b", all({from, is(Fact::Spf, "fail")}))},
       {"unreachable b"}},
      {"a wider one behind", {refuse("a", is(Fact::Spf, "fail")), refuse("b", all({from, spf_fails}))}, {"shadowed b"}},
      {"another one behind", {refuse("a", is(Fact::Spf, "fail")), refuse("b", is(Fact::Spf, "softfail"))}, {}},
      {"one with fewer conditions behind", {refuse("a", all({from, spf_fails})), refuse("b", spf_fails)}, {}},
      {"the same, otherwise", {refuse("a", spf_fails), defer("b", spf_fails)}, {"conflict b"}},
      {"the same in another order, otherwise",
       {refuse("a", all({from, spf_fails})), defer("b", all({spf_fails, from}))},
       {"conflict b"}},
      {"the same, likewise", {refuse("a", spf_fails), refuse("b", spf_fails)}, {"unreachable b"}},
      {"two that together cover it",
       {refuse("a", is(Fact::Spf, "fail")), refuse("b", is(Fact::Spf, "softfail")),
        refuse("c", all({spf_fails, from}))},
       {"unreachable c"}},
      {"a name below a pattern",
       {refuse("a", is(Fact::Helo, "*.example.com")), refuse("b", is(Fact::Helo, "mx.example.com"))},
       {"unreachable b"}},
      {"the name itself is not below it",
       {refuse("a", is(Fact::Helo, "*.example.com")), refuse("b", is(Fact::Helo, "example.com"))},
       {}},
      {"some names of a list",
       {refuse("a", is(Fact::Helo, "a.example")), refuse("b", is(Fact::Helo, {"a.example", "b.example"}))},
       {"shadowed b"}},
      {"a network in another",
       {refuse("a", is(Fact::ClientIp, "192.0.2.0/24")), refuse("b", is(Fact::ClientIp, "192.0.2.9"))},
       {"unreachable b"}},
      {"the network around another",
       {refuse("a", is(Fact::ClientIp, "192.0.2.9")), refuse("b", is(Fact::ClientIp, "192.0.2.0/24"))},
       {}},
      {"an address of a domain",
       {refuse("a", is(Fact::Rcpt, "*@example.net")), refuse("b", is(Fact::Rcpt, "x@example.net"))},
       {"unreachable b"}},
      {"not", {refuse("a", none(is(Fact::Spf, "pass"))), refuse("b", is(Fact::Spf, "fail"))}, {"unreachable b"}},
      // spf=temperror leaves `not spf: pass` open.
      {"not, of what may have failed temporarily",
       {refuse("a", none(is(Fact::Spf, "pass"))), refuse("b", spf_fails)},
       {"unreachable b"}},
      {"not, of a temporary error",
       {refuse("a", none(is(Fact::Spf, "pass"))), refuse("b", is(Fact::Spf, "temperror"))},
       {}},
      {"a wider not behind",
       {refuse("a", none(spf_fails)), refuse("b", none(is(Fact::Spf, {"fail", "softfail", "none"})))},
       {"unreachable b"}},
      {"a result that a fact implies",
       {refuse("a", is(Fact::Dkim, "pass")), refuse("b", signed_by_example())},
       {"unreachable b"}},
      {"a login's name",
       {refuse("a", is(Fact::Tls, "true")), refuse("b", is(Fact::Tls, "TLSv1.3"))},
       {"unreachable b"}},
      {"sealers count all at once: no split",
       {refuse("a", is(Fact::ArcSealer, "a.example")), refuse("b", is(Fact::ArcSealer, {"a.example", "b.example"}))},
       {}},
      {"observed rules end nothing", {observed(refuse("a", spf_fails)), refuse("b", spf_fails)}, {}},
      {"nor does continue", {rule("a", all({}), std::nullopt), refuse("b", from)}, {}},
      {"an observed rule behind", {refuse("a", spf_fails), observed(refuse("b", spf_fails))}, {"unreachable b"}},
      {"one that will expire", {until(refuse("a", spf_fails), kNow + days(100)), refuse("b", spf_fails)}, {}},
      {"one that will expire later than this",
       {until(refuse("a", spf_fails), kNow + days(100)), until(refuse("b", spf_fails), kNow + days(99))},
       {"unreachable b"}},
      {"one that will expire before this",
       {until(refuse("a", spf_fails), kNow + days(100)), until(refuse("b", spf_fails), kNow + days(101))},
       {}},
      {"one that has expired", {until(refuse("a", spf_fails), kNow), refuse("b", spf_fails)}, {"expired a"}},
      // What accepts must fit all authors of a message, what refuses one of them.
      {"accepted authors",
       {rule("a", all({from, signed_by_example()})), refuse("b", all({from, signed_by_example()}))},
       {"conflict b"}},
      {"accepted authors, another rule",
       {rule("a", all({from, signed_by_example()})), refuse("b", all({from, signed_by_example(), spf_fails}))},
       {"shadowed b"}},
      {"accepted signers",
       {rule("a", signed_by_example()), refuse("b", all({from, signed_by_example()}))},
       {"unreachable b"}},
      // One author of a message may fit a, another one b; c fits both.
      // What refuses some of the authors gives way to what is harsher.
      {"authors, the milder first", {defer("a", from), refuse("b", from)}, {"conflict b"}},
      {"authors, the milder first, another rule",
       {defer("a", from), refuse("b", all({from, spf_fails}))},
       {"shadowed b"}},
      {"authors, the harsher first", {refuse("a", from), defer("b", all({from, spf_fails}))}, {"unreachable b"}},
      {"accepted authors, some by each",
       {rule("a", all({is(Fact::FromDomain, "a.example"), signed_by_example()})),
        rule("b", all({is(Fact::FromDomain, "b.example"), signed_by_example()})),
        rule("c", all({is(Fact::FromDomain, {"a.example", "b.example"}), signed_by_example()}))},
       {"shadowed c"}},
      {"refused authors", {refuse("a", from), rule("b", all({from, signed_by_example()}))}, {"unreachable b"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(kinds_of(row.rules) == row.expected);
  }
}

TEST_CASE("policy/lint: conditions that never hold together", "[policy][lint]") {
  struct Row {
    Condition when;
    bool is_contradiction;
  };
  const std::vector<Row> rows{
      {all({is(Fact::FromDomain, "a.example"), is(Fact::FromDomain, "b.example")}), true},
      {all({is(Fact::FromDomain, "a.example"), is(Fact::FromDomain, "*.example")}), false},
      {all({is(Fact::FromDomain, "*.a.example"), is(Fact::FromDomain, "*.b.example")}), true},
      {all({is(Fact::FromDomain, "x.a.example"), is(Fact::OrgDomain, "a.example")}), false},
      {all({is(Fact::FromDomain, "x.a.example"), is(Fact::OrgDomain, "b.example")}), true},
      {all({is(Fact::OrgDomain, "a.example"), is(Fact::OrgDomain, "b.example")}), true},
      // A message may carry two signatures.
      {all({is(Fact::DkimDomain, "a.example"), is(Fact::DkimDomain, "b.example")}), false},
      {all({is(Fact::DkimDomain, "a.example"), none(is(Fact::DkimDomain, "b.example"))}), false},
      {all({is(Fact::DkimDomain, "a.example"), none(is(Fact::DkimDomain, "*.example"))}), true},
      {all({is(Fact::ClientIp, "192.0.2.0/24"), is(Fact::ClientIp, "198.51.100.0/24")}), true},
      {all({is(Fact::ClientIp, "192.0.2.0/24"), is(Fact::ClientIp, "192.0.2.1")}), false},
      {all({is(Fact::ClientIp, "192.0.2.0/24"), is(Fact::ClientIp, "2001:db8::/32")}), true},
      {all({is(Fact::Spf, "pass"), is(Fact::Spf, "fail")}), true},
      {all({is(Fact::Spf, "pass"), is(Fact::SpfHelo, "fail")}), false},
      {all({is(Fact::Spf, "pass"), none(is(Fact::Spf, {"pass", "none"}))}), true},
      {all({is(Fact::Spf, "pass"), none(none(is(Fact::Spf, "pass")))}), false},
      {all({is(Fact::Rcpt, "a@example.net"), is(Fact::RcptDomain, "example.org")}), true},
      {all({is(Fact::Rcpt, "a@example.net"), is(Fact::RcptDomain, "example.net")}), false},
      {all({is(Fact::Tls, "true"), is(Fact::Tls, "false")}), true},
      {all({is(Fact::Authenticated, "alice"), is(Fact::Authenticated, "false")}), true},
      // RFC 9989: without an aligned pass the result is fail; without a record, none; with an unusable one, permerror.
      {all({is(Fact::Dmarc, "pass"), is(Fact::Reason, "not_aligned")}), true},
      {all({is(Fact::Dmarc, "fail"), is(Fact::Reason, "not_aligned")}), false},
      {all({is(Fact::Dmarc, "none"), is(Fact::DmarcPublished, "reject")}), true},
      {all({is(Fact::Dmarc, "permerror"), is(Fact::DmarcPublished, "none")}), true},
      {all({is(Fact::Dmarc, "temperror"), is(Fact::DmarcPublished, "reject")}), false},
      // no_record is SPF's word, too.
      {all({is(Fact::Dmarc, "pass"), is(Fact::Reason, "no_record")}), false},
      {all({is(Fact::Dmarc, "pass"), is(Fact::Spf, "fail"), is(Fact::Dkim, {"fail", "none"})}), true},
      {all({is(Fact::Dmarc, "pass"), is(Fact::Spf, "fail")}), false},
      {all({is(Fact::Dmarc, {"pass", "fail"}), is(Fact::Spf, "fail"), is(Fact::Dkim, "none")}), false},
      // RFC 8617: a seal counts where the chain passes.
      {all({is(Fact::Arc, "fail"), is(Fact::ArcSealer, "lists.example.org")}), true},
      {all({is(Fact::Arc, {"fail", "none"}), is(Fact::ArcClaims, "dmarc=pass"), is(Fact::ArcSealer, "a.example")}),
       true},
      {all({is(Fact::Arc, "pass"), is(Fact::Reason, "seal_failed")}), true},
      {all({is(Fact::Arc, "pass"), is(Fact::ArcSealer, "lists.example.org")}), false},
      // RFC 8601: dkim=none is a message without signature.
      {all({is(Fact::Dkim, "none"), is(Fact::DkimDomain, "example.com")}), true},
      {all({is(Fact::Dkim, "fail"), is(Fact::DkimDomain, "example.com")}), true},
      {all({none(is(Fact::Dkim, "pass")), is(Fact::DkimDomain, "example.com")}), true},
      {all({is(Fact::Dkim, "none"), is(Fact::DkimTesting, "true")}), true},
      {all({is(Fact::Dkim, "none"), is(Fact::Reason, "body_hash_mismatch")}), true},
      {all({is(Fact::Dkim, "pass"), is(Fact::Reason, "body_hash_mismatch")}), false},
      {any({is(Fact::Spf, "pass"), all({is(Fact::Spf, "pass"), is(Fact::Spf, "fail")})}), true},
      {all({any({is(Fact::Spf, "pass"), is(Fact::Spf, "fail")}), is(Fact::Spf, "fail")}), false},
      {all({any({is(Fact::Spf, "pass"), is(Fact::Spf, "none")}), is(Fact::Spf, "fail")}), true},
      {any({}), true},
      {all({}), false},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    const auto kinds = kinds_of({rule("r", rows[i].when, Action::Reject)});
    CHECK((std::find(kinds.begin(), kinds.end(), "contradiction r") != kinds.end()) == rows[i].is_contradiction);
  }
}

TEST_CASE("policy/lint: expired rules, and those that expire within 14 days", "[policy][lint]") {
  const auto kinds = [](Time end) { return kinds_of({until(rule("r", signed_by_example()), end)}); };
  CHECK(kinds(kNow - days(1)) == Kinds{"expired r"});
  CHECK(kinds(kNow) == Kinds{"expired r"});
  CHECK(kinds(kNow + std::chrono::seconds(1)) == Kinds{"expires_soon r"});
  CHECK(kinds(kNow + kSoon) == Kinds{"expires_soon r"});
  CHECK(kinds(kNow + kSoon + std::chrono::seconds(1)).empty());
  const auto findings = lint(rules_of({until(rule("r", signed_by_example()), kNow)}), {kNow, {}, true});
  REQUIRE(findings.size() == 1);
  CHECK(findings.front().message.find("2026-05-31") != std::string::npos);
}

TEST_CASE("policy/lint: values that stand in a list in vain", "[policy][lint]") {
  const auto kinds = [](Condition when) { return kinds_of({rule("r", std::move(when), Action::Reject)}); };
  CHECK(kinds(is(Fact::Helo, {"a.example", "b.example", "A.example"})) == Kinds{"duplicate r"});
  CHECK(kinds(is(Fact::Helo, {"*.a.example", "x.y.a.example", "a.example"})) == Kinds{"covered r"});
  CHECK(kinds(is(Fact::Helo, {"*.a.example", "*.y.a.example"})) == Kinds{"covered r"});
  CHECK(kinds(is(Fact::ClientIp, {"192.0.2.0/24", "192.0.2.7", "192.0.2.0/24"})) == Kinds{"covered r", "duplicate r"});
  CHECK(kinds(is(Fact::ClientIp, {"192.0.2.7", "192.0.0.0/16"})) == Kinds{"covered r"});
  CHECK(kinds(is(Fact::ClientIp, {"192.0.2.7", "::/0", "0.0.0.0/1"})).empty());
  CHECK(kinds(is(Fact::ClientIp, {"0.0.0.0/0", "127.0.0.1", "2001:db8::/33", "2001:db8::/32"})) ==
        Kinds{"covered r", "covered r"});
  CHECK(kinds(is(Fact::Spf, {"fail", "pass", "fail"})) == Kinds{"duplicate r"});
  CHECK(kinds(is(Fact::Rcpt, {"a@example.net", "a@example.net"})) == Kinds{"duplicate r"});
  CHECK(kinds(is(Fact::Helo, std::vector<std::string>{})) == Kinds{"empty_list r"});
}

TEST_CASE("policy/lint: a network inside an earlier rule's that does something else", "[policy][lint]") {
  const auto kinds = [](Condition first, Condition second, Action action) {
    return kinds_of({rule("a", std::move(first), Action::Reject), rule("b", std::move(second), action)});
  };
  const Condition wide = all({is(Fact::ClientIp, "192.0.2.0/24"), is(Fact::Spf, "fail")});
  const Condition narrow = all({is(Fact::ClientIp, "192.0.2.128/25"), is(Fact::Helo, "mx.example.com")});
  CHECK(kinds(wide, narrow, Action::TempFail) == Kinds{"overlap b"});
  CHECK(kinds(wide, narrow, Action::Reject).empty());
  // An exception first is how exceptions are written.
  CHECK(kinds(narrow, wide, Action::TempFail).empty());
  // So is one for the same network, or for a part of it, with more conditions.
  const Condition network = is(Fact::ClientIp, {"192.0.2.0/24", "198.51.100.1"});
  const Condition from = is(Fact::FromDomain, "example.com");
  CHECK(kinds(all({network, from}), network, Action::TempFail).empty());
  CHECK(kinds(all({is(Fact::ClientIp, "192.0.2.7"), from}), network, Action::TempFail).empty());
  CHECK(kinds(all({network, from}), all({network, is(Fact::Spf, "fail")}), Action::TempFail) == Kinds{"overlap b"});
  CHECK(kinds(all({network, from}), is(Fact::ClientIp, "192.0.2.7"), Action::TempFail) == Kinds{"overlap b"});
  // No message fits both.
  CHECK(kinds(wide, all({narrow, is(Fact::Spf, "pass")}), Action::TempFail).empty());
}

TEST_CASE("policy/lint: two forms of quarantine are two actions", "[policy][lint]") {
  const auto quarantine = [](std::string name, std::optional<Quarantine> form) {
    Rule made = rule(std::move(name), is(Fact::Helo, "a.example"), Action::Quarantine);
    made.unproven = true;
    made.then.quarantine = std::move(form);
    return made;
  };
  const Quarantine hold{QuarantineHow::Hold, "", "", ""};
  const auto findings = lint(rules_of({quarantine("a", {}), quarantine("b", hold)}), {kNow, {}, true});
  REQUIRE(findings.size() == 1);
  CHECK(findings.front().kind == LintKind::Conflict);
  CHECK(findings.front().message.find("says quarantine, this one says quarantine (hold)") != std::string::npos);
  CHECK(kinds_of({quarantine("a", hold), quarantine("b", {})}) == Kinds{"conflict b"});
  CHECK(kinds_of({quarantine("a", Quarantine{QuarantineHow::Redirect, "", "", "a@example.net"}),
                  quarantine("b", Quarantine{QuarantineHow::Redirect, "", "", "b@example.net"})}) ==
        Kinds{"conflict b"});
  // What the rule says is what it would do anyway.
  CHECK(kinds_of({quarantine("a", {}), quarantine("b", Quarantine{})}) == Kinds{"unreachable b"});
}

TEST_CASE("policy/lint: an unreachable rule that DNS has a say in may matter while that fails", "[policy][lint]") {
  const auto message = [](Condition wide, Condition narrow) {
    const auto findings =
        lint(rules_of({rule("a", std::move(wide), Action::Reject), rule("b", std::move(narrow), Action::Reject)}),
             {kNow, {}, true});
    REQUIRE(findings.size() == 1);
    CHECK(findings.front().kind == LintKind::Unreachable);
    return findings.front().message;
  };
  const Condition helo = is(Fact::Helo, "a.example");
  const char* const words = "; it can only matter while DNS fails";
  CHECK(message(is(Fact::Spf, "pass"), all({helo, is(Fact::Spf, "pass")})).ends_with(words));
  CHECK(message(helo, all({helo, none(is(Fact::ClientName, "a.example"))})).ends_with(words));
  CHECK(message(helo, all({helo, is(Fact::ClientIp, "192.0.2.1")})).ends_with("(reject)"));
}

TEST_CASE("policy/lint: mail that no rule sees", "[policy][lint]") {
  Rules rules = rules_of({rule("r", is(Fact::Authenticated, "true"), Action::Reject)});
  CHECK(kinds_of(rules) == Kinds{"local_mail r"});
  CHECK(kinds_of(rules, {kNow, {}, false}).empty());
  rules = rules_of({rule("r", is(Fact::ClientIp, {"10.1.0.0/16", "192.0.2.1"}), Action::Reject)});
  CHECK(kinds_of(rules).empty());
  CHECK(kinds_of(rules, {kNow, {IpNetwork::parse("10.0.0.0/8").value()}, true}) == Kinds{"local_mail r"});
  CHECK(kinds_of(rules, {kNow, {IpNetwork::parse("10.1.1.0/24").value()}, true}).empty());
}

TEST_CASE("policy/lint: claims that nobody is trusted to make", "[policy][lint]") {
  const Condition claims = is(Fact::ArcClaims, "dmarc=pass");
  CHECK(kinds_of({rule("r", claims, Action::Reject)}) == Kinds{"no_sealer r"});
  CHECK(kinds_of({rule("r", all({claims, is(Fact::ArcSealer, "lists.example.org")}))}).empty());
  Rules rules = rules_of({rule("r", claims, Action::Reject)});
  REQUIRE(rules.trusted_sealers.add("lists.example.org"));
  CHECK(kinds_of(rules).empty());
}

TEST_CASE("policy/lint: claims are those of the sealers that the rule trusts", "[policy][lint]") {
  // arc_claims is the word of the oldest trusted hop that has one: who is trusted beside decides whose word that is.
  const Condition claims = is(Fact::ArcClaims, "dkim=pass");
  const auto by = [&claims](const char* sealer) { return all({is(Fact::ArcSealer, sealer), claims}); };
  struct Row {
    const char* name;
    Condition first;
    Condition second;
    Kinds expected;
  };
  const std::vector<Row> rows{
      {"one more is trusted behind", claims, by("relay.example.com"), {}},
      {"one more is trusted in front", by("relay.example.com"), claims, {}},
      {"others", by("relay.example.com"), by("relay.example.net"), {}},
      {"others, with the same condition beside",
       by("relay.example.com"),
       all({by("relay.example.com"), is(Fact::ArcSealer, "*.example.com")}),
       {}},
      {"in another branch",
       claims,
       any({all({claims, is(Fact::Spf, "fail")}), is(Fact::ArcSealer, "relay.example.com")}),
       {}},
      {"not the claim", none(claims), all({none(claims), is(Fact::ArcSealer, "relay.example.com")}), {}},
      {"the same", by("relay.example.com"), all({by("relay.example.com"), is(Fact::Spf, "fail")}), {"shadowed b"}},
      {"none beside", claims, all({claims, is(Fact::Spf, "fail")}), {"shadowed b"}},
      // trusted_sealers names it, too.
      {"nobody new", claims, by("lists.example.org"), {"shadowed b"}},
      {"nobody new under not", claims, all({claims, none(is(Fact::ArcSealer, "relay.example.com"))}), {"shadowed b"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Rules rules = rules_of({rule("a", row.first, Action::TempFail), rule("b", row.second, Action::Reject)});
    REQUIRE(rules.trusted_sealers.add("lists.example.org"));
    CHECK(kinds_of(rules) == row.expected);
  }
}

TEST_CASE("policy/lint: a part that never holds is not the whole", "[policy][lint]") {
  const Condition dead = all({is(Fact::Spf, "pass"), is(Fact::Spf, "fail")});
  const Condition helo = is(Fact::Helo, "a.example");
  const Condition every_chain = is(Fact::Arc, {"none", "pass", "fail"});
  const auto messages = [](Condition when) {
    std::string text;
    for (const LintFinding& finding : lint(rules_of({rule("r", std::move(when), Action::Reject)}), {kNow, {}, true})) {
      text += info(finding.kind).word + std::string(": ") + finding.message + "\n";
    }
    return text;
  };
  const auto says = [&messages](Condition when, const char* words) {
    return messages(std::move(when)).find(words) != std::string::npos;
  };
  // Matches each message from another address.
  CHECK(messages(none(all({every_chain, is(Fact::ClientIp, "192.0.2.1")}))).empty());
  CHECK(says(any({helo, dead}), "so that this branch never holds"));
  CHECK_FALSE(says(any({helo, dead}), "never matches"));
  CHECK(says(all({helo, any({helo, dead})}), "so that this branch never holds"));
  CHECK(says(dead, "so that the rule never matches"));
  CHECK(says(any({dead}), "so that the rule never matches"));
  CHECK(says(any({dead, dead}), "so that the rule never matches"));
  CHECK(says(all({any({helo, dead}), dead}), "so that the rule never matches"));
  CHECK(says(none(any({every_chain, helo})), "so that the rule never matches"));
  CHECK(says(none(none(any({helo, dead}))), "so that this branch never holds"));
  CHECK(messages(none(dead)).empty());
  // The other branch counts in full, for this rule and for later ones.
  CHECK(kinds_of({rule("a", any({helo, dead}), Action::Reject), rule("b", helo, Action::Reject)}) ==
        Kinds{"contradiction a", "unreachable b"});
  CHECK(kinds_of({rule("a", helo, Action::Reject), rule("b", any({helo, dead}), Action::Reject)}) ==
        Kinds{"contradiction b", "unreachable b"});
}

TEST_CASE("policy/lint: of what an empty list leaves dead nothing else is said", "[policy][lint]") {
  const Condition empty = is(Fact::Helo, std::vector<std::string>{});
  const Condition spf_fails = is(Fact::Spf, "fail");
  const auto behind = [](Condition first, Condition second) {
    return kinds_of({rule("a", std::move(first), Action::TempFail), rule("b", std::move(second), Action::Reject)});
  };
  CHECK(behind(is(Fact::Helo, "a.example"), empty) == Kinds{"empty_list b"});
  CHECK(behind(all({}), empty) == Kinds{"empty_list b"});
  CHECK(behind(spf_fails, all({spf_fails, empty})) == Kinds{"empty_list b"});
  CHECK(behind(empty, empty) == Kinds{"empty_list a", "empty_list b"});
  CHECK(behind(empty, spf_fails) == Kinds{"empty_list a"});
  // The other branch is decided before.
  CHECK(behind(spf_fails, any({spf_fails, empty})) == Kinds{"empty_list b", "conflict b"});
  CHECK(behind(spf_fails, any({is(Fact::Spf, "softfail"), empty})) == Kinds{"empty_list b"});
  // A list that names nothing is never what a message fits: `not` of it always holds.
  CHECK(behind(spf_fails, all({spf_fails, none(empty)})) == Kinds{"empty_list b", "unreachable b"});
  const Condition wide = is(Fact::ClientIp, "192.0.2.0/24");
  CHECK(behind(wide, all({is(Fact::ClientIp, {"192.0.2.9", "198.51.100.1"}), empty})) == Kinds{"empty_list b"});
}

TEST_CASE("policy/lint: rules without proof, unless they say so", "[policy][lint]") {
  Rule open = rule("r", is(Fact::FromDomain, "example.com"));
  CHECK(kinds_of({open}) == Kinds{"unproven r"});
  open.unproven = true;
  CHECK(kinds_of({open}).empty());
}

TEST_CASE("policy/lint: a finding stands at its value", "[policy][lint]") {
  const auto file = std::make_shared<const std::string>("assay.yaml");
  Condition helo = is(Fact::Helo, {"a.example", "a.example"});
  helo.place = {file, 7, 12};
  helo.places.list = {{file, 7, 13}, {file, 7, 24}};
  Rule named = rule("r", helo, Action::Reject);
  named.place = {file, 6, 5};
  const auto findings = lint(rules_of({named}), {kNow, {}, true});
  REQUIRE(findings.size() == 1);
  CHECK(findings.front().place.line == 7);
  CHECK(findings.front().place.column == 24);
}

TEST_CASE("policy/cases: up to 64 cases of one condition are looked at", "[policy][lint]") {
  const auto helos = [](std::size_t count) {
    std::vector<Condition> parts;
    for (std::size_t i = 0; i < count; ++i) {
      parts.push_back(is(Fact::Helo, ("h" + std::to_string(i) + ".example").c_str()));
    }
    return any(std::move(parts));
  };
  CHECK(cases_of(helos(kMaxCases)).value().size() == kMaxCases);
  CHECK_FALSE(cases_of(helos(kMaxCases + 1)));
  // Of more, only what is plain is told.
  CHECK(kinds_of({rule("a", all({}), Action::Reject), rule("b", helos(kMaxCases + 1), Action::Reject)}) ==
        Kinds{"unreachable b"});
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kMaxSplitValues + 1; ++i) {
    names.push_back("h" + std::to_string(i) + ".example");
  }
  CHECK(cases_of(is(Fact::Helo, names)).value().size() == 1);
  names.pop_back();
  CHECK(cases_of(is(Fact::Helo, names)).value().size() == kMaxSplitValues);
}

}  // namespace assay::policy
