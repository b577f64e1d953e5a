#pragma once

#include <vector>

#include "policy/decision.h"
#include "policy/facts.h"
#include "policy/rules.h"
#include "verify/base/time.h"
#include "verify/verdict.h"

namespace assay::policy {

/// Decides what happens to a message. Deterministic, pure, never throws on bad input. Any number of threads.
/// In this order: local mail is accepted; bounds that were exceeded; the administrator's rules (own_rules.h); an
/// unusable From; a trusted ARC chain; the published policy. `now` is when the message came: rules expire by it.
///
/// Recipients that rules tell apart are asked separately; Rules::mixed_recipients chooses among what comes out, and all
/// of it, tags and header fields included, is that of the recipient chosen.
[[nodiscard]] Decision decide(const Verdict& verdict, const Facts& facts, const Rules& rules, Time now);
/// As above, with the evidence of an indirect flow given rather than looked for in `verdict`.
[[nodiscard]] Decision decide(const Verdict& verdict, const Facts& facts, std::vector<Indirect> evidence,
                              const Rules& rules, Time now);

}  // namespace assay::policy
