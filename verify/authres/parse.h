#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "verify/base/domain.h"
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
/// after its instance. Methods of an unknown version are dropped. Bounded: at most 100 results, 20 properties each;
/// more is an error. Pure.
[[nodiscard]] Parsed<AuthenticationResults> parse(std::string_view value);

/// Whether an inbound Authentication-Results field must be removed (RFC 8601 section 5): it claims one of `our_ids` (in
/// any case, quoted, after comments, as U- or A-labels, with a trailing dot, whatever follows), its authserv-id cannot
/// be read, or its version is not 1 whoever it names. `value` is everything after the colon and may be of any size.
[[nodiscard]] bool must_remove(std::string_view value, const std::vector<std::string>& our_ids);

}  // namespace assay::authres
