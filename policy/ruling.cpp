#include "policy/ruling.h"

namespace assay::policy {

const char* name_of(const Ruling& ruling) noexcept {
  switch (ruling.ground) {
    case Ground::Default: return "default";
    case Ground::Local: return "local";
    case Ground::Exceeded: return "limits.exceeded";
    case Ground::OwnRule:
    case Ground::Undecided: return ruling.rule->name.c_str();
    case Ground::BadFrom: return "policy.bad_from";
    case Ground::TrustedChain:
    case Ground::UndecidedChain: return "arc.trusted_sealers";
    case Ground::TempError: return "policy.temperror";
    case Ground::Indirect: return "policy.indirect";
    case Ground::PublishedReject: return "policy.published.reject";
    case Ground::PublishedQuarantine: return "policy.published.quarantine";
    case Ground::PublishedNone: return "policy.published.none";
  }
  return "";
}

const Quarantine& quarantine_of(const Ruling& ruling, const Rules& rules) noexcept {
  return ruling.ground == Ground::OwnRule && ruling.rule->then.quarantine ? *ruling.rule->then.quarantine
                                                                          : rules.quarantine;
}

bool refuses(const Ruling& ruling, const Rules& rules) noexcept {
  switch (ruling.action) {
    case Action::Reject:
    case Action::TempFail: return true;
    case Action::Quarantine: return quarantine_of(ruling, rules).how == QuarantineHow::Reject;
    case Action::Accept:
    case Action::Discard: break;
  }
  return false;
}

int severity(const Ruling& ruling, const Rules& rules) noexcept {
  return severity(ruling.action == Action::Quarantine && refuses(ruling, rules) ? Action::Reject : ruling.action);
}

namespace {

/// Whether mail of that ruling does not get to its recipients.
bool withholds(const Ruling& ruling, const Rules& rules) noexcept {
  return ruling.action == Action::Discard || refuses(ruling, rules);
}

/// Whether a message fares alike under both. Two refusals for good do, whether or not one is called quarantine.
bool does_same(const Ruling& a, const Ruling& b, const Rules& rules) noexcept {
  return severity(a, rules) == severity(b, rules) &&
         (a.action != Action::Quarantine || refuses(a, rules) || quarantine_of(a, rules) == quarantine_of(b, rules));
}

}  // namespace

bool must_defer(const Ruling& unknown, const Ruling& rest, const Rules& rules) noexcept {
  return !does_same(unknown, rest, rules) &&
         (rules.temperror == Action::TempFail ||
          (severity(unknown, rules) < severity(rest, rules) && withholds(rest, rules)));
}

}  // namespace assay::policy
