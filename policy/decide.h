#pragma once

#include "policy/decision.h"
#include "policy/facts.h"
#include "policy/rules.h"
#include "verify/verdict.h"

namespace assay::policy {

/// Decides what happens to a message. Deterministic, pure, never throws on bad input. Local mail is always accepted.
[[nodiscard]] Decision decide(const Verdict& verdict, const Facts& facts, const Rules& rules);

}  // namespace assay::policy
