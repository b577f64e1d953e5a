#pragma once

#include <string>

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

/// What RFC 7489 would have said, and whether that differs.
[[nodiscard]] std::string in_words(const dmarc::Rfc7489& answer);

}  // namespace assay::cli
