#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "verify/arc/outcome.h"
#include "verify/base/domain.h"
#include "verify/dmarc/outcome.h"

namespace assay::policy {

/// What counts where the tree walk left the author's Organizational Domain open: it does when nothing passed that it
/// could align.
enum class Unknown : std::uint8_t {
  Related,  ///< A name at, above or below the author's: good enough for evidence that never leads to acceptance.
  Author,   ///< The author's own name alone.
};

/// Identifier alignment (RFC 9989 section 4.4) without asking DNS again. `strict` is the domain owner's adkim or aspf:
/// what could not have passed on the direct way is no evidence of an indirect one.
[[nodiscard]] bool is_aligned(const Domain& name, const dmarc::Outcome& dmarc, bool strict, Unknown unknown);

/// Whether `ancestor`, which is no top-level domain, is `name` or above it.
[[nodiscard]] bool is_ancestor(const Domain& ancestor, const Domain& name);

/// The domain in a claimed property, which may be a whole address (smtp.mailfrom=a@example.com, header.i=@example.com);
/// the first if it is repeated.
[[nodiscard]] std::optional<Domain> claimed_domain(const arc::Claim& claim, std::string_view property);

/// Whether what a hop claims is about the author's domain: header.from of dmarc is this very name, or the identifier of
/// dkim or spf is aligned with it. False for any other method.
[[nodiscard]] bool concerns_author(const arc::Claim& claim, const dmarc::Outcome& dmarc, Unknown unknown);

/// Whether a hop claims that it authenticated the author's domain: dmarc=pass of this very name, or dkim=pass or
/// spf=pass of an aligned one (RFC 8617 section 7.2.1).
[[nodiscard]] bool claims_author(const arc::Claim& claim, const dmarc::Outcome& dmarc, Unknown unknown);

}  // namespace assay::policy
