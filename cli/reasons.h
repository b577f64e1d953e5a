#pragma once

#include "policy/decision.h"
#include "verify/arc/outcome.h"
#include "verify/dkim/outcome.h"
#include "verify/dmarc/outcome.h"
#include "verify/iprev/evaluate.h"
#include "verify/spf/outcome.h"

namespace assay::cli {

// What a reason (or a result that has none) means, in words for an administrator. Empty for None.
[[nodiscard]] const char* in_words(spf::Reason reason) noexcept;
[[nodiscard]] const char* in_words(dkim::Reason reason) noexcept;
[[nodiscard]] const char* in_words(arc::Reason reason) noexcept;
[[nodiscard]] const char* in_words(dmarc::Reason reason) noexcept;
[[nodiscard]] const char* in_words(iprev::Status status) noexcept;
[[nodiscard]] const char* in_words(policy::Indirect evidence) noexcept;

}  // namespace assay::cli
