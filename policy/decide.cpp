#include "policy/decide.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "policy/indirect.h"
#include "policy/trusted_chain.h"

namespace assay::policy {
namespace {

/// What one rule asks for, and what the client is told if that is a refusal. Texts are fixed words and at most one
/// Domain (253 octets of letters, digits, '-', '_' and '.'), so they fit Reply::text.
struct Ruling {
  const char* rule = "default";
  Action action = Action::Accept;
  Reply reject{550, "5.7.1", {}};    ///< RFC 3463: security, delivery not authorized.
  Reply tempfail{451, "4.7.1", {}};  ///< RFC 9989 section 7.2: a deferral is best done with a 4xy code.
  std::optional<Override> override{};
};

Ruling limits_exceeded(Bound bound, Action action) {
  Ruling ruling{"limits.exceeded", action, {552, "5.3.4", {}}, {452, "4.3.4", {}}};  // RFC 3463: message too big.
  switch (bound) {
    case Bound::HeaderOctets: ruling.reject.text = "Message header too large to verify"; break;
    case Bound::HeaderFields: ruling.reject.text = "Message header has too many fields to verify"; break;
  }
  ruling.tempfail.text = ruling.reject.text;
  return ruling;
}

const char* describe_from(dmarc::Reason reason) {
  switch (reason) {
    case dmarc::Reason::FromMissing: return "No usable From field: there is none";
    case dmarc::Reason::FromRepeated: return "No usable From field: there is more than one";
    case dmarc::Reason::FromUnparsable: return "No usable From field: it cannot be read as addresses";
    case dmarc::Reason::FromWithoutDomain: return "No usable From field: it has no address with a domain";
    case dmarc::Reason::TooManyAuthors: return "No usable From field: it names too many domains";
    case dmarc::Reason::None:
    case dmarc::Reason::NoRecord:
    case dmarc::Reason::NotAligned:
    case dmarc::Reason::UnusableRecord:
    case dmarc::Reason::DnsFailure:
    case dmarc::Reason::DnssecBogus: break;
  }
  return "No usable From field";
}

Ruling bad_from(dmarc::Reason reason, Action action) {
  Ruling ruling{"policy.bad_from", action};
  ruling.reject.text = describe_from(reason);
  ruling.tempfail.text = ruling.reject.text;
  return ruling;
}

std::string author_of(const dmarc::Outcome& dmarc) {
  return dmarc.author ? dmarc.author->str() : "the From domain";
}

Ruling temperror(const dmarc::Outcome& dmarc, Action action) {
  Ruling ruling{"policy.temperror", action};
  ruling.reject.text = "DMARC policy for " + author_of(dmarc) + " could not be checked";
  ruling.tempfail.text = ruling.reject.text + ", try again later";
  return ruling;
}

/// The text of RFC 9989 section 7.2, which asks for the word DMARC. The code stays 5.7.1, as in its example: 5.7.26 of
/// RFC 7372 section 4 is for several checks that each warrant the rejection, and here neither SPF nor DKIM ever does.
Ruling dmarc_failed(const char* rule, const dmarc::Outcome& dmarc, Action action) {
  Ruling ruling{rule, action};
  ruling.reject.text = "Email rejected per DMARC policy for " + author_of(dmarc);
  ruling.tempfail.text = "Email deferred per DMARC policy for " + author_of(dmarc);
  return ruling;
}

/// From the mildest to the harshest.
int severity(Action action) {
  switch (action) {
    case Action::Accept: return 0;
    case Action::Quarantine: return 1;
    case Action::TempFail: return 2;
    case Action::Reject: return 3;
    case Action::Discard: return 4;
  }
  return 0;
}

/// A failure without a policy cannot happen; it would be handled as p=none.
Ruling judge_failure(const dmarc::Outcome& dmarc, const Rules& rules, bool is_indirect) {
  switch (dmarc.policy.value_or(dmarc::Policy::None)) {
    case dmarc::Policy::Reject:
      // RFC 9989 section 7.4: a receiver must not reject on p=reject alone. What find_indirect looked for is the
      // other knowledge; a message that shows any of it is treated as p=quarantine. It only ever softens: where the
      // administrator asks for less than rules.indirect on p=reject at all, an honest-looking message gets no more.
      return is_indirect && severity(rules.indirect) <= severity(rules.published.reject)
                 ? dmarc_failed("policy.indirect", dmarc, rules.indirect)
                 : dmarc_failed("policy.published.reject", dmarc, rules.published.reject);
    case dmarc::Policy::Quarantine:
      return dmarc_failed("policy.published.quarantine", dmarc, rules.published.quarantine);
    case dmarc::Policy::None: return dmarc_failed("policy.published.none", dmarc, rules.published.none);
  }
  return {};
}

Ruling judge_author(const dmarc::Outcome& dmarc, const Rules& rules, bool is_indirect) {
  switch (dmarc.status) {
    // RFC 9989 section 5.3.6: what could not be looked up neither passes nor fails.
    case dmarc::Status::TempError: return temperror(dmarc, rules.temperror);
    case dmarc::Status::Fail: return judge_failure(dmarc, rules, is_indirect);
    // RFC 9989 section 4.10.1: an unusable record is as none.
    case dmarc::Status::PermError:
    case dmarc::Status::None:
    case dmarc::Status::Pass: break;
  }
  return {};
}

/// RFC 8617 section 7.2.1: as a matter of local policy, the word of a trusted chain may stand in for DMARC's. The
/// reason goes into the record as section 7.2.2 and RFC 9990 want it told.
std::optional<Ruling> trusted_chain(const Verdict& verdict, const NameList& sealers) {
  if (sealers.empty()) {
    return std::nullopt;
  }
  auto chain = find_trusted_chain(verdict, [&sealers](std::string_view name) { return sealers.contains(name); });
  if (!chain) {
    return std::nullopt;
  }
  Ruling ruling{"arc.trusted_sealers", Action::Accept};
  ruling.override = Override{"local_policy", std::move(chain->comment)};
  return ruling;
}

/// The verdict's dmarc is that of the strictest author domain that fails (RFC 9989 section 11.5). Beside a failure
/// under p=none another author may not have been checked at all, so none softens what the rules ask for another.
Ruling judge(const Verdict& verdict, const Rules& rules, bool is_indirect) {
  if (verdict.exceeded) {
    return limits_exceeded(*verdict.exceeded, rules.exceeded);
  }
  if (dmarc::is_bad_from(verdict.dmarc.reason)) {
    return bad_from(verdict.dmarc.reason, rules.bad_from);
  }
  if (auto ruling = trusted_chain(verdict, rules.trusted_sealers)) {
    return *std::move(ruling);
  }
  Ruling ruling = judge_author(verdict.dmarc, rules, is_indirect);
  for (const dmarc::Outcome& other : verdict.other_authors) {
    Ruling its = judge_author(other, rules, is_indirect);
    if (severity(its.action) > severity(ruling.action)) {
      ruling = std::move(its);
    }
  }
  return ruling;
}

}  // namespace

Decision decide(const Verdict& verdict, const Facts& facts, const Rules& rules, Time now) {
  const bool may_be_indirect = !facts.local && !verdict.exceeded && verdict.dmarc.status == dmarc::Status::Fail;
  return decide(verdict, facts, may_be_indirect ? find_indirect(verdict, facts) : std::vector<Indirect>{}, rules, now);
}

Decision decide(const Verdict& verdict, const Facts& facts, std::vector<Indirect> evidence, const Rules& rules,
                Time /*now*/) {
  Decision decision;
  if (facts.local) {
    decision.rule = "local";
    return decision;
  }
  decision.indirect = std::move(evidence);
  Ruling ruling = judge(verdict, rules, !decision.indirect.empty());
  decision.rule = ruling.rule;
  decision.override = std::move(ruling.override);
  if (rules.mode == Mode::Monitor) {
    if (ruling.action != Action::Accept) {
      decision.would = ruling.action;
      decision.would_rule = ruling.rule;
    }
    return decision;
  }
  decision.action = ruling.action;
  switch (ruling.action) {
    case Action::Accept:
    case Action::Discard: break;
    case Action::Reject: decision.reply = std::move(ruling.reject); break;
    case Action::TempFail: decision.reply = std::move(ruling.tempfail); break;
    case Action::Quarantine:
      decision.quarantine = rules.quarantine;
      if (rules.quarantine.how == QuarantineHow::Reject) {
        decision.reply = std::move(ruling.reject);
        decision.reply->text += " (quarantined mail is refused here)";
      }
      break;
  }
  return decision;
}

}  // namespace assay::policy
