#pragma once

#include <span>

#include "verify/dkim/outcome.h"
#include "verify/dmarc/outcome.h"
#include "verify/dmarc/public_suffixes.h"
#include "verify/dns/resolver.h"
#include "verify/limits.h"
#include "verify/spf/outcome.h"

namespace assay::dmarc {

/// Judges the author domain of `rfc9989`, which must have one, as RFC 7489 does, and says where the two differ. For
/// administrators who want to know what the change of the standard does to their mail.
///
/// Asks for the record at the author's domain, then at its Organizational Domain by the list; and completes the tree
/// walk of RFC 9989, whose evaluation ends where the result is known, so that both Organizational Domains can be
/// compared. Call it after every evaluation that matters: a slow answer here then delays none there.
///
/// Where RFC 7489 leaves a choice:
/// - Sampling (section 6.6.4): nothing is drawn at random. pct=0 means that no message is subject to the policy, so one
///   level less applies; at any other pct the policy is told as published, and the percentage with it.
/// - A public suffix aligns with itself alone: it has no Organizational Domain to share.
/// - A temporary error of SPF or DKIM (section 6.6.2) counts if the identifier would align.
/// - DNS errors of policy discovery (section 6.6.3) are TempError; a record without usable policy is PermError.
///
/// What differs: the result unless either is TempError; the policy (after t=y or pct=0) if both ended policy discovery;
/// the Organizational Domain if it is known and at least one of the two found a record.
[[nodiscard]] Rfc7489 compare_rfc7489(const Outcome& rfc9989, const spf::Outcome& mail_from,
                                      std::span<const dkim::Outcome> dkim, const PublicSuffixes& suffixes,
                                      dns::Resolver& dns, const Limits& limits);

}  // namespace assay::dmarc
