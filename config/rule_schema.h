#pragma once

#include <nlohmann/json.hpp>

namespace assay::config {

/// What the schema says of the administrator's rules, from the tables of rule_keys.h: one rule, and `conditions`, the
/// map that `when`, any, all and not have. They refer to each other below #/$defs.
struct RuleSchema {
  nlohmann::ordered_json rule;
  nlohmann::ordered_json conditions;
};

[[nodiscard]] RuleSchema rule_schema();

}  // namespace assay::config
