#pragma once

#include <optional>
#include <string>
#include <vector>

#include "verify/base/domain.h"
#include "verify/base/time.h"
#include "verify/dkim/outcome.h"
#include "verify/dkim/signature.h"
#include "verify/dns/resolver.h"
#include "verify/limits.h"
#include "verify/message/body.h"
#include "verify/message/header_block.h"

namespace assay::dkim {

/// A DKIM-Signature field of the message on its way to an Outcome. Made at the end of the headers, judged after the
/// body.
struct Candidate {
  std::size_t field = 0;               ///< Index in the HeaderBlock.
  Outcome outcome;                     ///< What is known so far: final if `signature` is absent.
  std::optional<Signature> signature;  ///< Present if the field is well formed and shall be verified.
  message::BodyDigests::Id body = 0;   ///< Valid if `signature` is present.
};

/// Reads every DKIM-Signature field, top first, and picks those to verify: at most `limits.signatures`, domains aligned
/// with an author first (equal, then the same name or below or above), then the order of the message. The rest gets
/// Policy / TooManySignatures. Asks `body` for the hashes that the picked ones need.
[[nodiscard]] std::vector<Candidate> select(const message::HeaderBlock& headers,
                                            const std::vector<Domain>& author_domains, message::BodyDigests& body,
                                            const Limits& limits);

/// The question for a signature's key: TXT at <selector>._domainkey.<domain> (RFC 6376 section 3.6.2.1).
[[nodiscard]] dns::Question key_question(const Signature& signature);

/// Judges one candidate after the body ended: key lookup, key checks, body hash and header hash, each on its own (b= is
/// checked even when bh= differs). Result mapping of RFC 8601 section 2.7.1. Never throws on bad input.
[[nodiscard]] Outcome verify(const Candidate& candidate, const message::HeaderBlock& headers,
                             const message::BodyDigests& body, dns::Resolver& dns, const Limits& limits, Time now);

}  // namespace assay::dkim
