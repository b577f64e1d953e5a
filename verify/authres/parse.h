#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "verify/base/parsed.h"

namespace assay::authres {

struct Result {
  std::string method;  ///< Lower case.
  std::string result;  ///< Lower case.
  std::string reason;  ///< Empty if none.
  std::vector<std::pair<std::string, std::string>>
      properties;  ///< ("smtp.mailfrom", "example.com"), names in lower case.
};

struct AuthenticationResults {
  std::string authserv_id;  ///< Unquoted, letter case kept.
  unsigned version = 1;
  std::vector<Result> results;  ///< Empty for "none".
};

/// Reads the value of an Authentication-Results field (RFC 8601 section 2.2), or of an ARC-Authentication-Results field
/// after its instance. Methods of an unknown version are dropped, as is a repeated "reason". A value in quotes loses
/// them, except the local-part of an address, which needs them.
/// What widespread writers do against the grammar is read as they mean it: a property value without the quotes it needs
/// (base64, an IPv6 address, `a=b@example.com`), `name=value` without a property type (dropped), a ';' too many, and
/// 'none' among results (dropped). Everything else is an error, as are a header version other than 1, more than 100
/// results, and more than 20 properties in one. Pure; time linear in the size of the value.
[[nodiscard]] Parsed<AuthenticationResults> parse(std::string_view value);

/// Whether an inbound Authentication-Results field must be removed (RFC 8601 section 5): it claims one of `our_ids` (in
/// any case, quoted, after comments, as U- or A-labels, with a trailing dot, whatever follows), its authserv-id cannot
/// be read, or its version is not 1 whoever it names. `value` is everything after the colon and may be of any size.
///
/// Readers of this field differ in what they make of nested comments, backslashes, encoded words and stray octets, so
/// that a field may name a stranger to one and us to another. Hence a field is kept only if everything before its first
/// ';' is so plain that all of them agree, and no word there is one of our ids, not even inside a comment.
[[nodiscard]] bool must_remove(std::string_view value, const std::vector<std::string>& our_ids);

}  // namespace assay::authres
