#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "verify/base/parsed.h"

namespace assay::dkim {

/// One tag-spec. Views into the text that was parsed.
struct Tag {
  std::string_view name;
  std::string_view value;  ///< Without the FWS around it; FWS inside it is kept.
};

/// A tag-list of RFC 6376 section 3.2, as DKIM-Signature, key records and the ARC fields use it. Holds views: the
/// parsed text must outlive it.
class TagList {
 public:
  /// Reads at most `max_tags` tags; more, a repeated name, an empty element or any octet outside the grammar is an
  /// error of the entire list. UTF-8 may stand in values (RFC 8616 section 5). One semicolon may end the list, with FWS
  /// after it. The tags before the fault stay readable, for reports alone.
  [[nodiscard]] static TagList parse(std::string_view text, std::size_t max_tags);

  /// Why the list is invalid; absent if it is well formed.
  [[nodiscard]] const std::optional<ParseError>& error() const noexcept { return error_; }
  [[nodiscard]] const std::vector<Tag>& tags() const noexcept { return tags_; }
  /// The value of the tag of that name (case-sensitive). An empty value is not an absent tag.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;

 private:
  std::vector<Tag> tags_;
  std::optional<ParseError> error_;
};

/// The elements of a colon-separated list with FWS on either side of the colons (h= and q= of a signature; h=, s=, t=
/// of a key). Empty text gives no elements; "a::b" gives an empty one. At most `max_items` are returned, so ask for one
/// more than a bound to see that it was passed.
[[nodiscard]] std::vector<std::string_view> split_colons(std::string_view value, std::size_t max_items);

/// hyphenated-word = ALPHA [ *(ALPHA / DIGIT / "-") (ALPHA / DIGIT) ] (section 2.10)
[[nodiscard]] bool is_hyphenated_word(std::string_view text) noexcept;

}  // namespace assay::dkim
