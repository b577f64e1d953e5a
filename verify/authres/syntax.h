#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "verify/base/text.h"

namespace assay::authres {

inline constexpr std::array<bool, 256> kTokenChars = [] {
  std::array<bool, 256> chars{};
  for (std::size_t i = 0; i < chars.size(); ++i) {
    const char c = static_cast<char>(i);
    chars[i] = c > ' ' && c < '\x7F' && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
  }
  return chars;
}();

/// Whether `c` may stand in a token (RFC 2045 section 5.1): visible ASCII without the tspecials.
[[nodiscard]] constexpr bool is_token_char(char c) noexcept {
  return kTokenChars[static_cast<unsigned char>(c)];
}

}  // namespace assay::authres
