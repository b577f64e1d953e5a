#include "verify/base/base64.h"

#include <array>
#include <utility>

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

/// Reads base64 from the front.
class Decoder {
 public:
  explicit Decoder(std::string_view text) : text_(text), octets_(text.size() / 4 * 3 + 3) {}

  Parsed<std::vector<std::uint8_t>> decode() && {
    std::uint32_t bits = 0;
    std::size_t digits = 0;
    std::size_t padding = 0;
    for (;; ++at_) {
      if (digits % 4 == 0 && padding == 0) {
        decode_groups();
      }
      if (at_ == text_.size()) {
        break;
      }
      const char c = text_[at_];
      if (is_crlf_or_wsp(c)) {
        continue;
      }
      if (c == '=') {
        if (++padding > kMaxPadding) {
          return parse_error("more than two '=' in base64", at_);
        }
        continue;
      }
      const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
      if (value == kNotInAlphabet) {
        return parse_error("an octet outside the base64 alphabet", at_);
      }
      if (padding != 0) {
        return parse_error("base64 goes on after '='", at_);
      }
      bits = (bits << 6U) | value;
      if (++digits % 4 == 0) {
        put(bits, 3);
        bits = 0;
      }
    }
    if ((digits + padding) % 4 != 0) {
      return parse_error("the length of base64 is not a multiple of four", text_.size());
    }
    // The bits that padding leaves over may be set: RFC 4648 section 3.5 lets a decoder ignore them.
    if (padding != 0) {
      put(bits << (6U * padding), 3 - padding);
    }
    octets_.resize(written_);
    return std::move(octets_);
  }

 private:
  /// Decodes the groups of four digits that follow each other here.
  void decode_groups() {
    // Locals: an octet that is written might else be one of the members, as far as the compiler knows.
    const char* in = text_.data() + at_;
    const std::size_t most = (text_.size() - at_) / 4;
    std::uint8_t* out = octets_.data() + written_;
    std::size_t groups = 0;
    for (; groups < most; ++groups, in += 4, out += 3) {
      const auto value = [in](std::size_t i) { return std::uint32_t{kValues[static_cast<unsigned char>(in[i])]}; };
      const std::uint32_t bits = (value(0) << 18U) | (value(1) << 12U) | (value(2) << 6U) | value(3);
      // A digit is less than 64, kNotInAlphabet is not.
      if (((value(0) | value(1) | value(2) | value(3)) & 0xC0U) != 0) {
        break;
      }
      out[0] = static_cast<std::uint8_t>(bits >> 16U);
      out[1] = static_cast<std::uint8_t>(bits >> 8U);
      out[2] = static_cast<std::uint8_t>(bits);
    }
    at_ += 4 * groups;
    written_ += 3 * groups;
  }

  /// The first `count` octets of 24 bits.
  void put(std::uint32_t bits, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      octets_[written_++] = static_cast<std::uint8_t>(bits >> (16U - 8U * i));
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::uint8_t> octets_;
  std::size_t written_ = 0;
};

}  // namespace

Parsed<std::vector<std::uint8_t>> decode_base64(std::string_view text) {
  return Decoder(text).decode();
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
