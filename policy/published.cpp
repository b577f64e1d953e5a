#include "policy/published.h"

#include <string_view>

#include "policy/trusted_chain.h"

namespace assay::policy {
namespace {

/// A failure without a policy cannot happen; it would be handled as p=none.
Ruling judge_failure(const dmarc::Outcome& dmarc, const Rules& rules, bool is_indirect) {
  switch (dmarc.policy.value_or(dmarc::Policy::None)) {
    case dmarc::Policy::Reject:
      // RFC 9989 section 7.4: a receiver must not reject on p=reject alone. What find_indirect looked for is the
      // other knowledge; a message that shows any of it is treated as p=quarantine. It only ever softens: where the
      // administrator asks for less than rules.indirect on p=reject at all, an honest-looking message gets no more.
      return is_indirect && severity(rules.indirect) <= severity(rules.published.reject)
                 ? Ruling{Ground::Indirect, rules.indirect, nullptr, &dmarc}
                 : Ruling{Ground::PublishedReject, rules.published.reject, nullptr, &dmarc};
    case dmarc::Policy::Quarantine: return {Ground::PublishedQuarantine, rules.published.quarantine, nullptr, &dmarc};
    case dmarc::Policy::None: return {Ground::PublishedNone, rules.published.none, nullptr, &dmarc};
  }
  return {};
}

Ruling judge_author(const dmarc::Outcome& dmarc, const Rules& rules, bool is_indirect) {
  switch (dmarc.status) {
    // RFC 9989 section 5.3.6: what could not be looked up neither passes nor fails.
    case dmarc::Status::TempError: return {Ground::TempError, rules.temperror, nullptr, &dmarc};
    case dmarc::Status::Fail: return judge_failure(dmarc, rules, is_indirect);
    // RFC 9989 section 4.10.1: an unusable record is as none.
    case dmarc::Status::PermError:
    case dmarc::Status::None:
    case dmarc::Status::Pass: break;
  }
  return {};
}

/// The verdict's dmarc is that of the strictest author domain that fails. Beside a failure under p=none another author
/// may not have been checked at all, so none softens what the rules ask for another.
Ruling judge_authors(const Verdict& verdict, const Rules& rules, bool is_indirect) {
  Ruling ruling = judge_author(verdict.dmarc, rules, is_indirect);
  for (const dmarc::Outcome& other : verdict.other_authors) {
    const Ruling its = judge_author(other, rules, is_indirect);
    if (severity(its.action) > severity(ruling.action)) {
      ruling = its;
    }
  }
  return ruling;
}

}  // namespace

Rest judge_published(const Verdict& verdict, const Rules& rules, bool is_indirect) {
  Rest rest;
  if (dmarc::is_bad_from(verdict.dmarc.reason)) {
    rest.ruling = {Ground::BadFrom, rules.bad_from, nullptr, &verdict.dmarc};
    return rest;
  }
  // RFC 8617 section 7.2.1: as a matter of local policy, the word of a trusted chain may stand in for DMARC's.
  const Ruling excused{Ground::TrustedChain, Action::Accept, nullptr, &verdict.dmarc};
  const NameList& sealers = rules.trusted_sealers;
  const auto is_trusted = [&sealers](std::string_view name) { return sealers.contains(name); };
  if (!sealers.empty()) {
    rest.chain = find_trusted_chain(verdict, is_trusted);
  }
  if (rest.chain) {
    rest.ruling = excused;
    return rest;
  }
  rest.ruling = judge_authors(verdict, rules, is_indirect);
  if (!sealers.empty() && may_answer_later(verdict, is_trusted)) {
    rest.undecided.emplace_back(name_of(excused));
    if (must_defer(excused, rest.ruling, rules)) {
      rest.ruling = {Ground::UndecidedChain, Action::TempFail, nullptr, &verdict.dmarc};
    }
  }
  return rest;
}

}  // namespace assay::policy
