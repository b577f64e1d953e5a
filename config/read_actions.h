#pragma once

#include "config/rule_report.h"
#include "policy/rule.h"
#include "policy/rules.h"

namespace assay::config {

/// Reads the value of `then` into `then`: one action, as a word or as {ACTION: {...}}. `rules` says what quarantine is
/// where the rule does not, and whether discard is allowed. After a report, `then` is not whole.
void read_then(RuleReport& report, const YamlNode& node, const policy::Rules& rules, policy::Then& then);

}  // namespace assay::config
