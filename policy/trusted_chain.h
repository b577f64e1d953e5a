#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/arc/outcome.h"
#include "verify/dmarc/outcome.h"
#include "verify/verdict.h"

namespace assay::policy {

/// Whether a domain (d= of a seal or a message signature, in A-labels) is one of those that are trusted.
using IsTrusted = std::function<bool(std::string_view domain)>;

/// The oldest instance of the trusted end of a chain: the unbroken run of trusted hops that leads up to the newest. 0
/// if the chain does not pass, or if that run does not reach back to the oldest-pass instance (RFC 8617 section 5.2
/// step 5; to instance 1 where that is 0): a stranger in between may have changed anything.
///
/// A hop is trusted if the domain of its ARC-Seal is, and if its ARC-Message-Signature belongs to a trusted domain too,
/// signs From and has no l=. The seal vouches for the message signature's octets, not for whose key they fit: whoever
/// owns that key can publish another for which the same b= signs other header fields.
[[nodiscard]] unsigned find_trusted_end(const arc::Outcome& chain, const IsTrusted& is_trusted);

/// What a chain says of an author: claims of the oldest hop of its trusted end that says anything of SPF, DKIM or
/// DMARC, and of no other. Of these, such that are about the author and that no other result beside them takes back; a
/// pass only if that hop, taken as a whole, found the author authentic. Empty if it cannot be read. They point into
/// `chain`.
[[nodiscard]] std::vector<const arc::Claim*> find_trusted_claims(const arc::Outcome& chain, const IsTrusted& is_trusted,
                                                                 const dmarc::Outcome& author);

/// RFC 8617 section 5.2.1 knows no temporary error: the chain fails, for a reason that may pass.
[[nodiscard]] bool failed_temporarily(const arc::Outcome& chain) noexcept;

/// Why a chain answers for a message whose DMARC check fails.
struct TrustedChain {
  unsigned instance = 0;  ///< The hop that claims to have authenticated the deciding author's domain.
  /// The chain as RFC 8617 section 7.2.2 wants it told in a DMARC report: "arc=pass as[2].d=lists.example.org
  /// as[2].s=arc as[1].d=example.net as[1].s=s1 remote-ip[1]=192.0.2.1". Printable US-ASCII, at most
  /// kMaxChainCommentOctets: the oldest hops are left out where there are too many.
  std::string comment;
};

inline constexpr std::size_t kMaxChainCommentOctets = 1000;

/// Whether a trusted chain answers for the message: its DMARC check fails, no author domain is left unchecked, and for
/// each author domain that fails, the trusted end of the chain claims an authenticated origin. The word belongs to the
/// oldest hop of that end that says anything of SPF, DKIM or DMARC: if it did not find the author authentic, no later
/// hop that did (behind a forwarder whose address the author's SPF record names, say) outvotes it. Pure.
[[nodiscard]] std::optional<TrustedChain> find_trusted_chain(const Verdict& verdict, const IsTrusted& is_trusted);

/// Whether a trusted chain does not answer for the message now, but might once DNS does: the chain could not be checked
/// and its newest sealer is trusted, or another author could not be. Then nobody knows whether the message is excused.
[[nodiscard]] bool may_answer_later(const Verdict& verdict, const IsTrusted& is_trusted);

}  // namespace assay::policy
