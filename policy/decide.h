#pragma once

#include <vector>

#include "policy/decision.h"
#include "policy/facts.h"
#include "policy/rules.h"
#include "verify/base/time.h"
#include "verify/verdict.h"

namespace assay::policy {

/// Decides what happens to a message. Deterministic, pure, never throws on bad input. Local mail is always accepted.
/// `now` is when the message came: rules expire by it.
[[nodiscard]] Decision decide(const Verdict& verdict, const Facts& facts, const Rules& rules, Time now);
/// As above, with the evidence of an indirect flow given rather than looked for in `verdict`.
[[nodiscard]] Decision decide(const Verdict& verdict, const Facts& facts, std::vector<Indirect> evidence,
                              const Rules& rules, Time now);

}  // namespace assay::policy
