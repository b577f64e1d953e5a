#pragma once

#include <optional>

#include "config/rule_report.h"
#include "policy/condition.h"

namespace assay::config {

/// Reads the value of `when`: a map of conditions, all of which must hold; an empty one holds for every message.
/// nullopt, or a condition that is not whole, after a report. Bounds: policy::kMaxConditionDepth,
/// policy::kMaxConditions.
[[nodiscard]] std::optional<policy::Condition> read_when(RuleReport& report, const YamlNode& node);

}  // namespace assay::config
