#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/base/parsed.h"

namespace assay::message {

/// One addr-spec. `local_part` has its quoted-string quoting removed; `domain` is as written (it may be a
/// domain-literal with its brackets), comments and folding gone.
struct AddrSpec {
  std::string local_part;
  std::string domain;
  std::string text;  ///< The addr-spec as written, comments and folding gone.
  /// All that is written of the mailbox: a view of the value, from behind the comma before it (or from its begin, names
  /// of groups counted) to behind its comments, without white space in front.
  std::string_view written;
};

/// Reads the value of a From field: address-list of RFC 5322 section 3.4 with RFC 6854 groups and the UTF-8 of RFC
/// 6532. Calls `visit` for each mailbox, those inside groups like any other, and returns their number; none is a valid
/// result (an empty group). What was visited before an error counts for nothing. If `visit` returns false the reading
/// ends there, as an error.
///
/// Of the obsolete syntax (RFC 5322 section 4) only what cannot change who is named is read: dots in display names,
/// comments and folding around the dots of a local part, empty elements of a list. Refused are source routes, comments
/// and folding around the dots of a domain, control characters, quoted CR and LF, a CR or LF outside a fold, addresses
/// that are not UTF-8, encoded-words in addresses (RFC 2047 section 5), comments nested deeper than 50, and whatever
/// stands before or behind a mailbox without a comma, so also "a@b@c".
///
/// A local part that is one quoted-string may hold '<', '>' and '@': a mailbox of that name cannot be written otherwise
/// (RFC 5322 section 3.4.1). Refused is what the syntax allows and no sender needs, since readers that look for these
/// three alone find another address in it: one of them quoted in an obsolete local part of several words, or in a
/// comment inside an addr-spec (such comments "SHOULD NOT be used"), and characters in an addr-spec that turn the
/// direction of text.
///
/// Dots may stand in a local part as they like ("a..b@example.com", "a.@example.com"): no RFC has that, but telephone
/// companies gave out such addresses, and where the '@' and the domain are is not in doubt.
///
/// Display names are read more kindly, since genuine mail has them and they name nobody else: square brackets and
/// octets that are not UTF-8 may stand in them, and a bare address may stand for one if it names the domain of the
/// address in angle brackets, or a single label. One with a ':' may lack its quotes ("Re: order <a@b.example>"): it is
/// read as a group that ends with the value. A domain may end in a dot. A field that needs any of this must not hold
/// '@',
/// '<' or '>' in quotes, comments or encoded-words; nor may one with empty elements, or comments in comments.
[[nodiscard]] Parsed<std::size_t> for_each_address(std::string_view value,
                                                   const std::function<bool(const AddrSpec&)>& visit);

/// As for_each_address. At most `max_addresses` are kept, the rest is checked and counted in `total`.
struct AddressList {
  std::vector<AddrSpec> addresses;
  std::size_t total = 0;
};
[[nodiscard]] Parsed<AddressList> parse_address_list(std::string_view value, std::size_t max_addresses);

}  // namespace assay::message
