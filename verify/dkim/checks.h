#pragma once

#include "verify/base/time.h"
#include "verify/dkim/outcome.h"
#include "verify/dkim/signature.h"
#include "verify/dns/answer.h"
#include "verify/limits.h"
#include "verify/message/body.h"

namespace assay::dkim {

// The checks of a signature that need no key, and what DNS says of its key.

/// Expired, FutureTimestamp or None, with a tolerance of `limits.clock_skew` on either side (RFC 6376 section 3.5).
[[nodiscard]] Reason check_times(const Signature& signature, const Limits& limits, Time now) noexcept;

/// What the answer to the key question means for a DKIM signature; None if there are records to read.
[[nodiscard]] Reason check_answer(dns::Status status) noexcept;

/// Whether the body is the signed one: BodyHashMismatch, BodyShorterThanLength, UnsignedBody (the hash matches but l=
/// leaves octets unsigned), or None (RFC 6376 sections 3.5 and 6.1.3). `id` is the digest that the signature asked for.
[[nodiscard]] Reason check_body(const Signature& signature, const message::BodyDigests& body,
                                message::BodyDigests::Id id);

/// The digest that a signature needs.
[[nodiscard]] message::BodyDigestSpec body_digest_spec(const Signature& signature);

}  // namespace assay::dkim
