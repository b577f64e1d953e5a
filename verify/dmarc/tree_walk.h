#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "verify/base/domain.h"
#include "verify/dmarc/outcome.h"
#include "verify/dmarc/record.h"
#include "verify/dns/resolver.h"
#include "verify/limits.h"

namespace assay::dmarc {

/// The names that a walk from `start` asks, in order (RFC 9989 section 4.10): the name itself, then its parents; a name
/// of more than eight labels goes on with its rightmost seven. At most `limits.walk_queries`.
[[nodiscard]] std::vector<Domain> walk_names(const Domain& start, const Limits& limits);

/// What a walk found.
struct Walk {
  struct Found {
    Domain name;
    std::shared_ptr<const Record> record;  ///< Part of its answer.
  };
  std::vector<Found> found;     ///< Longest name first.
  std::vector<WalkStep> steps;  ///< Every question asked, in order.
  /// Set when a lookup failed: the walk stopped there. Records above may be missing, so neither an Organizational
  /// Domain nor an absence of policy can be concluded.
  std::optional<dns::Status> failure;
  std::string detail;     ///< What failed, in words for an administrator; text from DNS in it.
  bool is_ended = false;  ///< At the top, at a record with psd=y or psd=n, or at a failure.
};

/// Asks for the record of `start` alone: the first step of a walk.
[[nodiscard]] Walk begin_walk(const Domain& start, dns::Resolver& dns);

/// Asks upwards from where the walk that began at `start` stands, until a record with psd=y or psd=n, the top, or a
/// failure.
void continue_walk(const Domain& start, Walk& walk, dns::Resolver& dns, const Limits& limits);

/// A whole walk.
[[nodiscard]] Walk walk(const Domain& start, dns::Resolver& dns, const Limits& limits);

/// The Organizational Domain of the start of a walk that has ended (RFC 9989 section 4.10.2). nullopt if a lookup
/// failed.
[[nodiscard]] std::optional<Domain> organizational_domain(const Domain& start, const Walk& walk);

}  // namespace assay::dmarc
