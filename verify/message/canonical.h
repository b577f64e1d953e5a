#pragma once

#include <cstdint>
#include <string>

#include "verify/message/header_block.h"

namespace assay::message {

enum class Canonicalization : std::uint8_t { Simple, Relaxed };

/// Appends the canonical form of a field (RFC 6376 section 3.4.1 or 3.4.2) to `out`, without a CRLF at its end.
void append_canonical(std::string& out, const Field& field, Canonicalization canonicalization);

/// As append_canonical, for the field that holds the signature itself: the value of its b= tag and all whitespace
/// around that value are left out (RFC 6376 section 3.7). The tag is found by parsing the tag-list, not by searching
/// "b=".
void append_canonical_without_b(std::string& out, const Field& field, Canonicalization canonicalization);

}  // namespace assay::message
