#pragma once

#include <optional>
#include <string>
#include <vector>

#include "verify/base/domain.h"
#include "verify/base/time.h"
#include "verify/dkim/effort.h"
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
  std::size_t rank = 0;                ///< Among those with a signature: 0 is the one that matters most.
};

/// DKIM-Signature fields of one message that are reported. More are hardly anything but an attack; the cost of reading
/// them all stays bounded by Limits::header_octets.
inline constexpr std::size_t kMaxReportedSignatures = 100;

/// Reads every DKIM-Signature field and picks those to verify: at most `limits.signatures` of the well-formed ones,
/// domains aligned with an author first (equal, then below or above), then the strongest, then the order of the
/// message. How strong it can be, a signature says before its key is known: by its algorithm, and by the octets of b=,
/// which are those of an RSA key's modulus. What no key of a permitted size can have made comes last. Of the fields
/// with other characters than ASCII, whose names have to be converted (RFC 8616), the first `limits.signatures` are
/// read: that takes up to a tenth of a millisecond each. However many others there are and whatever is wrong with them,
/// they do not push out a picked one. The rest gets Policy / TooManySignatures. Asks `body` for the hashes that the
/// picked ones need. Returns the candidates in the order of the message, top first: the picked ones and the first of
/// the others, at most kMaxReportedSignatures in all (more only if `limits.signatures` is greater). Those left out are
/// the fields of that name in `headers` minus the candidates.
[[nodiscard]] std::vector<Candidate> select(const message::HeaderBlock& headers,
                                            const std::vector<Domain>& author_domains, message::BodyDigests& body,
                                            const Limits& limits);

/// The question for the key of a parsed signature: TXT at <selector>._domainkey.<domain> (RFC 6376 section 3.6.2.1), in
/// A-labels and lower case. Always askable.
[[nodiscard]] dns::Question key_question(const Signature& signature);

/// What a signature is reported as for that reason: RFC 8601 section 2.7.1 for the outcomes of RFC 6376 section 6.1.
[[nodiscard]] Status status_of(Reason reason);

/// Judges one candidate after the body ended: key lookup, key checks, body hash and header hash, each on its own (b= is
/// checked even when bh= differs). Result mapping of RFC 8601 section 2.7.1. A failure under a key with t=y counts as
/// no signature: Neutral / TestKeyFailed. One lookup at most, none for a candidate that is final or past its x=. Never
/// throws on bad input. `body` and the header of `effort` are those given to select(). With `wants_trace` the outcome
/// tells each check on its own (Outcome::trace); it is the same otherwise.
[[nodiscard]] Outcome verify(const Candidate& candidate, const message::BodyDigests& body, dns::Resolver& dns,
                             Effort& effort, const Limits& limits, Time now, bool wants_trace = false);

/// Judges all candidates, in the order of their ranks: those that matter most come first to what may be spent. The
/// outcomes stand in the order of the message.
[[nodiscard]] std::vector<Outcome> verify_all(const std::vector<Candidate>& candidates,
                                              const message::BodyDigests& body, dns::Resolver& dns, Effort& effort,
                                              const Limits& limits, Time now, bool wants_trace = false);

/// Why a signature is TooCostly, if not for its key.
inline constexpr const char* kTooMuchToHash = "the signatures of the message cover too many octets of header fields";

}  // namespace assay::dkim
