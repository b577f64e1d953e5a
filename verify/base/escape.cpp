#include "verify/base/escape.h"

#include "verify/base/text.h"
#include "verify/base/utf8.h"

namespace assay {
namespace {

/// Whether a code point would end, hide or reorder the line it is printed on: C0, DEL, C1, the line and paragraph
/// separators (U+2028, U+2029) and the bidirectional embeddings, overrides and isolates.
bool is_unsafe(char32_t c) noexcept {
  return c < 0x20U || (c >= 0x7FU && c <= 0x9FU) || (c >= 0x2028U && c <= 0x202EU) || (c >= 0x2066U && c <= 0x2069U);
}

void append_hex(std::string& out, char octet) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(octet);
  out += "\\x";
  out += kDigits[value >> 4U];
  out += kDigits[value & 0x0FU];
}

}  // namespace

std::string escape(std::string_view text, std::size_t max_octets) {
  std::string out;
  out.reserve(text.size() < max_octets ? text.size() : max_octets + 3);
  std::size_t used = 0;
  while (used < text.size()) {
    const CodePoint point = first_code_point(text.substr(used));
    const std::size_t octets = point.octets == 0 ? 1 : point.octets;
    if (used + octets > max_octets) {
      out += "...";
      break;
    }
    if (point.octets == 0 || is_unsafe(point.value)) {
      for (std::size_t i = 0; i < octets; ++i) {
        append_hex(out, text[used + i]);
      }
    } else if (point.value == U'\\') {
      out += "\\\\";
    } else {
      out.append(text, used, octets);
    }
    used += octets;
  }
  return out;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t octets = first_code_point(text).octets;
    if (octets == 0) {
      return false;
    }
    text.remove_prefix(octets);
  }
  return true;
}

}  // namespace assay
