#include "verify/dkim/outcome.h"

namespace assay::dkim {

const char* to_string(Status status) noexcept {
  switch (status) {
    case Status::Pass: return "pass";
    case Status::Fail: return "fail";
    case Status::Policy: return "policy";
    case Status::Neutral: return "neutral";
    case Status::TempError: return "temperror";
    case Status::PermError: return "permerror";
  }
  return "";
}

const char* to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::None: return nullptr;
    case Reason::SignatureSyntax: return "signature_syntax";
    case Reason::MissingTag: return "missing_tag";
    case Reason::UnsupportedVersion: return "unsupported_version";
    case Reason::UnsupportedAlgorithm: return "unsupported_algorithm";
    case Reason::UnsupportedCanonicalization: return "unsupported_canonicalization";
    case Reason::UnsupportedQuery: return "unsupported_query";
    case Reason::FromNotSigned: return "from_not_signed";
    case Reason::IdentityMismatch: return "identity_mismatch";
    case Reason::Expired: return "expired";
    case Reason::FutureTimestamp: return "future_timestamp";
    case Reason::WeakHash: return "weak_hash";
    case Reason::KeyTooSmall: return "key_too_small";
    case Reason::KeyTooLarge: return "key_too_large";
    case Reason::NoKey: return "no_key";
    case Reason::KeySyntax: return "key_syntax";
    case Reason::KeyRevoked: return "key_revoked";
    case Reason::KeyMismatch: return "key_mismatch";
    case Reason::DnsFailure: return "dns_failure";
    case Reason::DnssecBogus: return "dnssec_bogus";
    case Reason::BodyHashMismatch: return "body_hash_mismatch";
    case Reason::SignatureMismatch: return "signature_mismatch";
    case Reason::BodyShorterThanLength: return "body_shorter_than_length";
    case Reason::UnsignedBody: return "unsigned_body";
    case Reason::TestKeyFailed: return "test_key_failed";
    case Reason::TooManySignatures: return "too_many_signatures";
    case Reason::TooCostly: return "too_costly";
  }
  return "";
}

}  // namespace assay::dkim
