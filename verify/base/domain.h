#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "verify/base/parsed.h"

namespace assay {

/// A DNS name as every protocol here compares it: A-labels, lower case, no trailing dot, at least one label.
/// Two Domains are the same name if and only if they are equal. Labels hold letters, digits, '-' and '_' alone, 1-63
/// octets each, at most 253 octets in all (RFC 1035 section 2.3.4). A value, freely copied between threads.
class Domain {
 public:
  /// Reads A-labels or U-labels; one trailing dot is accepted. U-labels are converted as RFC 8616 asks: IDNA2008 after
  /// the non-transitional mapping of UTS #46, which folds case and width, drops what is invisible (soft hyphen) and
  /// reads the ideographic and full-width dots as separators, so that the name is the one that a mail reader shows.
  /// A-labels stay as they are, also when nothing decodes them. An address literal, an empty label, any other octet, an
  /// over-long label or name is an error.
  [[nodiscard]] static Parsed<Domain> parse(std::string_view text);

  [[nodiscard]] const std::string& str() const noexcept { return text_; }
  [[nodiscard]] std::size_t label_count() const noexcept;
  /// The name without its leftmost label; nullopt for a single label.
  [[nodiscard]] std::optional<Domain> parent() const;
  /// The rightmost `labels` labels; the whole name when it has no more. `labels` is at least 1.
  [[nodiscard]] Domain rightmost(std::size_t labels) const;
  /// True for the name itself and for every name below it.
  [[nodiscard]] bool is_within(const Domain& ancestor) const noexcept;

  friend bool operator==(const Domain&, const Domain&) = default;
  friend std::strong_ordering operator<=>(const Domain&, const Domain&) = default;

 private:
  explicit Domain(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// The U-label form of `name` for people to read; the A-label form where a label has none.
[[nodiscard]] std::string to_unicode(const Domain& name);

}  // namespace assay

template <>
struct std::hash<assay::Domain> {
  std::size_t operator()(const assay::Domain& name) const noexcept { return std::hash<std::string>{}(name.str()); }
};
