#include "verify/base/base64.h"

#include <array>

#include "verify/base/text.h"

namespace assay {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNotInAlphabet = 0xFF;
constexpr std::size_t kMaxPadding = 2;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNotInAlphabet);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

}  // namespace

Parsed<std::vector<std::uint8_t>> decode_base64(std::string_view text) {
  std::vector<std::uint8_t> octets;
  octets.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_crlf_or_wsp(c)) {
      continue;
    }
    if (c == '=') {
      if (++padding > kMaxPadding) {
        return parse_error("more than two '=' in base64", i);
      }
      continue;
    }
    const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
    if (value == kNotInAlphabet) {
      return parse_error("an octet outside the base64 alphabet", i);
    }
    if (padding != 0) {
      return parse_error("base64 goes on after '='", i);
    }
    bits = (bits << 6U) | value;
    if (++digits % 4 == 0) {
      octets.push_back(static_cast<std::uint8_t>(bits >> 16U));
      octets.push_back(static_cast<std::uint8_t>(bits >> 8U));
      octets.push_back(static_cast<std::uint8_t>(bits));
      bits = 0;
    }
  }
  if ((digits + padding) % 4 != 0) {
    return parse_error("the length of base64 is not a multiple of four", text.size());
  }
  // The bits that padding leaves over may be set: RFC 4648 section 3.5 lets a decoder ignore them.
  if (padding == 1) {
    octets.push_back(static_cast<std::uint8_t>(bits >> 10U));
    octets.push_back(static_cast<std::uint8_t>(bits >> 2U));
  } else if (padding == 2) {
    octets.push_back(static_cast<std::uint8_t>(bits >> 4U));
  }
  return octets;
}

std::string encode_base64(std::span<const std::uint8_t> octets) {
  std::string text;
  text.reserve((octets.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const std::size_t count = octets.size() - i < 3 ? octets.size() - i : 3;
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = (bits << 8U) | (k < count ? octets[i + k] : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? kAlphabet[(bits >> (18U - 6U * k)) & 0x3FU] : '=';
    }
  }
  return text;
}

}  // namespace assay
