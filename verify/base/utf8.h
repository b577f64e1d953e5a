#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace assay {

/// One step through text that may be UTF-8. `octets` is 1 to 4 for a well-formed sequence (RFC 3629 section 4), 0 if
/// the text does not begin with one.
struct CodePoint {
  char32_t value = 0;
  std::size_t octets = 0;
};

/// The code point at the start of `text`. Surrogates, overlong forms and anything above U+10FFFF are not well formed.
[[nodiscard]] constexpr CodePoint first_code_point(std::string_view text) noexcept {
  if (text.empty()) {
    return {};
  }
  const auto lead = static_cast<std::uint8_t>(text[0]);
  if (lead < 0x80U) {
    return {lead, 1};
  }
  // 0x80-0xC1 are continuations or can only begin an overlong form; above 0xF4 lies beyond U+10FFFF.
  if (lead < 0xC2U || lead > 0xF4U) {
    return {};
  }
  const std::size_t octets = lead < 0xE0U ? 2 : lead < 0xF0U ? 3 : 4;
  if (text.size() < octets) {
    return {};
  }
  char32_t value = octets == 2 ? lead & 0x1FU : octets == 3 ? lead & 0x0FU : lead & 0x07U;
  for (std::size_t i = 1; i < octets; ++i) {
    const auto next = static_cast<std::uint8_t>(text[i]);
    if ((next & 0xC0U) != 0x80U) {
      return {};
    }
    value = (value << 6U) | (next & 0x3FU);
  }
  const bool is_overlong = (octets == 3 && value < 0x800U) || (octets == 4 && value < 0x10000U);
  const bool is_surrogate = value >= 0xD800U && value <= 0xDFFFU;
  if (is_overlong || is_surrogate || value > 0x10FFFFU) {
    return {};
  }
  return {value, octets};
}

}  // namespace assay
