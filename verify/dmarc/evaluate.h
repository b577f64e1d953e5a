#pragma once

#include <span>
#include <vector>

#include "verify/base/domain.h"
#include "verify/dkim/outcome.h"
#include "verify/dmarc/outcome.h"
#include "verify/dns/resolver.h"
#include "verify/limits.h"
#include "verify/message/author.h"
#include "verify/spf/outcome.h"

namespace assay::dmarc {

/// Judges one author domain (RFC 9989 sections 4.10, 5.3): policy discovery by tree walk, alignment of what passed,
/// result. `mail_from` is the SPF outcome of the MAIL FROM identity, the only one that counts.
/// Pass if one passing identifier aligns, whatever else failed. TempError if it does not pass and a lookup that could
/// have changed the answer failed. Fail, None, PermError as Reason says. Never throws on bad input.
[[nodiscard]] Outcome evaluate(const Domain& author, const spf::Outcome& mail_from, std::span<const dkim::Outcome> dkim,
                               dns::Resolver& dns, const Limits& limits);

/// Judges a message: each author domain, the deciding one first. That is the strictest policy among those that fail
/// (RFC 9989 section 11.5), else a TempError, else the first author's. Never empty: an unusable From (missing,
/// repeated, unparsable, too many domains) gives one PermError.
[[nodiscard]] std::vector<Outcome> evaluate_authors(const message::Authors& authors, const spf::Outcome& mail_from,
                                                    std::span<const dkim::Outcome> dkim, dns::Resolver& dns,
                                                    const Limits& limits);

}  // namespace assay::dmarc
