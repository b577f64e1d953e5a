#include "verify/dmarc/outcome.h"

namespace assay::dmarc {

const char* to_string(Status status) noexcept {
  switch (status) {
    case Status::None: return "none";
    case Status::Pass: return "pass";
    case Status::Fail: return "fail";
    case Status::TempError: return "temperror";
    case Status::PermError: return "permerror";
  }
  return "";
}

const char* to_string(Policy policy) noexcept {
  switch (policy) {
    case Policy::None: return "none";
    case Policy::Quarantine: return "quarantine";
    case Policy::Reject: return "reject";
  }
  return "";
}

Policy one_level_below(Policy policy) noexcept {
  switch (policy) {
    case Policy::Reject: return Policy::Quarantine;
    case Policy::Quarantine:
    case Policy::None: return Policy::None;
  }
  return Policy::None;
}

const char* to_string(Discovery discovery) noexcept {
  switch (discovery) {
    case Discovery::TreeWalk: return "treewalk";
    case Discovery::PublicSuffixList: return "psl";
  }
  return "";
}

const char* to_string(Difference difference) noexcept {
  switch (difference) {
    case Difference::Result: return "result";
    case Difference::Policy: return "policy";
    case Difference::OrganizationalDomain: return "org_domain";
  }
  return "";
}

const char* to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::None: return nullptr;
    case Reason::NoRecord: return "no_record";
    case Reason::NotAligned: return "not_aligned";
    case Reason::UnusableRecord: return "unusable_record";
    case Reason::FromMissing: return "from_missing";
    case Reason::FromRepeated: return "from_repeated";
    case Reason::FromUnparsable: return "from_unparsable";
    case Reason::FromWithoutDomain: return "from_without_domain";
    case Reason::TooManyAuthors: return "too_many_authors";
    case Reason::DnsFailure: return "dns_failure";
    case Reason::DnssecBogus: return "dnssec_bogus";
  }
  return nullptr;
}

bool is_bad_from(Reason reason) noexcept {
  switch (reason) {
    case Reason::FromMissing:
    case Reason::FromRepeated:
    case Reason::FromUnparsable:
    case Reason::FromWithoutDomain:
    case Reason::TooManyAuthors: return true;
    case Reason::None:
    case Reason::NoRecord:
    case Reason::NotAligned:
    case Reason::UnusableRecord:
    case Reason::DnsFailure:
    case Reason::DnssecBogus: return false;
  }
  return false;
}

}  // namespace assay::dmarc
