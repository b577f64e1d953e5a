#include "policy/decide.h"

#include <functional>
#include <optional>
#include <string>

#include "tests/support/catch.h"

namespace assay::policy {
namespace {

Verdict with(dmarc::Status status, dmarc::Reason reason, std::optional<dmarc::Policy> policy = std::nullopt) {
  Verdict verdict;
  verdict.dmarc.status = status;
  verdict.dmarc.reason = reason;
  if (!dmarc::is_bad_from(reason)) {
    verdict.dmarc.author = Domain::parse("example.com").value();
  }
  verdict.dmarc.published = policy;
  verdict.dmarc.policy = policy;
  return verdict;
}

Verdict failing(dmarc::Policy policy) {
  return with(dmarc::Status::Fail, dmarc::Reason::NotAligned, policy);
}

/// Adds evidence of a mailing list.
Verdict through_list(Verdict verdict) {
  verdict.list_id = "lists.example.org";
  verdict.spf_mail_from.status = spf::Status::Pass;
  verdict.spf_mail_from.domain = "lists.example.org";
  return verdict;
}

/// A message without DMARC record whose SPF is that.
Verdict with_spf_alone(spf::Status status) {
  Verdict verdict = with(dmarc::Status::None, dmarc::Reason::NoRecord);
  verdict.spf_mail_from.status = status;
  verdict.spf_mail_from.domain = "example.com";
  return verdict;
}

/// A message without DMARC record whose one signature comes out as that.
Verdict with_dkim_alone(dkim::Status status) {
  Verdict verdict = with(dmarc::Status::None, dmarc::Reason::NoRecord);
  verdict.dkim.emplace_back().status = status;
  return verdict;
}

Verdict exceeding(Bound bound) {
  Verdict verdict;
  verdict.exceeded = bound;
  return verdict;
}

struct Row {
  const char* name;
  Verdict verdict;
  std::function<void(Rules&, Facts&)> change;
  Action action;
  const char* rule;
  const char* reply;  ///< "code enhanced text"; nullptr: none.
};

std::string line(const Reply& reply) {
  return std::to_string(reply.code) + " " + reply.enhanced + " " + reply.text;
}

void nothing(Rules&, Facts&) {}

std::vector<Row> rows() {
  using dmarc::Policy;
  using dmarc::Reason;
  using dmarc::Status;
  return {
      // local mail comes before everything
      {"local mail is accepted", failing(Policy::Reject), [](Rules&, Facts& f) { f.local = true; }, Action::Accept,
       "local", nullptr},
      {"local mail beyond a bound is accepted", exceeding(Bound::HeaderOctets),
       [](Rules&, Facts& f) { f.local = true; }, Action::Accept, "local", nullptr},
      // nothing to object to
      {"pass", with(Status::Pass, Reason::None, Policy::Reject), nothing, Action::Accept, "default", nullptr},
      {"no record", with(Status::None, Reason::NoRecord), nothing, Action::Accept, "default", nullptr},
      {"unusable record (RFC 9989 section 4.10.1)", with(Status::PermError, Reason::UnusableRecord), nothing,
       Action::Accept, "default", nullptr},
      // nothing but what SPF or DKIM say (RFC 7208 sections 8.2 to 8.7, RFC 6376 sections 6.1 and 6.3)
      {"SPF none alone", with_spf_alone(spf::Status::None), nothing, Action::Accept, "default", nullptr},
      {"SPF neutral alone", with_spf_alone(spf::Status::Neutral), nothing, Action::Accept, "default", nullptr},
      {"SPF fail alone", with_spf_alone(spf::Status::Fail), nothing, Action::Accept, "default", nullptr},
      {"SPF softfail alone", with_spf_alone(spf::Status::SoftFail), nothing, Action::Accept, "default", nullptr},
      {"SPF temperror alone", with_spf_alone(spf::Status::TempError), nothing, Action::Accept, "default", nullptr},
      {"SPF permerror alone", with_spf_alone(spf::Status::PermError), nothing, Action::Accept, "default", nullptr},
      {"DKIM fail alone", with_dkim_alone(dkim::Status::Fail), nothing, Action::Accept, "default", nullptr},
      {"DKIM permerror alone", with_dkim_alone(dkim::Status::PermError), nothing, Action::Accept, "default", nullptr},
      {"DKIM temperror alone", with_dkim_alone(dkim::Status::TempError), nothing, Action::Accept, "default", nullptr},
      // a failure, by the policy that applies
      {"p=reject", failing(Policy::Reject), nothing, Action::Reject, "policy.published.reject",
       "550 5.7.1 Email rejected per DMARC policy for example.com"},
      {"p=quarantine", failing(Policy::Quarantine), nothing, Action::Quarantine, "policy.published.quarantine",
       nullptr},
      {"p=none", failing(Policy::None), nothing, Action::Accept, "policy.published.none", nullptr},
      {"p=reject, t=y: what is left decides",
       [] {
         Verdict verdict = failing(Policy::Reject);
         verdict.dmarc.policy = Policy::Quarantine;
         return verdict;
       }(),
       nothing, Action::Quarantine, "policy.published.quarantine", nullptr},
      {"a stricter author elsewhere is not in dmarc by contract",
       [] {
         Verdict verdict = failing(Policy::Quarantine);
         verdict.other_authors.push_back(failing(Policy::None).dmarc);
         return verdict;
       }(),
       nothing, Action::Quarantine, "policy.published.quarantine", nullptr},
      {"p=none beside an author who could not be checked",
       [] {
         Verdict verdict = failing(Policy::None);
         verdict.other_authors.push_back(with(dmarc::Status::TempError, dmarc::Reason::DnsFailure).dmarc);
         verdict.other_authors.back().author = Domain::parse("other.example").value();
         return verdict;
       }(),
       [](Rules& r, Facts&) { r.temperror = Action::TempFail; }, Action::TempFail, "policy.temperror",
       "451 4.7.1 DMARC policy for other.example could not be checked, try again later"},
      {"the same, accepted by default",
       [] {
         Verdict verdict = failing(Policy::None);
         verdict.other_authors.push_back(with(dmarc::Status::TempError, dmarc::Reason::DnsFailure).dmarc);
         return verdict;
       }(),
       nothing, Action::Accept, "policy.published.none", nullptr},
      {"p=reject beside an author who could not be checked",
       [] {
         Verdict verdict = failing(Policy::Reject);
         verdict.other_authors.push_back(with(dmarc::Status::TempError, dmarc::Reason::DnsFailure).dmarc);
         return verdict;
       }(),
       [](Rules& r, Facts&) { r.temperror = Action::TempFail; }, Action::Reject, "policy.published.reject",
       "550 5.7.1 Email rejected per DMARC policy for example.com"},
      // indirect flow
      {"p=reject through a list", through_list(failing(Policy::Reject)), nothing, Action::Quarantine, "policy.indirect",
       nullptr},
      {"p=reject through a list, harsh reading", through_list(failing(Policy::Reject)),
       [](Rules& r, Facts&) { r.indirect = Action::Reject; }, Action::Reject, "policy.indirect",
       "550 5.7.1 Email rejected per DMARC policy for example.com"},
      {"p=reject through a list, accepted by the administrator", through_list(failing(Policy::Reject)),
       [](Rules& r, Facts&) { r.indirect = Action::Accept; }, Action::Accept, "policy.indirect", nullptr},
      {"evidence never makes it worse: published.reject accepts", through_list(failing(Policy::Reject)),
       [](Rules& r, Facts&) { r.published.reject = Action::Accept; }, Action::Accept, "policy.published.reject",
       nullptr},
      {"evidence never makes it worse: published.reject quarantines", through_list(failing(Policy::Reject)),
       [](Rules& r, Facts&) {
         r.published.reject = Action::Quarantine;
         r.indirect = Action::Reject;
       },
       Action::Quarantine, "policy.published.reject", nullptr},
      {"p=quarantine through a list", through_list(failing(Policy::Quarantine)), nothing, Action::Quarantine,
       "policy.published.quarantine", nullptr},
      {"p=none through a list", through_list(failing(Policy::None)), nothing, Action::Accept, "policy.published.none",
       nullptr},
      {"the bare RFC", failing(Policy::Reject), [](Rules& r, Facts&) { r.published.reject = Action::Quarantine; },
       Action::Quarantine, "policy.published.reject", nullptr},
      // the published policy mapped otherwise
      {"published.reject: tempfail", failing(Policy::Reject),
       [](Rules& r, Facts&) { r.published.reject = Action::TempFail; }, Action::TempFail, "policy.published.reject",
       "451 4.7.1 Email deferred per DMARC policy for example.com"},
      {"published.reject: discard", failing(Policy::Reject),
       [](Rules& r, Facts&) { r.published.reject = Action::Discard; }, Action::Discard, "policy.published.reject",
       nullptr},
      {"published.quarantine: reject", failing(Policy::Quarantine),
       [](Rules& r, Facts&) { r.published.quarantine = Action::Reject; }, Action::Reject, "policy.published.quarantine",
       "550 5.7.1 Email rejected per DMARC policy for example.com"},
      {"published.none: quarantine", failing(Policy::None),
       [](Rules& r, Facts&) { r.published.none = Action::Quarantine; }, Action::Quarantine, "policy.published.none",
       nullptr},
      // could not be checked
      {"temperror", with(Status::TempError, Reason::DnsFailure), nothing, Action::Accept, "policy.temperror", nullptr},
      {"temperror, although the policy is known", with(Status::TempError, Reason::DnsFailure, Policy::Reject), nothing,
       Action::Accept, "policy.temperror", nullptr},
      {"temperror: tempfail", with(Status::TempError, Reason::DnsFailure),
       [](Rules& r, Facts&) { r.temperror = Action::TempFail; }, Action::TempFail, "policy.temperror",
       "451 4.7.1 DMARC policy for example.com could not be checked, try again later"},
      {"temperror by DNSSEC", with(Status::TempError, Reason::DnssecBogus),
       [](Rules& r, Facts&) { r.temperror = Action::TempFail; }, Action::TempFail, "policy.temperror",
       "451 4.7.1 DMARC policy for example.com could not be checked, try again later"},
      // From
      {"From missing", with(Status::PermError, Reason::FromMissing), nothing, Action::Reject, "policy.bad_from",
       "550 5.7.1 No usable From field: there is none"},
      {"From repeated", with(Status::PermError, Reason::FromRepeated), nothing, Action::Reject, "policy.bad_from",
       "550 5.7.1 No usable From field: there is more than one"},
      {"From unparsable", with(Status::PermError, Reason::FromUnparsable), nothing, Action::Reject, "policy.bad_from",
       "550 5.7.1 No usable From field: it cannot be read as addresses"},
      {"From without a domain", with(Status::PermError, Reason::FromWithoutDomain), nothing, Action::Reject,
       "policy.bad_from", "550 5.7.1 No usable From field: it has no address with a domain"},
      {"too many authors", with(Status::PermError, Reason::TooManyAuthors), nothing, Action::Reject, "policy.bad_from",
       "550 5.7.1 No usable From field: it names too many domains"},
      {"bad_from: accept", with(Status::PermError, Reason::FromMissing),
       [](Rules& r, Facts&) { r.bad_from = Action::Accept; }, Action::Accept, "policy.bad_from", nullptr},
      {"bad_from: quarantine", with(Status::PermError, Reason::FromMissing),
       [](Rules& r, Facts&) { r.bad_from = Action::Quarantine; }, Action::Quarantine, "policy.bad_from", nullptr},
      {"bad_from: tempfail", with(Status::PermError, Reason::FromMissing),
       [](Rules& r, Facts&) { r.bad_from = Action::TempFail; }, Action::TempFail, "policy.bad_from",
       "451 4.7.1 No usable From field: there is none"},
      // bounds
      {"header too large", exceeding(Bound::HeaderOctets), nothing, Action::Reject, "limits.exceeded",
       "552 5.3.4 Message header too large to verify"},
      {"too many fields", exceeding(Bound::HeaderFields), nothing, Action::Reject, "limits.exceeded",
       "552 5.3.4 Message header has too many fields to verify"},
      {"exceeded: tempfail", exceeding(Bound::HeaderOctets), [](Rules& r, Facts&) { r.exceeded = Action::TempFail; },
       Action::TempFail, "limits.exceeded", "452 4.3.4 Message header too large to verify"},
      {"exceeded: accept", exceeding(Bound::HeaderFields), [](Rules& r, Facts&) { r.exceeded = Action::Accept; },
       Action::Accept, "limits.exceeded", nullptr},
      {"exceeded comes before what DMARC says",
       [] {
         Verdict verdict = with(Status::PermError, Reason::FromMissing);
         verdict.exceeded = Bound::HeaderOctets;
         return verdict;
       }(),
       nothing, Action::Reject, "limits.exceeded", "552 5.3.4 Message header too large to verify"},
  };
}

}  // namespace

TEST_CASE("policy/decide: one row for each rule", "[policy][decide]") {
  for (const Row& row : rows()) {
    DYNAMIC_SECTION(row.name) {
      Rules rules;
      Facts facts;
      row.change(rules, facts);
      const Decision decision = decide(row.verdict, facts, rules, Time{});
      CHECK(std::string(to_string(decision.action)) == to_string(row.action));
      CHECK(decision.rule == row.rule);
      CHECK_FALSE(decision.would);
      CHECK((decision.reply ? line(*decision.reply) : "") == (row.reply != nullptr ? row.reply : ""));
      CHECK(decision.quarantine.has_value() == (row.action == Action::Quarantine));
    }
  }
}

TEST_CASE("policy/decide: monitor mode changes no fate and says what enforce mode would do", "[policy][decide]") {
  for (const Row& row : rows()) {
    DYNAMIC_SECTION(row.name) {
      Rules rules;
      Facts facts;
      row.change(rules, facts);
      const Decision enforced = decide(row.verdict, facts, rules, Time{});
      rules.mode = Mode::Monitor;
      const Decision decision = decide(row.verdict, facts, rules, Time{});
      CHECK(decision.action == Action::Accept);
      CHECK(decision.rule == row.rule);
      CHECK(decision.would == (row.action == Action::Accept ? std::nullopt : std::optional(row.action)));
      CHECK_FALSE(decision.reply);
      CHECK_FALSE(decision.quarantine);
      CHECK(decision.indirect == enforced.indirect);
    }
  }
}

TEST_CASE("policy/decide: the evidence is listed whenever DMARC fails, and then alone", "[policy][decide]") {
  const std::vector<Indirect> list{Indirect::List};
  for (const auto policy : {dmarc::Policy::Reject, dmarc::Policy::Quarantine, dmarc::Policy::None}) {
    CHECK(decide(through_list(failing(policy)), {}, {}, Time{}).indirect == list);
    CHECK(decide(failing(policy), {}, {}, Time{}).indirect.empty());
  }
  CHECK(decide(through_list(with(dmarc::Status::Pass, dmarc::Reason::None)), {}, {}, Time{}).indirect.empty());
  CHECK(
      decide(through_list(with(dmarc::Status::TempError, dmarc::Reason::DnsFailure)), {}, {}, Time{}).indirect.empty());
  CHECK(decide(through_list(with(dmarc::Status::PermError, dmarc::Reason::FromMissing)), {}, {}, Time{})
            .indirect.empty());
  CHECK(decide(through_list(exceeding(Bound::HeaderOctets)), {}, {}, Time{}).indirect.empty());
  Facts local;
  local.local = true;
  CHECK(decide(through_list(failing(dmarc::Policy::Reject)), local, {}, Time{}).indirect.empty());
}

TEST_CASE("policy/decide: each form of quarantine", "[policy][decide]") {
  Rules rules;
  rules.quarantine.name = "X-Quarantine";
  rules.quarantine.value = "dmarc";
  rules.quarantine.to = "quarantine@example.net";
  const Verdict verdict = failing(dmarc::Policy::Quarantine);

  SECTION("header, hold and redirect carry no reply: the message is accepted") {
    const auto how = GENERATE(QuarantineHow::Header, QuarantineHow::Hold, QuarantineHow::Redirect);
    rules.quarantine.how = how;
    const Decision decision = decide(verdict, {}, rules, Time{});
    CHECK(decision.action == Action::Quarantine);
    CHECK(decision.quarantine == rules.quarantine);
    CHECK_FALSE(decision.reply);
  }
  SECTION("reject answers the client") {
    rules.quarantine.how = QuarantineHow::Reject;
    const Decision decision = decide(verdict, {}, rules, Time{});
    CHECK(decision.action == Action::Quarantine);
    CHECK(decision.quarantine == rules.quarantine);
    REQUIRE(decision.reply);
    CHECK(line(*decision.reply) ==
          "550 5.7.1 Email rejected per DMARC policy for example.com (quarantined mail is refused here)");
  }
  SECTION("reject in monitor mode does not") {
    rules.quarantine.how = QuarantineHow::Reject;
    rules.mode = Mode::Monitor;
    const Decision decision = decide(verdict, {}, rules, Time{});
    CHECK(decision.action == Action::Accept);
    CHECK(decision.would == Action::Quarantine);
    CHECK_FALSE(decision.quarantine);
    CHECK_FALSE(decision.reply);
  }
}

TEST_CASE("policy/decide: the longest author domain fits the reply", "[policy][decide]") {
  // 253 octets, the longest name there is (RFC 1035 section 2.3.4).
  const std::string label(63, 'a');
  const std::string name = label + "." + label + "." + label + "." + std::string(61, 'b');
  Verdict verdict = failing(dmarc::Policy::Quarantine);
  verdict.dmarc.author = Domain::parse(name).value();
  Rules rules;
  rules.quarantine.how = QuarantineHow::Reject;
  const Decision decision = decide(verdict, {}, rules, Time{});
  REQUIRE(decision.reply);
  CHECK(decision.reply->text.size() <= 400);
  CHECK(decision.reply->text.find(name) != std::string::npos);
}

TEST_CASE("policy/decision: the words of the record", "[policy]") {
  CHECK(std::string(to_string(Action::Accept)) == "accept");
  CHECK(std::string(to_string(Action::Reject)) == "reject");
  CHECK(std::string(to_string(Action::TempFail)) == "tempfail");
  CHECK(std::string(to_string(Action::Quarantine)) == "quarantine");
  CHECK(std::string(to_string(Action::Discard)) == "discard");
  CHECK(std::string(to_string(QuarantineHow::Header)) == "header");
  CHECK(std::string(to_string(QuarantineHow::Hold)) == "hold");
  CHECK(std::string(to_string(QuarantineHow::Reject)) == "reject");
  CHECK(std::string(to_string(QuarantineHow::Redirect)) == "redirect");
}

}  // namespace assay::policy
