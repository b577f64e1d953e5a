#include "verify/base/domain.h"

#include <idn2.h>

#include <algorithm>
#include <array>
#include <memory>

#include "verify/base/text.h"

namespace assay {
namespace {

constexpr std::size_t kMaxLabelOctets = 63;  ///< RFC 1035 section 2.3.4.
constexpr std::size_t kMaxNameOctets = 253;  ///< The 255 of RFC 1035 without the first length octet and the root.
/// Longest text that is converted: what 253 octets of A-labels can decode to is far shorter, even in UTF-8 and
/// decomposed. Bounds the work that libidn2 is given.
constexpr std::size_t kMaxUnicodeOctets = 1024;

/// The mapping of UTS #46 (case, width, NFC) with the characters of IDNA2008: no transitional mapping of "ß", and no
/// symbols. Not IDN2_USE_STD3_ASCII_RULES: libidn2 2.3.3 drops an '_' then instead of refusing it.
constexpr int kIdnaFlags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL;

struct FreeIdn2 {
  void operator()(void* memory) const noexcept { idn2_free(memory); }
};
template <class T>
using Idn2Text = std::unique_ptr<T, FreeIdn2>;

/// Turns U+3002, U+FF0E and U+FF61 into '.', as UTS #46 section 4.5 tells: a mail reader that maps the name sees
/// separators there.
std::string with_ascii_dots(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::string_view head = text.substr(0, 3);
    if (head == "\xE3\x80\x82" || head == "\xEF\xBC\x8E" || head == "\xEF\xBD\xA1") {
      out += '.';
      text.remove_prefix(3);
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

/// The A-label of a label that is not all ASCII; empty if it has none.
std::string to_a_label(const std::string& label) {
  std::uint8_t* raw = nullptr;
  const int status = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(label.c_str()), &raw, kIdnaFlags);
  const Idn2Text<std::uint8_t> converted(raw);
  return status == IDN2_OK ? std::string(reinterpret_cast<const char*>(converted.get())) : std::string();
}

/// The U-label of an A-label; empty if it has none.
std::string to_u_label(const std::string& label) {
  char* raw = nullptr;
  const int status = idn2_to_unicode_8z8z(label.c_str(), &raw, 0);
  const Idn2Text<char> converted(raw);
  return status == IDN2_OK ? std::string(converted.get()) : std::string();
}

/// Calls `visit(label, offset)` for each label until it returns false.
template <class Visit>
bool for_each_label(std::string_view text, Visit visit) {
  for (std::size_t begin = 0;;) {
    const std::size_t dot = std::min(text.find('.', begin), text.size());
    if (!visit(text.substr(begin, dot - begin), begin)) {
      return false;
    }
    if (dot == text.size()) {
      return true;
    }
    begin = dot + 1;
  }
}

/// What becomes of an octet of a name: letters, digits, '-', '_' and '.' in lower case, 0 for all that no name may
/// hold.
constexpr std::array<char, 256> kNameOctets = [] {
  std::array<char, 256> octets{};
  for (unsigned octet = 0; octet < octets.size(); ++octet) {
    const char c = static_cast<char>(octet);
    octets[octet] = is_alnum(c) || c == '-' || c == '_' || c == '.' ? to_lower(c) : '\0';
  }
  return octets;
}();

/// Checks a name in ASCII and brings it to lower case. Letters, digits, '-' and '_' in any order: what a name in DNS
/// may hold is wider than the host names of RFC 1123, and "_" begins the labels of RFC 8552.
Parsed<std::string> read_ascii(std::string_view text) {
  if (text.size() > kMaxNameOctets) {
    return parse_error("a domain name of more than 253 octets", kMaxNameOctets);
  }
  std::string name(text);
  std::size_t label_begin = 0;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    const char c = i == name.size() ? '.' : kNameOctets[static_cast<unsigned char>(name[i])];
    if (c == '.') {
      if (i == label_begin) {
        return parse_error("an empty label in a domain name", i);
      }
      if (i - label_begin > kMaxLabelOctets) {
        return parse_error("a label of more than 63 octets", label_begin);
      }
      label_begin = i + 1;
      continue;
    }
    if (c == '\0') {
      return parse_error("an octet that no domain name may hold", i);
    }
    name[i] = c;
  }
  return name;
}

/// A name with U-labels, converted label by label: libidn2's rules for whole names must not touch ASCII labels, of
/// which DNS knows many that IDNA would refuse ("r3---sn").
Parsed<std::string> read_unicode(std::string_view text) {
  if (text.size() > kMaxUnicodeOctets) {
    return parse_error("an internationalized domain name of more than 1024 octets", kMaxUnicodeOctets);
  }
  // idn2_lookup_u8 reads up to a NUL.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return parse_error("an octet that no domain name may hold", nul);
  }
  std::string name;
  std::size_t bad_label = 0;
  const bool is_converted = for_each_label(text, [&](std::string_view label, std::size_t offset) {
    const std::string a_label = is_ascii(label) ? std::string(label) : to_a_label(std::string(label));
    // A U-label holds no ASCII but letters, digits and '-'; a dot or '_' can also come from a mapping (U+2024, U+FF3F).
    if (!is_ascii(label) && (a_label.empty() || a_label.find_first_of("._") != std::string::npos)) {
      bad_label = offset;
      return false;
    }
    if (offset != 0) {
      name += '.';
    }
    name += a_label;
    return true;
  });
  if (!is_converted) {
    return parse_error("a label that IDNA cannot convert", bad_label);
  }
  return read_ascii(name);
}

}  // namespace

Parsed<Domain> Domain::parse(std::string_view text) {
  std::string mapped;
  const bool has_u_label = !is_ascii(text);
  if (has_u_label) {
    mapped = with_ascii_dots(text.substr(0, kMaxUnicodeOctets + 1));
    text = mapped;
  }
  if (!text.empty() && text.back() == '.') {
    text.remove_suffix(1);
  }
  auto name = has_u_label ? read_unicode(text) : read_ascii(text);
  if (!name) {
    // Where an octet of a converted name comes from in `text` is not known.
    return has_u_label ? parse_error(std::move(name.error().what)) : failure(std::move(name.error()));
  }
  return Domain(std::move(*name));
}

std::size_t Domain::label_count() const noexcept {
  return static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '.')) + 1;
}

std::optional<Domain> Domain::parent() const {
  const std::size_t dot = text_.find('.');
  if (dot == std::string::npos) {
    return std::nullopt;
  }
  return Domain(text_.substr(dot + 1));
}

Domain Domain::rightmost(std::size_t labels) const {
  std::size_t begin = text_.size();
  for (std::size_t i = 0; i < labels; ++i) {
    const std::size_t dot = begin == 0 ? std::string::npos : text_.rfind('.', begin - 1);
    if (dot == std::string::npos) {
      return *this;
    }
    begin = dot;
  }
  return Domain(text_.substr(begin + 1));
}

bool Domain::is_within(const Domain& ancestor) const noexcept {
  const std::string_view own = text_;
  const std::string_view other = ancestor.text_;
  return own.ends_with(other) && (own.size() == other.size() || own[own.size() - other.size() - 1] == '.');
}

std::string to_unicode(const Domain& name) {
  std::string out;
  for_each_label(name.str(), [&out](std::string_view label, std::size_t offset) {
    if (offset != 0) {
      out += '.';
    }
    // A U-label holds no '_', whatever Punycode gives: the name would be refused if somebody typed it.
    const bool may_have_u_label = label.starts_with("xn--") && label.find('_') == std::string_view::npos;
    const std::string u_label = may_have_u_label ? to_u_label(std::string(label)) : std::string();
    // Shown only if it leads back to the same name: what IDNA would map or refuse must not look like another name.
    out += !u_label.empty() && to_a_label(u_label) == label ? u_label : std::string(label);
    return true;
  });
  return out;
}

}  // namespace assay
