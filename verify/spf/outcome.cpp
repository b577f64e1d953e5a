#include "verify/spf/outcome.h"

namespace assay::spf {

const char* to_string(Status status) noexcept {
  switch (status) {
    case Status::None: return "none";
    case Status::Neutral: return "neutral";
    case Status::Pass: return "pass";
    case Status::Fail: return "fail";
    case Status::SoftFail: return "softfail";
    case Status::TempError: return "temperror";
    case Status::PermError: return "permerror";
  }
  return "";
}

const char* to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::None: return nullptr;
    case Reason::NoIdentity: return "no_identity";
    case Reason::InvalidDomain: return "invalid_domain";
    case Reason::NoRecord: return "no_record";
    case Reason::NoMatch: return "no_match";
    case Reason::SeveralRecords: return "several_records";
    case Reason::SyntaxError: return "syntax_error";
    case Reason::TooManyLookups: return "too_many_lookups";
    case Reason::TooManyVoidLookups: return "too_many_void_lookups";
    case Reason::TooManyMxHosts: return "too_many_mx_hosts";
    case Reason::IncludeWithoutRecord: return "include_without_record";
    case Reason::RedirectWithoutRecord: return "redirect_without_record";
    case Reason::RecordTooLong: return "record_too_long";
    case Reason::DnsFailure: return "dns_failure";
    case Reason::DnssecBogus: return "dnssec_bogus";
  }
  return nullptr;
}

}  // namespace assay::spf
