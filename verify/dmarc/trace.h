#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "verify/base/domain.h"
#include "verify/dkim/outcome.h"
#include "verify/dmarc/outcome.h"
#include "verify/dns/resolver.h"
#include "verify/limits.h"
#include "verify/spf/outcome.h"

namespace assay::dmarc {

/// How a domain stands to the author's (RFC 9989 section 4.4). Unknown: a lookup failed.
enum class Relation : std::uint8_t { Equal, SameOrganization, OtherOrganization, Unknown };

/// A domain that SPF or DKIM speaks of, whether or not it passed.
struct Identifier {
  enum class Source : std::uint8_t { Spf, Dkim };
  Source source = Source::Spf;
  Domain domain;
  Relation relation = Relation::Unknown;
  std::optional<Domain> organizational_domain;  ///< Absent if a lookup failed, or for Equal without need.
  std::vector<WalkStep> walk;                   ///< Empty if it took none.

  /// Whether it aligns if it passes (section 4.4): `strict` is aspf=s or adkim=s. Not for Unknown.
  [[nodiscard]] bool aligns(bool strict) const noexcept {
    return relation == Relation::Equal || (relation == Relation::SameOrganization && !strict);
  }
};

/// The identifiers of one message beside one author.
struct Trace {
  std::vector<Identifier> identifiers;          ///< SPF's, then each d= once, in the order of the message.
  std::size_t omitted = 0;                      ///< Signing domains beyond Limits::alignment_domains.
  std::optional<Domain> organizational_domain;  ///< Of the author; absent if a lookup failed or nothing needed it.
  std::vector<WalkStep> walk;                   ///< The author's, as far as it was needed.
};

/// Looks at every identifier, whatever it came to: the evaluation asks no more than its answer needs, people want to
/// know the rest. `outcome` is what evaluate() said for the author. May ask DNS what the evaluation did not: at most
/// one walk for the author, SPF's domain, and each of `limits.alignment_domains` signing domains.
[[nodiscard]] Trace trace_alignment(const Outcome& outcome, const spf::Outcome& mail_from,
                                    std::span<const dkim::Outcome> dkim, dns::Resolver& dns, const Limits& limits);

}  // namespace assay::dmarc
