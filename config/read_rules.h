#pragma once

#include "config/reader.h"
#include "policy/rules.h"

namespace assay::config {

/// Reads the administrator's rules, the value of policy.rules, into `rules.own`. The rest of `rules` must be read
/// before: what quarantine is, and whether discard is allowed. Rules with problems are reported and left out.
void read_rules(Findings& findings, const YamlNode& list, policy::Rules& rules);

}  // namespace assay::config
