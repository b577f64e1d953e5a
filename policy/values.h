#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/condition.h"

namespace assay::policy {

// What the values of tests name, compared with each other.

/// Whether all that `narrow` names, `wide` names, too. False for values of different forms.
[[nodiscard]] bool covers(const Condition& wide, const Condition& narrow);
/// Whether some value may be one that both name; true where that is not known. Meant for one and the same fact.
[[nodiscard]] bool may_overlap(const Condition& a, const Condition& b);
/// Whether the test names nothing: its file is empty.
[[nodiscard]] bool is_empty(const Condition& test);
/// Without regard to letter case.
[[nodiscard]] bool has_word(const WordList& list, std::string_view word);
/// What follows the last '@'.
[[nodiscard]] std::string_view domain_part(std::string_view address);
/// The values as they were written.
[[nodiscard]] std::vector<std::string> values_of(const Condition& test);

}  // namespace assay::policy
