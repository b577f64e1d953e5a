#include <algorithm>
#include <random>
#include <string>

#include "policy/decide.h"
#include "tests/support/catch.h"
#include "verify/base/text.h"

namespace assay::policy {
namespace {

/// Makes arbitrary messages, members drawn on their own so that combinations no verifier would make appear as well.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}

  unsigned below(unsigned count) { return static_cast<unsigned>(engine_() % count); }
  bool flip() { return below(2) == 1; }

  template <class Enum>
  Enum one_of(Enum last) {
    return static_cast<Enum>(below(static_cast<unsigned>(last) + 1));
  }

  /// Names that are related to each other, and octets that are no name.
  std::string text() {
    static const std::vector<std::string> texts{"example.com",   "news.example.com",
                                                "com",           "lists.example.org",
                                                "example.org",   "",
                                                "a@example.com", "..",
                                                "\xff\x01\r\n",  "SRS0=x@example.org",
                                                "%s%",           "@example.com",
                                                "[192.0.2.1]",   "xn--bcher-kva.example"};
    return texts[below(static_cast<unsigned>(texts.size()))];
  }
  std::optional<Domain> name() {
    const auto domain = Domain::parse(text());
    return domain ? std::optional(*domain) : std::nullopt;
  }

  dmarc::Outcome dmarc() {
    dmarc::Outcome outcome;
    outcome.status = one_of(dmarc::Status::PermError);
    outcome.reason = one_of(dmarc::Reason::DnssecBogus);
    outcome.author = name();
    outcome.organizational_domain = name();
    if (flip()) {
      outcome.policy = one_of(dmarc::Policy::Reject);
    }
    outcome.strict_dkim = flip();
    outcome.strict_spf = flip();
    return outcome;
  }

  Verdict verdict() {
    Verdict verdict;
    verdict.spf_mail_from.status = one_of(spf::Status::PermError);
    verdict.spf_mail_from.domain = text();
    for (unsigned i = below(3); i > 0; --i) {
      dkim::Outcome signature;
      signature.status = one_of(dkim::Status::PermError);
      signature.reason = flip() ? dkim::Reason::BodyHashMismatch : one_of(dkim::Reason::TooManySignatures);
      signature.signing_domain = name();
      signature.headers_verified = flip();
      verdict.dkim.push_back(signature);
    }
    verdict.arc.status = one_of(arc::Status::Fail);
    for (unsigned i = below(3); i > 0; --i) {
      static const std::vector<std::string> methods{"dmarc", "dkim", "spf", "\xff"};
      static const std::vector<std::string> properties{"header.from", "header.d", "header.i", "smtp.mailfrom"};
      verdict.arc.claims.push_back(
          {methods[below(4)], flip() ? "pass" : "fail", {{properties[below(4)], text()}, {"x.y", text()}}});
    }
    verdict.dmarc = dmarc();
    if (flip()) {
      verdict.other_authors.push_back(dmarc());
    }
    if (flip()) {
      verdict.iprev = iprev::Outcome{one_of(iprev::Status::PermError), text()};
    }
    verdict.list_id = text();
    verdict.list_post_host = text();
    if (const auto resent = name()) {
      verdict.resent_from.push_back(*resent);
    }
    if (below(10) == 0) {
      verdict.exceeded = one_of(Bound::HeaderFields);
    }
    return verdict;
  }

  Facts facts() {
    Facts facts;
    facts.mail_from = text();
    facts.local = below(10) == 0;
    return facts;
  }

  Rules rules() {
    Rules rules;
    rules.published = {one_of(Action::Discard), one_of(Action::Discard), one_of(Action::Discard)};
    rules.indirect = one_of(Action::Discard);
    rules.temperror = one_of(Action::Discard);
    rules.bad_from = one_of(Action::Discard);
    rules.exceeded = one_of(Action::Discard);
    rules.quarantine.how = one_of(QuarantineHow::Redirect);
    return rules;
  }

 private:
  std::mt19937 engine_;
};

bool is_fit_for_smtp(const Reply& reply) {
  return !reply.text.empty() && reply.text.size() <= 400 && reply.text.find('%') == std::string::npos &&
         std::all_of(reply.text.begin(), reply.text.end(), [](char c) { return is_ascii(c) && !is_control(c); });
}

/// What must hold of a decision in enforce mode; empty if all does.
std::string violation(const Decision& decision) {
  const bool refuses_quarantine = decision.quarantine && decision.quarantine->how == QuarantineHow::Reject;
  const bool permanent = decision.action == Action::Reject || refuses_quarantine;
  const bool temporary = decision.action == Action::TempFail;
  if (decision.would) {
    return "would in enforce mode";
  }
  if (decision.reply.has_value() != (permanent || temporary)) {
    return "reply without refusal, or refusal without reply";
  }
  if (decision.reply) {
    const int expected = permanent ? 5 : 4;
    if (decision.reply->code / 100 != expected || decision.reply->enhanced.front() != (permanent ? '5' : '4')) {
      return "code does not fit the action";
    }
    if (!is_fit_for_smtp(*decision.reply)) {
      return "text unfit for SMTP: " + decision.reply->text;
    }
  }
  if (decision.quarantine.has_value() != (decision.action == Action::Quarantine)) {
    return "quarantine without form, or form without quarantine";
  }
  return decision.rule.empty() ? "no rule" : "";
}

}  // namespace

TEST_CASE("policy/decide: what holds for any message and any rules", "[policy][decide][property]") {
  Dice dice(20260521);
  for (int i = 0; i < 10'000; ++i) {
    const Verdict verdict = dice.verdict();
    const Facts facts = dice.facts();
    Rules rules = dice.rules();
    CAPTURE(i);

    const Decision enforced = decide(verdict, facts, rules, Time{});
    REQUIRE(violation(enforced).empty());
    REQUIRE(decide(verdict, facts, rules, Time{}) == enforced);

    rules.mode = Mode::Monitor;
    const Decision monitored = decide(verdict, facts, rules, Time{});
    REQUIRE(monitored.action == Action::Accept);
    REQUIRE_FALSE(monitored.reply);
    REQUIRE_FALSE(monitored.quarantine);
    REQUIRE(monitored.rule == enforced.rule);
    REQUIRE(monitored.would.value_or(Action::Accept) == enforced.action);
    REQUIRE(monitored.indirect == enforced.indirect);
  }
}

TEST_CASE("policy/decide: with the defaults no evidence turns a p=reject failure into acceptance",
          "[policy][decide][property]") {
  Dice dice(9989);
  for (int i = 0; i < 10'000; ++i) {
    Verdict verdict = dice.verdict();
    verdict.exceeded.reset();
    verdict.dmarc.status = dmarc::Status::Fail;
    verdict.dmarc.reason = dmarc::Reason::NotAligned;
    verdict.dmarc.policy = dmarc::Policy::Reject;
    Facts facts = dice.facts();
    facts.local = false;
    const Decision decision = decide(verdict, facts, {}, Time{});
    CAPTURE(i);
    REQUIRE(decision.action == (decision.indirect.empty() ? Action::Reject : Action::Quarantine));
  }
}

}  // namespace assay::policy
