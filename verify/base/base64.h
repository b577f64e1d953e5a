#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "verify/base/parsed.h"

namespace assay {

/// Decodes a base64string of RFC 6376 section 2.10: SP, HTAB, CR and LF are dropped wherever they stand, at most two
/// '=' and only at the end, no other octet outside the alphabet, and the padded length is a multiple of four. Empty
/// text gives no octets.
[[nodiscard]] Parsed<std::vector<std::uint8_t>> decode_base64(std::string_view text);
[[nodiscard]] std::string encode_base64(std::span<const std::uint8_t> octets);

}  // namespace assay
