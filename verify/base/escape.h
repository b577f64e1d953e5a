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

/// Undoes escape(): writes the text that was given to it into `text`, for records that are read back. False, with
/// `text` unspecified, if a backslash in `escaped` begins neither \\ nor \xHH. What was cut stays cut, its "..."
/// included.
[[nodiscard]] bool unescape(std::string_view escaped, std::string& text);

/// Whether `text`, as unescape() gives it, may have been cut by escape() at `max_octets`. A text of exactly that many
/// octets that ends in "..." by itself looks the same, and counts as cut.
[[nodiscard]] bool may_be_cut(std::string_view text, std::size_t max_octets) noexcept;

/// Whether `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace assay
