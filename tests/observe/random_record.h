#pragma once

#include "observe/record.h"
#include "policy/rules.h"
#include "tests/support/dice.h"

namespace assay::test {

/// A record whose members are drawn on their own, so that combinations no verifier would make appear as well; its
/// strings hold any octets. Without what to_json() would cut.
[[nodiscard]] observe::Record random_record(Dice& dice);

/// What a policy may say in place of its defaults.
[[nodiscard]] policy::Rules random_rules(Dice& dice);

}  // namespace assay::test
