#include <algorithm>
#include <random>
#include <string>

#include "policy/decide.h"
#include "policy/evaluate.h"
#include "tests/policy/conditions.h"
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
      signature.reason = flip() ? dkim::Reason::BodyHashMismatch : one_of(dkim::Reason::TooCostly);
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
    verdict.arc.reason = flip() ? arc::Reason::None : one_of(arc::Reason::TooCostly);
    verdict.arc.from_signed = flip();
    verdict.arc.instances = below(3);
    for (unsigned i = 0; i < verdict.arc.instances; ++i) {
      verdict.arc.sealers.push_back(text());
      verdict.arc.hops.push_back({"s", flip() ? verdict.arc.sealers.back() : text(), flip(), flip(), flip(), {}});
    }
    if (flip()) {
      verdict.arc.oldest_pass = below(4);  // Beyond the last hop, too.
    }
    verdict.spf_helo.status = one_of(spf::Status::PermError);
    verdict.spf_mail_from.reason = one_of(spf::Reason::DnssecBogus);
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
    facts.has_envelope = flip();
    facts.helo = text();
    facts.client_name = text();
    facts.authenticated = below(4) == 0 ? text() : "";
    facts.tls = flip() ? "TLSv1.3" : "";
    if (flip()) {
      facts.client_ip = IpAddress::parse(flip() ? "192.0.2.1" : "2001:db8::1").value();
    }
    for (unsigned i = below(4); i > 0; --i) {
      facts.rcpt.push_back(flip() ? "joe@" + text() : text());
    }
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
    rules.mixed_recipients = one_of(MixedRecipients::MostLenient);
    if (flip()) {
      static_cast<void>(rules.trusted_sealers.add("lists.example.org"));
    }
    for (unsigned i = below(6); i > 0; --i) {
      rules.own.push_back(rule(i));
    }
    return rules;
  }

  Condition leaf() {
    const FactInfo& asked = all_facts()[below(static_cast<unsigned>(all_facts().size()))];
    if (asked.form == Form::Flag || (asked.form == Form::FlagOrWords && flip())) {
      return test::is(asked.fact, flip() ? "true" : "false");
    }
    static const std::vector<std::string> names{"example.com", "*.com",       "*.example.org",
                                                "example.org", "[192.0.2.1]", "lists.example.org"};
    static const std::vector<std::string> addresses{"a@example.com", "*@example.com", "joe@example.org", "*@"};
    static const std::vector<std::string> networks{"192.0.2.0/24", "2001:db8::1", "0.0.0.0/0"};
    static const std::vector<std::string> claims{"dmarc=pass", "dkim=fail", "spf=pass", "TLSv1.3", "..", ""};
    const std::vector<std::string> words = words_of(asked.fact);
    const std::vector<std::string>* choice = nullptr;
    switch (asked.form) {
      case Form::Names: choice = &names; break;
      case Form::Addresses: choice = &addresses; break;
      case Form::Networks: choice = &networks; break;
      case Form::Words:
      case Form::Flag:
      case Form::FlagOrWords: choice = words.empty() ? &claims : &words; break;
    }
    std::vector<std::string> values;
    for (unsigned i = 1 + below(3); i > 0; --i) {
      values.push_back((*choice)[below(static_cast<unsigned>(choice->size()))]);
    }
    return test::is(asked.fact, values);
  }

  Condition condition(unsigned depth) {
    if (depth == 0 || below(3) == 0) {
      return leaf();
    }
    std::vector<Condition> parts;
    for (unsigned i = below(4); i > 0; --i) {
      parts.push_back(condition(depth - 1));
    }
    switch (below(3)) {
      case 0: return test::all(std::move(parts));
      case 1: return test::any(std::move(parts));
      default: return test::none(condition(depth - 1));
    }
  }

  Rule rule(unsigned number) {
    Rule made = test::rule("rule-" + std::to_string(number), condition(3),
                           below(5) == 0 ? std::nullopt : std::optional(one_of(Action::Discard)));
    made.observe = below(4) == 0;
    made.unproven = flip();
    if (below(4) == 0) {
      made.expires = Time(std::chrono::seconds(below(3)));
    }
    if (below(3) == 0) {
      made.then.header = HeaderField{"X-" + std::to_string(number), "yes"};
    }
    if (flip()) {
      made.then.reply.text = text() + " {rule}{from_domain} {reason} {" + text();
    }
    if (flip()) {
      made.then.reply.code = flip() ? 554 : 450;
      made.then.reply.enhanced = flip() ? "5.7.0" : "4.7.0";
    }
    if (flip()) {
      made.then.quarantine.emplace().how = one_of(QuarantineHow::Redirect);
    }
    return made;
  }

 private:
  std::mt19937 engine_;
};

bool is_fit_for_smtp(const Reply& reply) {
  return !reply.text.empty() && reply.text.size() <= 400 &&
         std::all_of(reply.text.begin(), reply.text.end(), [](char c) { return is_ascii(c) && !is_control(c); });
}

/// What must hold of a decision in enforce mode; empty if all does.
std::string violation(const Decision& decision) {
  const bool refuses_quarantine = decision.quarantine && decision.quarantine->how == QuarantineHow::Reject;
  const bool permanent = decision.action == Action::Reject || refuses_quarantine;
  const bool temporary = decision.action == Action::TempFail;
  if (decision.would && (decision.observed.empty() || decision.would != decision.observed.front().action ||
                         decision.would == decision.action)) {
    return "would without an observed rule that differs";
  }
  if (decision.would.has_value() == decision.would_rule.empty()) {
    return "would without its rule, or a rule without would";
  }
  if (!decision.headers.empty() && (decision.reply || decision.action == Action::Discard)) {
    return "fields for a message that is not passed on";
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

/// Whether the rule holds for each author of the message as some recipient's.
bool holds_for_all_authors(const Rule& rule, const Verdict& verdict, const Facts& facts,
                           const std::vector<Indirect>& evidence, const Rules& rules) {
  const Message message(verdict, facts, evidence);
  const auto holds = [&](const Recipient* recipient) {
    const auto for_author = [&](const dmarc::Outcome& author) {
      return evaluate(rule.when, {message, author, recipient, rules.trusted_sealers, rule.when}) == Truth::True;
    };
    return for_author(verdict.dmarc) &&
           std::all_of(verdict.other_authors.begin(), verdict.other_authors.end(), for_author);
  };
  return (facts.rcpt.empty() && holds(nullptr)) ||
         std::any_of(facts.rcpt.begin(), facts.rcpt.end(), [&holds](const std::string& path) {
           const Recipient recipient(path);
           return holds(&recipient);
         });
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
    if (enforced.action == Action::Accept) {
      const auto own = std::find_if(rules.own.begin(), rules.own.end(),
                                    [&enforced](const Rule& rule) { return rule.name == enforced.rule; });
      REQUIRE((own == rules.own.end() || holds_for_all_authors(*own, verdict, facts, enforced.indirect, rules)));
    }
    REQUIRE(decide(verdict, facts, rules, Time{}) == enforced);

    rules.mode = Mode::Monitor;
    const Decision monitored = decide(verdict, facts, rules, Time{});
    REQUIRE(monitored.action == Action::Accept);
    REQUIRE_FALSE(monitored.reply);
    REQUIRE_FALSE(monitored.quarantine);
    REQUIRE(monitored.rule == enforced.rule);
    REQUIRE(monitored.would.value_or(Action::Accept) == enforced.action);
    REQUIRE(monitored.would_rule == (monitored.would ? enforced.rule : ""));
    REQUIRE(monitored.headers.empty());
    REQUIRE(monitored.tags == enforced.tags);
    REQUIRE(monitored.observed == enforced.observed);
    REQUIRE(monitored.undecided == enforced.undecided);
    REQUIRE(monitored.mixed_recipients == enforced.mixed_recipients);
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
