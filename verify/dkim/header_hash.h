#pragma once

#include <cstddef>
#include <string>

#include "verify/crypto/digest.h"
#include "verify/dkim/signature.h"
#include "verify/message/header_block.h"

namespace assay::dkim {

/// The hash that the b= of a DKIM-Signature or ARC-Message-Signature signs (RFC 6376 section 3.7, hash step 2): the
/// fields that h= lists, each name taken from the bottom of the message up and contributing nothing once it is used up
/// (section 5.4.2), then the signature field `field` itself without its b= value. That field is never one of those that
/// h= lists. Cost: one pass over the names of all fields, and each field hashed at most once. With `octets`, all that
/// is hashed is appended there, too.
[[nodiscard]] crypto::DigestValue header_hash(const Signature& signature, const message::HeaderBlock& headers,
                                              std::size_t field, std::string* octets = nullptr);

}  // namespace assay::dkim
