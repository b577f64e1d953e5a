#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "verify/base/ip_address.h"
#include "verify/base/parsed.h"
#include "verify/base/time.h"

namespace assay::spf {

/// One `%{...}` (RFC 7208 section 7.1).
struct Macro {
  char letter = 'd';              ///< Lower case.
  bool url_escape = false;        ///< The letter was written in upper case (section 7.3).
  std::optional<unsigned> parts;  ///< How many right-hand parts to keep, at least 1; absent keeps all.
  bool reverse = false;           ///< r
  std::string delimiters;         ///< Where to split; empty is ".".
};

/// A macro-string or explain-string, read: literal text (with `%%`, `%_` and `%-` replaced) and macros, in order.
struct MacroString {
  std::vector<std::variant<std::string, Macro>> parts;

  /// How often the macro `letter` (lower case) stands in it.
  [[nodiscard]] std::size_t count(char letter) const noexcept;
};

/// Where a macro-string stands: the letters c, r and t, and SP, are for explanation text alone (section 7.2, 6.2).
enum class MacroPlace : std::uint8_t { Record, Explanation };

/// Reads macro-string (section 7.1) or, in an explanation, explain-string. Empty text is well formed.
[[nodiscard]] Parsed<MacroString> parse_macro_string(std::string_view text, MacroPlace place);

/// Reads domain-spec (section 7.1): a macro-string that ends in a macro or in "." toplabel ["."]. The rule is about the
/// text as published; what the macros will give is not known here.
[[nodiscard]] Parsed<MacroString> parse_domain_spec(std::string_view text);

/// What the letters stand for (section 7.2).
struct MacroValues {
  std::string sender;          ///< s
  std::string local_part;      ///< l
  std::string sender_domain;   ///< o
  std::string domain;          ///< d
  IpAddress client;            ///< i, c, v
  std::string validated_name;  ///< p
  std::string helo;            ///< h
  std::string receiver;        ///< r
  Time now{};                  ///< t
};

/// The <target-name> that `spec` stands for: in lower case, without a trailing dot, without the left labels that make
/// it longer than 253 octets (section 7.3). It may still be no legal DNS name: ask dns::is_askable.
[[nodiscard]] std::string expand_domain(const MacroString& spec, const MacroValues& values);

/// The text that `text` stands for, cut after `max_octets`.
[[nodiscard]] std::string expand_text(const MacroString& text, const MacroValues& values, std::size_t max_octets);

}  // namespace assay::spf
