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
///
/// Asks as little as the answer needs: no walk for equal names or strict alignment, none for an identifier outside the
/// author's Organizational Domain, each walk once. Of relaxed d= at most Limits::alignment_domains are walked, those
/// related to the author first; the others count as not aligned.
[[nodiscard]] Outcome evaluate(const Domain& author, const spf::Outcome& mail_from, std::span<const dkim::Outcome> dkim,
                               dns::Resolver& dns, const Limits& limits);

/// Judges a message: each author domain, the deciding one first, the others in the order of the From field. That is the
/// strictest policy among those that fail (RFC 9989 section 11.5), else a TempError, else the first author's: a pass
/// for one author does not hide that another could not be checked, and a record that is missing or unusable is like
/// none. Never empty: an unusable From (missing, repeated, unparsable, too many domains) gives one PermError.
[[nodiscard]] std::vector<Outcome> evaluate_authors(const message::Authors& authors, const spf::Outcome& mail_from,
                                                    std::span<const dkim::Outcome> dkim, dns::Resolver& dns,
                                                    const Limits& limits);
/// Moves the deciding one of a message's authors to the front, as above; the others keep their order.
void put_deciding_first(std::vector<Outcome>& outcomes);

}  // namespace assay::dmarc
