#pragma once

#include <optional>
#include <vector>

#include "policy/decision.h"
#include "policy/rules.h"
#include "policy/ruling.h"
#include "policy/trusted_chain.h"
#include "verify/verdict.h"

namespace assay::policy {

/// Why the message is handled more mildly than its author's domain asks (RFC 9990, PolicyOverrideReason); nullopt if it
/// is not: DMARC does not fail, or the action is at least that of the published policy. A deferred message has not been
/// handled yet. policy_test_mode where t=y alone explains it, mailing_list where evidence of a list did,
/// otherwise local_policy. In monitor mode what is done is to accept. `chain` is the one that Ground::TrustedChain
/// rests on.
[[nodiscard]] std::optional<Override> find_override(const Ruling& ruling, const Verdict& verdict,
                                                    const std::vector<Indirect>& evidence, const Rules& rules,
                                                    const std::optional<TrustedChain>& chain);

}  // namespace assay::policy
