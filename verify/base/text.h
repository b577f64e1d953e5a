#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace assay {

// ASCII only, whatever the locale: mail and DNS compare names this way.

[[nodiscard]] constexpr bool is_upper(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}
[[nodiscard]] constexpr bool is_lower(char c) noexcept {
  return c >= 'a' && c <= 'z';
}
[[nodiscard]] constexpr bool is_alpha(char c) noexcept {
  return is_upper(c) || is_lower(c);
}
[[nodiscard]] constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_alnum(char c) noexcept {
  return is_alpha(c) || is_digit(c);
}
/// SP or HTAB, the only octets that RFC 5234 calls WSP.
[[nodiscard]] constexpr bool is_wsp(char c) noexcept {
  return c == ' ' || c == '\t';
}
[[nodiscard]] constexpr bool is_crlf_or_wsp(char c) noexcept {
  return is_wsp(c) || c == '\r' || c == '\n';
}
/// Control characters: 0x00-0x1F and 0x7F.
[[nodiscard]] constexpr bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20U || static_cast<unsigned char>(c) == 0x7FU;
}
[[nodiscard]] constexpr bool is_ascii(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x80U;
}

[[nodiscard]] constexpr char to_lower(char c) noexcept {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] std::string to_lower(std::string_view text);

[[nodiscard]] bool iequals(std::string_view a, std::string_view b) noexcept;
[[nodiscard]] bool istarts_with(std::string_view text, std::string_view prefix) noexcept;
[[nodiscard]] bool is_ascii(std::string_view text) noexcept;

/// `text` without WSP at both ends.
[[nodiscard]] std::string_view trim_wsp(std::string_view text) noexcept;
/// `text` without WSP at its end.
[[nodiscard]] std::string_view trim_wsp_end(std::string_view text) noexcept;
/// `text` without WSP, CR and LF at both ends: for text whose folds are known to be well formed.
[[nodiscard]] std::string_view trim_fws(std::string_view text) noexcept;

}  // namespace assay
