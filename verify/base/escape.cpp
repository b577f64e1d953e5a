#include "verify/base/escape.h"

#include <algorithm>

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

/// How many octets at the start of `text` stay as they are, whatever follows: printable ASCII but the backslash.
std::size_t count_plain(std::string_view text) noexcept {
  const auto is_plain = [](char c) { return c >= ' ' && c < '\x7F' && c != '\\'; };
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
}

constexpr std::string_view kEllipsis = "...";

/// The value of a digit as append_hex writes it; -1 for any other octet.
int hex_value(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::string escape(std::string_view text, std::size_t max_octets) {
  std::string out;
  out.reserve(text.size() < max_octets ? text.size() : max_octets + 3);
  std::size_t used = 0;
  while (used < text.size()) {
    if (const std::size_t plain = count_plain(text.substr(used, max_octets - used)); plain != 0) {
      out.append(text, used, plain);
      used += plain;
      continue;
    }
    const CodePoint point = first_code_point(text.substr(used));
    const std::size_t octets = point.octets == 0 ? 1 : point.octets;
    if (used + octets > max_octets) {
      out += kEllipsis;
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

bool unescape(std::string_view escaped, std::string& text) {
  constexpr std::size_t kHexOctets = 4;  // \xHH
  text.clear();
  for (;;) {
    const std::size_t backslash = std::min(escaped.find('\\'), escaped.size());
    text.append(escaped, 0, backslash);
    escaped.remove_prefix(backslash);
    if (escaped.empty()) {
      return true;
    }
    if (escaped.starts_with("\\\\")) {
      text += '\\';
      escaped.remove_prefix(2);
      continue;
    }
    if (!escaped.starts_with("\\x") || escaped.size() < kHexOctets) {
      return false;
    }
    const int high = hex_value(escaped[2]);
    const int low = hex_value(escaped[3]);
    if (high < 0 || low < 0) {
      return false;
    }
    text += static_cast<char>(high * 16 + low);
    escaped.remove_prefix(kHexOctets);
  }
}

bool may_be_cut(std::string_view text, std::size_t max_octets) noexcept {
  // escape() cuts before the first code point, of at most four octets, that would pass the bound: what stays has at
  // least max_octets - 3 octets.
  return text.size() >= max_octets && text.ends_with(kEllipsis);
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
