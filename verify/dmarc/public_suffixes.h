#pragma once

#include <optional>

#include "verify/base/domain.h"

namespace assay::dmarc {

/// A public suffix list: the names below which anybody may register a domain. Immutable; any number of threads.
class PublicSuffixes {
 public:
  PublicSuffixes() = default;
  PublicSuffixes(const PublicSuffixes&) = delete;
  PublicSuffixes& operator=(const PublicSuffixes&) = delete;
  virtual ~PublicSuffixes() = default;

  /// The Organizational Domain of RFC 7489 section 3.2: the longest public suffix of `name` and one label more. nullopt
  /// if `name` is itself a public suffix, which "cannot be an Organizational Domain" (section 3.1.1).
  [[nodiscard]] virtual std::optional<Domain> organizational_domain(const Domain& name) const = 0;
  /// Whether the list itself names `name` as a public suffix: of a top-level domain, whether it exists.
  [[nodiscard]] virtual bool is_listed(const Domain& name) const = 0;
};

}  // namespace assay::dmarc
