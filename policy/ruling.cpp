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
    case Ground::TrustedChain: return "arc.trusted_sealers";
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

}  // namespace assay::policy
