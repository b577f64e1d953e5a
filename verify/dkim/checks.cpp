#include "verify/dkim/checks.h"

#include <algorithm>

namespace assay::dkim {

Reason check_times(const Signature& signature, const Limits& limits, Time now) noexcept {
  const auto seconds = [](Time time) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
  };
  if (signature.expiration && *signature.expiration < seconds(now - limits.clock_skew)) {
    return Reason::Expired;
  }
  if (signature.timestamp && *signature.timestamp > seconds(now + limits.clock_skew)) {
    return Reason::FutureTimestamp;
  }
  return Reason::None;
}

Reason check_answer(dns::Status status) noexcept {
  switch (status) {
    case dns::Status::Found: return Reason::None;
    case dns::Status::NoData:                               // RFC 6376 section 6.1.2 step 3: no key for signature.
    case dns::Status::NxDomain: return Reason::NoKey;       // As above.
    case dns::Status::TempFail: return Reason::DnsFailure;  // Step 2: key unavailable, TEMPFAIL.
    case dns::Status::Bogus: return Reason::DnssecBogus;    // Step 2: RFC 4035 section 5.5 answers it with SERVFAIL.
  }
  return Reason::DnsFailure;
}

Reason check_body(const Signature& signature, const message::BodyDigests& body, message::BodyDigests::Id id) {
  // Section 3.5, l=: "MUST NOT be larger than the actual number of octets in the canonicalized message body".
  if (signature.body_length && body.is_shorter_than_length(id)) {
    return Reason::BodyShorterThanLength;
  }
  const auto actual = body.value(id).view();
  if (!std::equal(actual.begin(), actual.end(), signature.body_hash.begin(), signature.body_hash.end())) {
    return Reason::BodyHashMismatch;
  }
  return signature.body_length && body.has_unsigned_octets(id) ? Reason::UnsignedBody : Reason::None;
}

message::BodyDigestSpec body_digest_spec(const Signature& signature) {
  return {signature.body_canonicalization, signature.hash, signature.body_length};
}

}  // namespace assay::dkim
