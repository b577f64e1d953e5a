#include "policy/proof.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/policy/conditions.h"
#include "tests/support/catch.h"
#include "tests/support/dice.h"
#include "verify/base/ip_address.h"

namespace assay::policy {
namespace {

using test::all;
using test::any;
using test::is;
using test::none;
using test::rule;
using Kind = Condition::Kind;

bool is_proof(const Condition& when) {
  return is_proven(rule("r", when));
}

/// A message as the conditions of these tests see it: the value of each fact; empty for none.
using Message = std::map<Fact, std::string>;

/// The facts that the random conditions ask about.
const std::vector<Fact>& facts_asked() {
  static const std::vector<Fact> facts{Fact::FromDomain, Fact::Dmarc,        Fact::MailFromDomain, Fact::Spf,
                                       Fact::ClientName, Fact::Iprev,        Fact::DkimDomain,     Fact::ArcSealer,
                                       Fact::ClientIp,   Fact::Authenticated};
  return facts;
}

/// Whether the test holds; nullopt for unknown. Written without the code under test: names and networks are compared
/// here by hand.
std::optional<bool> holds_test(const Condition& test, const Message& message) {
  const std::string& value = message.at(test.fact);
  if (const bool* const flag = std::get_if<bool>(&test.values)) {
    return !value.empty() == *flag;
  }
  if (const auto* const words = std::get_if<WordList>(&test.values)) {
    const bool has = std::find(words->words.begin(), words->words.end(), value) != words->words.end();
    return !has && value == "temperror" ? std::nullopt : std::optional(has);
  }
  if (value.empty()) {
    return false;
  }
  if (const auto* const networks = std::get_if<NetworkList>(&test.values)) {
    const IpAddress ip = IpAddress::parse(value).value();
    return std::any_of(networks->networks.begin(), networks->networks.end(),
                       [&](const IpNetwork& network) { return network.contains(ip); });
  }
  const auto& names = std::get<NameList>(test.values);
  const auto ends_below = [&value](const std::string& parent) {
    return value.size() > parent.size() + 1 && value.substr(value.size() - parent.size() - 1) == "." + parent;
  };
  return names.exact().contains(value) || std::any_of(names.below().begin(), names.below().end(), ends_below);
}

/// Kleene's logic over the tree.
std::optional<bool> holds(const Condition& condition, const Message& message) {
  switch (condition.kind) {
    case Kind::Test: return holds_test(condition, message);
    case Kind::Not: {
      const auto part = holds(condition.parts.front(), message);
      return part ? std::optional(!*part) : std::nullopt;
    }
    case Kind::All:
    case Kind::Any: break;
  }
  const bool decisive = condition.kind == Kind::Any;
  bool is_unknown = false;
  for (const Condition& part : condition.parts) {
    const auto value = holds(part, message);
    if (value == decisive) {
      return decisive;
    }
    is_unknown = is_unknown || !value;
  }
  return is_unknown ? std::nullopt : std::optional(!decisive);
}

/// The tests that stand below an even number of `not`.
void collect(const Condition& condition, bool is_negated, std::vector<const Condition*>& tests) {
  if (condition.kind == Kind::Test && !is_negated) {
    tests.push_back(&condition);
  }
  for (const Condition& part : condition.parts) {
    collect(part, condition.kind == Kind::Not ? !is_negated : is_negated, tests);
  }
}

/// Whether the message shows a proof that the conditions name, or DMARC lets it pass anyway.
bool shows_proof(const Condition& when, const Message& message) {
  if (message.at(Fact::Dmarc) == "pass" || message.at(Fact::Dmarc) == "none") {
    return true;
  }
  std::vector<const Condition*> tests;
  collect(when, false, tests);
  return std::any_of(tests.begin(), tests.end(), [&message](const Condition* test) {
    const Fact fact = test->fact;
    return holds_test(*test, message) == true &&
           (fact == Fact::ClientIp || fact == Fact::DkimDomain || fact == Fact::ArcSealer ||
            (fact == Fact::Authenticated && !message.at(fact).empty()) ||
            (fact == Fact::ClientName && message.at(Fact::Iprev) == "pass") ||
            (fact == Fact::MailFromDomain && message.at(Fact::Spf) == "pass"));
  });
}

/// Values of which the partner's can be had by the partner alone, the forger's by anybody; those of the last lists are
/// too wide to name either.
std::vector<std::string> some_values(test::Dice& dice, Fact fact) {
  const std::vector<std::string> names{"partner.example", "*.partner.example", "mx.partner.example", "*.example",
                                       "*.test"};
  std::vector<std::string> pool = names;
  if (fact == Fact::Dmarc) {
    pool = {"pass", "none", "fail", "temperror", "permerror"};
  } else if (fact == Fact::Spf) {
    pool = {"pass", "fail", "none", "temperror"};
  } else if (fact == Fact::Iprev) {
    pool = {"pass", "fail", "temperror"};
  } else if (fact == Fact::ClientIp) {
    pool = {"192.0.2.0/24", "192.0.2.7", "0.0.0.0/0", "200.0.0.0/6", "2001:db8::/32", "2000::/3"};
  } else if (fact == Fact::Authenticated) {
    return {dice.flip() ? "true" : dice.flip() ? "false" : "alice"};
  }
  std::vector<std::string> values;
  for (std::size_t i = 0; i <= dice.below(3); ++i) {
    values.push_back(dice.pick(pool));
  }
  return values;
}

Condition some_condition(test::Dice& dice, unsigned depth) {
  if (depth == 0 || dice.one_in(3)) {
    const Fact fact = dice.pick(facts_asked());
    return is(fact, some_values(dice, fact));
  }
  if (dice.one_in(4)) {
    return none(some_condition(dice, depth - 1));
  }
  std::vector<Condition> parts;
  for (std::size_t i = dice.below(4); i > 0; --i) {
    parts.push_back(some_condition(dice, depth - 1));
  }
  return dice.one_in(3) ? any(std::move(parts)) : all(std::move(parts));
}

std::string some_name(test::Dice& dice) {
  return dice.pick(std::vector<std::string>{"partner.example", "mx.partner.example", "forger.test", "mx.forger.test",
                                            "other.example", ""});
}

Message some_message(test::Dice& dice) {
  Message message;
  message[Fact::FromDomain] = some_name(dice);
  message[Fact::Dmarc] = dice.pick(std::vector<std::string>{"pass", "none", "fail", "fail", "temperror", "permerror"});
  message[Fact::MailFromDomain] = some_name(dice);
  message[Fact::Spf] = dice.pick(std::vector<std::string>{"pass", "fail", "none", "temperror"});
  message[Fact::ClientName] = some_name(dice);
  message[Fact::Iprev] = dice.pick(std::vector<std::string>{"pass", "fail", "temperror", ""});
  message[Fact::DkimDomain] = some_name(dice);
  message[Fact::ArcSealer] = some_name(dice);
  message[Fact::Authenticated] = dice.one_in(4) ? "alice" : "";
  message[Fact::ClientIp] =
      dice.pick(std::vector<std::string>{"192.0.2.7", "192.0.2.200", "203.0.113.66", "2001:db8::1", "2600::66", ""});
  return message;
}

/// What a forger can send: any From, any MAIL FROM and client name, but checks that pass only for names of their own;
/// another's address, seal, signature or login is out of reach. DMARC fails, or could not be checked.
Message forged_message(test::Dice& dice) {
  Message message = some_message(dice);
  message[Fact::Dmarc] = dice.pick(std::vector<std::string>{"fail", "fail", "temperror", "permerror"});
  if (message[Fact::Spf] == "pass") {
    message[Fact::MailFromDomain] = dice.flip() ? "forger.test" : "mx.forger.test";
  }
  if (message[Fact::Iprev] == "pass") {
    message[Fact::ClientName] = dice.flip() ? "forger.test" : "mx.forger.test";
  }
  message[Fact::DkimDomain] = dice.flip() ? "forger.test" : "";
  message[Fact::ArcSealer] = dice.flip() ? "mx.forger.test" : "";
  message[Fact::Authenticated].clear();
  message[Fact::ClientIp] = dice.flip() ? "203.0.113.66" : "2600::66";
  return message;
}

}  // namespace

TEST_CASE("policy/proof: what counts as a proof", "[policy][proof]") {
  struct Row {
    const char* name;
    Condition when;
    bool is_proven;
  };
  const Condition from = is(Fact::FromDomain, "example.com");
  const Condition signer = is(Fact::DkimDomain, "example.com");
  const std::vector<Row> rows{
      {"nothing at all", all({}), false},
      {"the author's domain", from, false},
      {"a client's network", all({from, is(Fact::ClientIp, "192.0.2.0/24")}), true},
      {"a client's name", all({from, is(Fact::ClientName, "mx.example.com")}), false},
      {"iprev=pass of anybody", all({from, is(Fact::Iprev, "pass")}), false},
      {"a client's name that iprev confirms", all({is(Fact::ClientName, "mx.example.com"), is(Fact::Iprev, "pass")}),
       true},
      {"a client's name with iprev=pass or fail",
       all({is(Fact::ClientName, "mx.example.com"), is(Fact::Iprev, {"pass", "fail"})}), false},
      {"a signer", all({from, signer}), true},
      {"a signature of anybody", all({from, is(Fact::Dkim, "pass")}), false},
      {"a MAIL FROM", all({from, is(Fact::MailFromDomain, "example.com")}), false},
      {"a MAIL FROM that SPF confirms", all({is(Fact::MailFromDomain, "example.com"), is(Fact::Spf, "pass")}), true},
      {"a MAIL FROM with spf=softfail, too",
       all({is(Fact::MailFromDomain, "example.com"), is(Fact::Spf, {"pass", "softfail"})}), false},
      {"a MAIL FROM with the HELO's SPF", all({is(Fact::MailFromDomain, "example.com"), is(Fact::SpfHelo, "pass")}),
       false},
      {"a sealer", all({from, is(Fact::ArcSealer, "lists.example.org")}), true},
      {"a chain of anybody", all({from, is(Fact::Arc, "pass")}), false},
      {"what some chain claims", all({from, is(Fact::ArcClaims, "dmarc=pass")}), false},
      {"a login", is(Fact::Authenticated, "true"), true},
      {"a login's name", is(Fact::Authenticated, "alice"), true},
      {"no login", is(Fact::Authenticated, "false"), false},
      {"evidence of an indirect flow", is(Fact::Indirect, "true"), false},
      {"the recipient", is(Fact::Rcpt, "abuse@example.net"), false},
      {"a list", is(Fact::ListId, "list.example.org"), false},
      {"HELO", is(Fact::Helo, "mx.example.com"), false},
      {"dmarc=pass", all({from, is(Fact::Dmarc, "pass")}), true},
      {"dmarc=pass or none", is(Fact::Dmarc, {"pass", "none"}), true},
      // An unusable From field is a permerror.
      {"dmarc=none or permerror", is(Fact::Dmarc, {"none", "permerror"}), false},
      {"dmarc=fail", is(Fact::Dmarc, "fail"), false},
      {"not one of the results that fail", none(is(Fact::Dmarc, {"fail", "temperror", "permerror"})), true},
      {"not dmarc=fail, which leaves the errors", none(is(Fact::Dmarc, "fail")), false},
      {"p=none", is(Fact::DmarcPublished, "none"), false},
      {"any, each proven", any({signer, is(Fact::ClientIp, "192.0.2.1")}), true},
      {"any, one not", any({signer, from}), false},
      {"any, one not, beside a proof", all({any({signer, from}), is(Fact::ClientIp, "192.0.2.1")}), true},
      {"two of any, neither proven", all({any({signer, from}), any({signer, from})}), false},
      {"iprev beside any of names",
       all({any({is(Fact::ClientName, "a.example"), is(Fact::ClientName, "b.example")}), is(Fact::Iprev, "pass")}),
       true},
      {"iprev within all within all",
       all({all({is(Fact::Iprev, "pass")}), all({from, all({is(Fact::ClientName, "a.example")})})}), true},
      {"iprev in the other branch", any({is(Fact::ClientName, "a.example"), is(Fact::Iprev, "pass")}), false},
      {"not a proof", all({from, none(is(Fact::ClientIp, "192.0.2.1"))}), false},
      {"not not a proof", all({from, none(none(is(Fact::ClientIp, "192.0.2.1")))}), true},
      {"not any of not: all", none(any({none(signer), from})), true},
      {"not all of not: any", none(all({none(signer), from})), false},
      {"iprev=pass under not", all({is(Fact::ClientName, "a.example"), none(is(Fact::Iprev, "pass"))}), false},
      {"pattern of a top-level domain", is(Fact::DkimDomain, "*.com"), false},
      {"pattern of two labels", is(Fact::DkimDomain, "*.example.com"), true},
      {"a list with one that is too wide", is(Fact::DkimDomain, {"example.com", "*.com"}), false},
      {"a sealer of a top-level domain", is(Fact::ArcSealer, "*.org"), false},
      {"names of a top-level domain with iprev", all({is(Fact::ClientName, "*.com"), is(Fact::Iprev, "pass")}), false},
      {"names of a top-level domain with SPF", all({is(Fact::MailFromDomain, "*.com"), is(Fact::Spf, "pass")}), false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(is_proof(row.when) == row.is_proven);
  }
}

TEST_CASE("policy/proof: networks up to /8 and /24 name somebody, wider ones nobody", "[policy][proof]") {
  CHECK(is_proof(is(Fact::ClientIp, ("10.0.0.0/" + std::to_string(kMinProofBitsV4)).c_str())));
  CHECK_FALSE(is_proof(is(Fact::ClientIp, ("10.0.0.0/" + std::to_string(kMinProofBitsV4 - 1)).c_str())));
  CHECK(is_proof(is(Fact::ClientIp, ("2a00::/" + std::to_string(kMinProofBitsV6)).c_str())));
  CHECK_FALSE(is_proof(is(Fact::ClientIp, ("2a00::/" + std::to_string(kMinProofBitsV6 - 1)).c_str())));
  CHECK_FALSE(is_proof(is(Fact::ClientIp, {"192.0.2.1", "0.0.0.0/0"})));
}

TEST_CASE("policy/proof: where IPv6 addresses stand for IPv4 ones, a network names somebody up to an IPv4 /8",
          "[policy][proof]") {
  struct Row {
    const char* network;
    bool is_proven;
  };
  const std::vector<Row> rows{
      {"64:ff9b::/96", false},       {"64:ff9b::/103", false},
      {"64:ff9b::c000:0/104", true}, {"64:ff9b::192.0.2.1", true},
      {"64:ff9b::/32", false},       {"64:ff9b:1::/48", false},
      {"64:ff9b:1:2::/64", false},   {"64:ff9b:1:2::a00:0/104", true},
      {"2002::/16", false},          {"2002::/23", false},
      {"2002:c000::/24", true},      {"2002:c000:201::/48", true},
      {"2001::/32", false},          {"2001:0:c000:201::/64", false},
      {"2001:db8::/32", true},       {"::/16", false},
      {"2002:c000:201::1", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.network);
    CHECK(is_proof(is(Fact::ClientIp, row.network)) == row.is_proven);
  }
  const auto text = find_missing_proof(rule("r", is(Fact::ClientIp, "64:ff9b::/96")));
  REQUIRE(text);
  CHECK(text->find("client_ip: 64:ff9b::/96 is wider than /104, which names nobody") != std::string::npos);
}

TEST_CASE("policy/proof: accepting rules need one, and those alone", "[policy][proof]") {
  const Condition from = is(Fact::FromDomain, "example.com");
  for (const Action action : {Action::Reject, Action::TempFail, Action::Quarantine, Action::Discard}) {
    CHECK_FALSE(needs_proof(rule("r", from, action)));
    CHECK_FALSE(find_missing_proof(rule("r", from, action)));
  }
  CHECK_FALSE(needs_proof(rule("r", from, std::nullopt)));
  CHECK_FALSE(find_missing_proof(rule("r", from, std::nullopt)));
  CHECK(needs_proof(rule("r", from)));
  Rule observed = rule("r", from);
  observed.observe = true;
  CHECK(find_missing_proof(observed));
  Rule adds = rule("r", from);
  adds.then.header = HeaderField{"X-Partner", "yes"};
  CHECK(find_missing_proof(adds));
  CHECK_FALSE(needs_proof(rule("r", all({from, is(Fact::Dmarc, "pass")}))));
  // Proven, so that it is fine, but it needed it.
  CHECK(needs_proof(rule("r", is(Fact::DkimDomain, "example.com"))));
  CHECK_FALSE(find_missing_proof(rule("r", is(Fact::DkimDomain, "example.com"))));
}

TEST_CASE("policy/proof: the administrator reads the attack, what does not count, and what would", "[policy][proof]") {
  struct Row {
    const char* name;
    Condition when;
    std::vector<const char*> says;
  };
  const Condition from = is(Fact::FromDomain, "partner.example");
  const std::vector<Row> rows{
      {"author alone",
       from,
       {"anybody can write partner.example in From", "a forged message that fails DMARC would be accepted",
        "dkim_domain: partner.example", "client_ip", "unproven: true"}},
      {"no author", is(Fact::Rcpt, "abuse@example.net"), {"anybody can send a message that this rule matches"}},
      {"client name without iprev",
       all({from, is(Fact::ClientName, "mx.partner.example")}),
       {"client_name counts only with iprev: pass"}},
      {"MAIL FROM without SPF",
       all({from, is(Fact::MailFromDomain, "partner.example")}),
       {"mail_from_domain counts only with spf: pass"}},
      {"too wide a network",
       all({from, is(Fact::ClientIp, "128.0.0.0/1")}),
       {"client_ip: 128.0.0.0/1 is wider than /8"}},
      {"too wide a pattern", all({from, is(Fact::DkimDomain, "*.com")}), {"dkim_domain: *.com covers names"}},
      {"a branch without", any({from, is(Fact::DkimDomain, "partner.example")}), {"one branch of any"}},
      {"under not", all({from, none(is(Fact::ClientIp, "192.0.2.1"))}), {"under not"}},
  };
  for (const Row& row : rows) {
    const auto text = find_missing_proof(rule("r", row.when));
    CAPTURE(row.name);
    REQUIRE(text);
    CAPTURE(*text);
    for (const char* const words : row.says) {
      CHECK(text->find(words) != std::string::npos);
    }
  }
}

TEST_CASE("policy/proof: what a proven rule matches shows a proof, and nothing that a forger can send",
          "[policy][proof][property]") {
  test::Dice dice(7489);
  std::size_t proven = 0;
  std::size_t matched = 0;
  std::size_t forged_matched = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Condition when = some_condition(dice, 4);
    const bool is_sure = is_proof(when);
    proven += is_sure ? 1 : 0;
    for (int j = 0; j < 20; ++j) {
      const Message message = some_message(dice);
      const bool matches = holds(when, message) == true;
      matched += matches && is_sure ? 1 : 0;
      CAPTURE(i, j);
      REQUIRE((!is_sure || !matches || shows_proof(when, message)));
      const Message forged = forged_message(dice);
      const bool is_fooled = holds(when, forged) == true;
      forged_matched += is_fooled ? 1 : 0;
      REQUIRE_FALSE((is_sure && is_fooled));
    }
  }
  // Otherwise the above says nothing.
  CHECK(proven > 2'000);
  CHECK(matched > 2'000);
  CHECK(forged_matched > 2'000);
}

}  // namespace assay::policy
