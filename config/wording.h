#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace assay::config {

/// The longest text that a message repeats, octets.
inline constexpr std::size_t kMaxQuotedOctets = 80;

/// `text` in quotes, printable and not too long.
[[nodiscard]] std::string quote(std::string_view text);
/// "a, b or c", where `last_separator` is " or ".
[[nodiscard]] std::string join(const std::vector<std::string>& words, std::string_view last_separator);
/// `; did you mean "accept"?`, to end a message about a word that is not known; empty if none of `known` is near it.
[[nodiscard]] std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace assay::config
