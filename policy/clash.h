#pragma once

#include <optional>
#include <string>

#include "policy/cases.h"
#include "policy/condition.h"

namespace assay::policy {

/// Why something can never hold, worded for people, and where.
struct Clash {
  std::string why;
  Place place;
  bool is_whole = true;  ///< All that was looked at never holds; otherwise a branch of `any` in it.
};

/// Two parts of the case that can never hold together: disjoint values of one fact, a test and its opposite, or results
/// that the RFCs never give together. Nullopt if none is seen.
[[nodiscard]] std::optional<Clash> find_clash(const Case& given);

/// Why the condition, or else a branch of `any` in it, can never hold. Nullopt if that is not seen. What stands under
/// `not` and always holds beside other conditions is no such branch: it is in vain, and the whole can hold.
[[nodiscard]] std::optional<Clash> find_contradiction(const Condition& condition);

}  // namespace assay::policy
