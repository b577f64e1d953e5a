#pragma once

#include <vector>

#include "policy/decision.h"
#include "policy/facts.h"
#include "verify/verdict.h"

namespace assay::policy {

/// Looks for evidence that a message whose DMARC check fails came by an indirect way: the "other knowledge and
/// analysis" that RFC 9989 section 7.4 asks for before a message is rejected on p=reject. In a fixed order, without
/// repetition. A forger can imitate each of them and gains no more than quarantine: none of it ever leads to
/// acceptance.
[[nodiscard]] std::vector<Indirect> find_indirect(const Verdict& verdict, const Facts& facts);

}  // namespace assay::policy
