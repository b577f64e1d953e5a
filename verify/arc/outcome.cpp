#include "verify/arc/outcome.h"

namespace assay::arc {

const char* to_string(Status status) noexcept {
  switch (status) {
    case Status::None: return "none";
    case Status::Pass: return "pass";
    case Status::Fail: return "fail";
  }
  return "";
}

const char* to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::None: return nullptr;
    case Reason::TooManySets: return "too_many_sets";
    case Reason::MalformedSet: return "malformed_set";
    case Reason::IncompleteSet: return "incomplete_set";
    case Reason::ChainMarkedFailed: return "chain_marked_failed";
    case Reason::WrongChainValidation: return "wrong_chain_validation";
    case Reason::MessageSignatureFailed: return "message_signature_failed";
    case Reason::SealFailed: return "seal_failed";
    case Reason::KeyFailure: return "key_failure";
    case Reason::DnsFailure: return "dns_failure";
    case Reason::DnssecBogus: return "dnssec_bogus";
    case Reason::TooCostly: return "too_costly";
  }
  return "";
}

}  // namespace assay::arc
