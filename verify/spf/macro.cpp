#include "verify/spf/macro.h"

#include <algorithm>
#include <array>

#include "verify/base/text.h"

namespace assay::spf {
namespace {

constexpr std::size_t kMaxNameOctets = 253;  // RFC 7208 section 7.3
// Section 7.3 asks for at least 127, the most labels that a name can have. No value that fits a message has more parts
// than this, so that a larger number means the same.
constexpr unsigned kMaxParts = 65'535;

constexpr std::string_view kRecordLetters = "slodipvh";
constexpr std::string_view kExplanationLetters = "crt";
constexpr std::string_view kDelimiters = ".-+,/_=";
constexpr std::string_view kHex = "0123456789ABCDEF";

/// macro-literal: the visible characters but '%'.
bool is_literal(char c, MacroPlace place) {
  return (c >= 0x21 && c <= 0x7E && c != '%') || (place == MacroPlace::Explanation && c == ' ');
}

/// Reads macros and remembers where the last one ended, which the rule about the end of a domain-spec needs.
class Reader {
 public:
  Reader(std::string_view text, MacroPlace place) : text_(text), place_(place) {}

  Parsed<MacroString> read() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '%') {
        if (auto error = read_expand()) {
          return parse_error(*error, at_);
        }
        last_expand_end_ = at_;
      } else if (is_literal(c, place_)) {
        append_literal(std::string_view(&c, 1));
        ++at_;
      } else {
        return parse_error("not a visible US-ASCII character", at_);
      }
    }
    result_.parts.shrink_to_fit();  // It is kept as long as its answer.
    return std::move(result_);
  }

  /// The published text after the last macro; the whole text if there is none.
  [[nodiscard]] std::string_view tail() const { return text_.substr(last_expand_end_); }
  [[nodiscard]] bool ends_in_expand() const { return last_expand_end_ == text_.size() && !text_.empty(); }

 private:
  void append_literal(std::string_view literal) {
    if (result_.parts.empty() || !std::holds_alternative<std::string>(result_.parts.back())) {
      result_.parts.emplace_back(std::string());
    }
    std::get<std::string>(result_.parts.back()) += literal;
  }

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  /// macro-expand; at_ is at the '%'. Returns what is wrong, or nothing.
  std::optional<const char*> read_expand() {
    ++at_;
    switch (peek()) {
      case '%': append_literal("%"); break;
      case '_': append_literal(" "); break;
      case '-': append_literal("%20"); break;
      case '{': return read_macro();
      default: return "'%' must be followed by '{', '%', '_' or '-'";
    }
    ++at_;
    return std::nullopt;
  }

  std::optional<const char*> read_macro() {
    ++at_;
    Macro macro;
    const char letter = peek();
    macro.letter = to_lower(letter);
    macro.url_escape = is_upper(letter);
    if (kRecordLetters.find(macro.letter) == std::string_view::npos) {
      if (kExplanationLetters.find(macro.letter) == std::string_view::npos) {
        return "unknown macro letter";
      }
      if (place_ != MacroPlace::Explanation) {
        return "the macros c, r and t are for explanation text only";  // RFC 7208 section 7.2
      }
    }
    ++at_;
    if (is_digit(peek())) {
      unsigned parts = 0;
      for (; is_digit(peek()); ++at_) {
        parts = std::min(parts * 10 + static_cast<unsigned>(peek() - '0'), kMaxParts);
      }
      if (parts == 0) {
        return "a macro must keep at least one part";  // section 7.3: the value MUST be nonzero
      }
      macro.parts = parts;
    }
    if (to_lower(peek()) == 'r') {
      macro.reverse = true;
      ++at_;
    }
    for (; at_ < text_.size() && kDelimiters.find(text_[at_]) != std::string_view::npos; ++at_) {
      macro.delimiters += text_[at_];
    }
    if (peek() != '}') {
      return "malformed macro";
    }
    ++at_;
    result_.parts.emplace_back(std::move(macro));
    return std::nullopt;
  }

  std::string_view text_;
  MacroPlace place_;
  std::size_t at_ = 0;
  std::size_t last_expand_end_ = 0;
  MacroString result_;
};

/// toplabel: letters and digits with at least one letter, or with '-' inside; never '-' at an end.
bool is_toplabel(std::string_view label) {
  if (label.empty() || !is_alnum(label.front()) || !is_alnum(label.back())) {
    return false;
  }
  bool has_alpha_or_hyphen = false;
  for (const char c : label) {
    if (!is_alnum(c) && c != '-') {
      return false;
    }
    has_alpha_or_hyphen = has_alpha_or_hyphen || !is_digit(c);
  }
  return has_alpha_or_hyphen;
}

/// %{i}: dotted decimal, or the 32 nibbles of an IPv6 address with dots between them (section 7.2). In upper case like
/// the openspf suite; names are compared without case, only an explanation shows it.
std::string dotted(const IpAddress& address) {
  if (address.is_v4()) {
    return address.to_string();
  }
  std::string text;
  text.reserve(63);
  for (const unsigned octet : address.octets()) {
    if (!text.empty()) {
      text += '.';
    }
    text += kHex[octet >> 4U];
    text += '.';
    text += kHex[octet & 0xFU];
  }
  return text;
}

std::string value_of(char letter, const MacroValues& values) {
  switch (letter) {
    case 's': return values.sender;
    case 'l': return values.local_part;
    case 'o': return values.sender_domain;
    case 'd': return values.domain;
    case 'i': return dotted(values.client);
    case 'p': return values.validated_name;
    case 'v': return values.client.is_v4() ? "in-addr" : "ip6";
    case 'h': return values.helo;
    case 'c': return values.client.to_string();
    case 'r': return values.receiver;
    case 't': return std::to_string(values.now.time_since_epoch().count());
    default: return {};  // the parser lets no other letter pass
  }
}

/// Section 7.3: split, reverse, keep the right-hand parts, join with dots. Empty parts are parts.
std::string transform(std::string_view value, const Macro& macro) {
  const std::string_view delimiters = macro.delimiters.empty() ? std::string_view(".") : macro.delimiters;
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const auto end = value.find_first_of(delimiters, begin);
    parts.push_back(value.substr(begin, end == std::string_view::npos ? end : end - begin));
    if (end == std::string_view::npos) {
      break;
    }
    begin = end + 1;
  }
  if (macro.reverse) {
    std::reverse(parts.begin(), parts.end());
  }
  const std::size_t keep = macro.parts ? std::min<std::size_t>(*macro.parts, parts.size()) : parts.size();
  std::string joined;
  for (std::size_t i = parts.size() - keep; i < parts.size(); ++i) {
    joined += parts[i];
    if (i + 1 < parts.size()) {
      joined += '.';
    }
  }
  return joined;
}

/// Everything but the unreserved set of RFC 3986 section 2.3 becomes %HH.
std::string url_escaped(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      escaped += c;
    } else {
      const auto octet = static_cast<unsigned char>(c);
      escaped += {'%', kHex[octet >> 4U], kHex[octet & 0xFU]};
    }
  }
  return escaped;
}

/// The end of `text` that is a name: in lower case, without a trailing dot, no longer than one may be (section 7.3).
std::string cut_to_name(std::string_view text) {
  if (!text.empty() && text.back() == '.') {
    text.remove_suffix(1);
  }
  if (text.size() > kMaxNameOctets) {
    const auto dot = text.find('.', text.size() - kMaxNameOctets - 1);
    if (dot != std::string_view::npos) {  // else it is one label, too long to be asked for, which the caller will see
      text.remove_prefix(dot + 1);
    }
  }
  return to_lower(text);
}

std::string expand(const Macro& macro, const MacroValues& values) {
  std::string value = value_of(macro.letter, values);
  if (macro.parts || macro.reverse || !macro.delimiters.empty()) {
    value = transform(value, macro);
  }
  return macro.url_escape ? url_escaped(value) : value;
}

}  // namespace

std::size_t MacroString::count(char letter) const noexcept {
  return static_cast<std::size_t>(std::count_if(parts.begin(), parts.end(), [letter](const auto& part) {
    const auto* macro = std::get_if<Macro>(&part);
    return macro != nullptr && macro->letter == letter;
  }));
}

Parsed<MacroString> parse_macro_string(std::string_view text, MacroPlace place) {
  return Reader(text, place).read();
}

Parsed<MacroString> parse_domain_spec(std::string_view text) {
  Reader reader(text, MacroPlace::Record);
  auto spec = reader.read();
  if (!spec || reader.ends_in_expand()) {
    return spec;
  }
  std::string_view tail = reader.tail();
  if (!tail.empty() && tail.back() == '.') {
    tail.remove_suffix(1);  // a trailing dot must be accepted (section 7.3)
  }
  const auto dot = tail.rfind('.');
  if (dot == std::string_view::npos || !is_toplabel(tail.substr(dot + 1))) {
    return parse_error("a domain must end in a top-level label after a dot, or in a macro", text.size() - tail.size());
  }
  return spec;
}

std::string expand_domain(const MacroString& spec, const MacroValues& values) {
  if (const auto* name = spec.parts.size() == 1 ? std::get_if<std::string>(&spec.parts.front()) : nullptr) {
    return cut_to_name(*name);  // Nearly every one: no macro in it.
  }
  // From the right, since what exceeds a name's length is dropped on the left: however many macros a record holds, no
  // more of them are expanded than fit (one octet more for a trailing dot, one to see whether a label ends there).
  std::vector<std::string> pieces;
  std::size_t octets = 0;
  for (auto part = spec.parts.rbegin(); part != spec.parts.rend() && octets < kMaxNameOctets + 2; ++part) {
    const auto* literal = std::get_if<std::string>(&*part);
    pieces.push_back(literal != nullptr ? *literal : expand(std::get<Macro>(*part), values));
    octets += pieces.back().size();
  }
  std::string name;
  name.reserve(octets);
  std::for_each(pieces.rbegin(), pieces.rend(), [&name](const std::string& piece) { name += piece; });
  return cut_to_name(name);
}

std::string expand_text(const MacroString& text, const MacroValues& values, std::size_t max_octets) {
  std::string expanded;
  for (const auto& part : text.parts) {
    if (expanded.size() >= max_octets) {
      break;
    }
    const auto* literal = std::get_if<std::string>(&part);
    expanded += literal != nullptr ? *literal : expand(std::get<Macro>(part), values);
  }
  if (expanded.size() > max_octets) {
    expanded.resize(max_octets);
  }
  return expanded;
}

}  // namespace assay::spf
