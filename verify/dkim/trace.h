#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "verify/base/time.h"
#include "verify/crypto/digest.h"
#include "verify/dkim/header_hash.h"
#include "verify/dkim/key.h"
#include "verify/dkim/outcome.h"
#include "verify/dkim/signature.h"
#include "verify/dns/answer.h"
#include "verify/limits.h"
#include "verify/message/body.h"
#include "verify/message/header_block.h"

namespace assay::dkim {

/// What one signature says and what each check says of it, for people: collected only when asked for. Also for the
/// message signatures and seals of ARC. Text from mail and DNS: escape before writing.
struct Trace {
  std::string field;                   ///< The value of the field as received.
  std::optional<Signature> signature;  ///< As read; absent if it is malformed or was not to be verified.

  // Present if `signature` is:
  std::string header_octets;        ///< All that the header hash covers (RFC 6376 section 3.7), octet for octet.
  crypto::DigestValue header_hash;  ///< Of `header_octets`: what b= is compared with.
  crypto::DigestValue body_hash;    ///< What bh= is compared with; empty for a seal, which covers no body.

  /// Each check on its own; None: it holds. Absent: it was not made, since one before it ended the verification.
  Reason times = Reason::None;    ///< t= and x=.
  Reason body = Reason::None;     ///< bh= and l=.
  std::optional<Reason> key;      ///< The key: its lookup, its record, its fitness.
  std::optional<Reason> headers;  ///< b=: None or SignatureMismatch. Needs a key that fits.

  std::string key_name;                   ///< The name that is asked for the key.
  std::optional<dns::Status> key_answer;  ///< Absent: it was not asked.
  std::size_t key_records = 0;            ///< TXT records there.
  std::string key_record;                 ///< The one that decided; empty if there is none.
  std::string key_detail;                 ///< More words on `key`.
};

/// All that needs no key. `field` is the index of the signature's field.
[[nodiscard]] Trace begin_trace(const Signature& signature, const message::HeaderBlock& headers, std::size_t field,
                                const Limits& limits, Time now);
/// As above, with the hashes of a DKIM signature or an ARC message signature.
[[nodiscard]] Trace begin_trace(const Signature& signature, HeaderHashes& hashes, std::size_t field,
                                const message::BodyDigests& body, message::BodyDigests::Id body_id,
                                const Limits& limits, Time now);

/// What came of the key. `check` says something only if the answer has records.
void note_key(Trace& trace, const dns::Answer& answer, const KeyCheck& check);

}  // namespace assay::dkim
