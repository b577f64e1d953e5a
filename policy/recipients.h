#pragma once

#include <string_view>
#include <vector>

#include "policy/rules.h"
#include "verify/base/time.h"

namespace assay::policy {

/// One recipient of each class: recipients are of one class if every condition on recipients, in any rule that still
/// counts, holds for all of them or for none. In the order in which the classes first appear; empty without recipients.
/// One class where no rule asks about recipients.
[[nodiscard]] std::vector<std::string_view> find_classes(const std::vector<std::string>& recipients, const Rules& rules,
                                                         Time now);

}  // namespace assay::policy
