#pragma once

#include <string>
#include <vector>

#include "policy/rule.h"

namespace assay::config {

/// A rule as one line of YAML: {name: ..., when: {...}, then: ...}. Reading it gives the same rule.
[[nodiscard]] std::string print_rule(const policy::Rule& rule);
/// What a rule does, as the value of `then`.
[[nodiscard]] std::string print_then(const policy::Then& then);
/// Conditions as a map: the value of `when`.
[[nodiscard]] std::string print_condition(const policy::Condition& condition);
/// Names as they are configured: `[a.example, "*.b.example", "@/path"]`, or one of them alone.
[[nodiscard]] std::string print_names(const policy::NameList& names);

}  // namespace assay::config
