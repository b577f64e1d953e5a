#pragma once

#include <string_view>

#include "verify/base/text.h"

namespace assay::authres {

/// Whether `c` may stand in a token (RFC 2045 section 5.1): visible ASCII without the tspecials.
[[nodiscard]] constexpr bool is_token_char(char c) noexcept {
  return c > ' ' && c < '\x7F' && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
}

}  // namespace assay::authres
