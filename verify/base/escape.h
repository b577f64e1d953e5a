#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace assay {

/// Text from mail or DNS made fit for a record, a log line or a terminal: well-formed UTF-8 stays, everything else
/// (control characters including C1, octets that are not UTF-8, surrogates) becomes \xHH for each octet, and a
/// backslash becomes \\. The result is valid UTF-8 on one line. Longer than `max_octets` of input is cut there and ends
/// in "...". This is the one encoder for records and logs; the header field has its own in authres/.
[[nodiscard]] std::string escape(std::string_view text, std::size_t max_octets = 1024);

/// Whether `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace assay
