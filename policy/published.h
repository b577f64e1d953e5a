#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/rules.h"
#include "policy/ruling.h"
#include "policy/trusted_chain.h"
#include "verify/verdict.h"

namespace assay::policy {

/// What holds of a message that no rule of the administrator's decides.
struct Rest {
  Ruling ruling;
  std::optional<TrustedChain> chain;   ///< That answers for the message: Ground::TrustedChain.
  std::vector<std::string> undecided;  ///< "arc.trusted_sealers" if nobody can tell now whether a chain answers.
};

/// By the From field itself, by a trusted ARC chain, else by what the author's domain publishes. Of several authors the
/// one decides who is judged most severely (RFC 9989 section 11.5). A chain that may answer later is as a rule that is
/// left unknown (must_defer). `is_indirect`: there is evidence of an indirect flow.
[[nodiscard]] Rest judge_published(const Verdict& verdict, const Rules& rules, bool is_indirect);

}  // namespace assay::policy
