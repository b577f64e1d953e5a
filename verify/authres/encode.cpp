#include "verify/authres/encode.h"

#include <algorithm>

#include "verify/authres/syntax.h"
#include "verify/base/domain.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::authres {
namespace {

bool is_plain(char c) {
  return is_ascii(c) && !is_control(c) && c != '"' && c != '\\' && c != ';' && c != '=' && c != '(' && c != ')';
}

/// C1 controls, and format characters that have no shape of their own or turn the direction of what follows.
bool is_invisible(char32_t c) {
  return (c >= 0x80 && c <= 0x9F) || c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xE0000 && c <= 0xE007F);
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// The octets of the character at the start of `text`, which is well-formed UTF-8 and not ASCII there.
std::string_view first_character(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && is_continuation(text[length])) {
    ++length;
  }
  return text.substr(0, length);
}

char32_t code_point(std::string_view character) {
  // The lead octet of a character of n octets holds 7 - n bits of it.
  char32_t value = static_cast<unsigned char>(character.front()) & (0xFFU >> (character.size() + 1));
  for (const char c : character.substr(1)) {
    value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  }
  return value;
}

/// At most kMaxValueOctets, without cutting a character of UTF-8 in two.
std::string_view cut(std::string_view text, Charset charset) {
  constexpr std::size_t kMaxContinuations = 3;
  std::size_t end = kMaxValueOctets;
  if (text.size() <= end) {
    return text;
  }
  while (charset == Charset::Utf8 && end > kMaxValueOctets - kMaxContinuations && is_continuation(text[end])) {
    --end;
  }
  return text.substr(0, end);
}

std::string quote(std::string_view encoded) {
  return std::string(1, '"').append(encoded).append(1, '"');
}

/// dot-atom-text without the octets that mean something elsewhere in the field.
bool is_dot_atom(std::string_view encoded) {
  return !encoded.empty() && encoded.front() != '.' && encoded.back() != '.' &&
         encoded.find("..") == std::string_view::npos && std::all_of(encoded.begin(), encoded.end(), [](char c) {
           return is_alnum(c) || !is_ascii(c) || std::string_view(".-_+").find(c) != std::string_view::npos;
         });
}

}  // namespace

std::string encode(std::string_view text, Charset charset) {
  text = cut(text, charset);
  if (std::all_of(text.begin(), text.end(), is_plain)) {
    return std::string(text);
  }
  const bool keeps_utf8 = charset == Charset::Utf8 && is_utf8(text);
  std::string out;
  while (!text.empty()) {
    const std::string_view character =
        keeps_utf8 && !is_ascii(text.front()) ? first_character(text) : text.substr(0, 1);
    const bool stays =
        is_ascii(text.front()) ? is_plain(text.front()) : keeps_utf8 && !is_invisible(code_point(character));
    out += stays ? character : "?";
    text.remove_prefix(character.size());
  }
  return out;
}

std::string encode_value(std::string_view text, Charset charset) {
  std::string encoded = encode(text, charset);
  const bool is_token = !encoded.empty() && std::all_of(encoded.begin(), encoded.end(), is_token_char);
  return is_token ? encoded : quote(encoded);
}

std::string encode_quoted(std::string_view text, Charset charset) {
  return quote(encode(text, charset));
}

std::string encode_identity(std::string_view text, Charset charset) {
  const std::size_t at = text.rfind('@');
  const auto domain = at == std::string_view::npos ? std::nullopt : [&]() -> std::optional<Domain> {
    auto parsed = Domain::parse(text.substr(at + 1));
    return parsed && parsed->label_count() > 1 ? std::optional<Domain>(*std::move(parsed)) : std::nullopt;
  }();
  if (!domain) {
    return encode_value(text, charset);
  }
  const std::string_view local_part = text.substr(0, at);
  std::string encoded = encode(local_part, charset);
  if (encoded != local_part) {
    encoded.clear();
  } else if (!encoded.empty() && !is_dot_atom(encoded)) {
    encoded = quote(encoded);
  }
  return encoded + "@" + domain->str();
}

}  // namespace assay::authres
