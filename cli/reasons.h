#pragma once

#include <string>

#include "policy/decision.h"
#include "verify/arc/outcome.h"
#include "verify/dkim/outcome.h"
#include "verify/dmarc/outcome.h"
#include "verify/spf/outcome.h"

namespace assay::cli {

// What a reason means, in words for an administrator. Empty for None.
[[nodiscard]] const char* in_words(spf::Reason reason) noexcept;
[[nodiscard]] const char* in_words(dkim::Reason reason) noexcept;
[[nodiscard]] const char* in_words(arc::Reason reason) noexcept;
[[nodiscard]] const char* in_words(dmarc::Reason reason) noexcept;
[[nodiscard]] const char* in_words(policy::Indirect evidence) noexcept;

}  // namespace assay::cli
