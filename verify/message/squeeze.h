#pragma once

#include <cstddef>
#include <string_view>

namespace assay::message {

/// Writes the first `size` octets of `text` to `out` without the WSP that stands before other WSP or before a CRLF, and
/// with a SP for any other HTAB (RFC 6376 section 3.4.4, step a). What follows them in `text` is looked at where they
/// end in WSP; behind the end of `text` nothing is. `out` must have room for `size` octets and not overlap `text`.
/// Returns how many octets were written. Costs little more than a copy where at most one run in sixteen octets is left
/// out, and below a nanosecond an octet whatever else the text is like: no mail is slow.
[[nodiscard]] std::size_t squeeze_wsp(std::string_view text, std::size_t size, char* out) noexcept;

/// The same, octet by octet.
[[nodiscard]] std::size_t squeeze_wsp_slowly(std::string_view text, std::size_t size, char* out) noexcept;

}  // namespace assay::message
