#include "verify/dmarc/trace.h"

#include <algorithm>
#include <string>
#include <utility>

#include "verify/dmarc/tree_walk.h"

namespace assay::dmarc {
namespace {

/// Looks at identifiers beside one author.
class Tracer {
 public:
  Tracer(const Domain& author, const Outcome& outcome, dns::Resolver& dns, const Limits& limits)
      : author_(author), dns_(dns), limits_(limits) {
    trace_.walk = outcome.walk;
    trace_.organizational_domain = outcome.organizational_domain;
  }

  void add(Identifier::Source source, const Domain& domain) {
    Identifier identifier{source, domain, Relation::Equal, {}, {}};
    if (domain != author_) {
      compare(identifier);
    }
    trace_.identifiers.push_back(std::move(identifier));
  }
  void omit() { ++trace_.omitted; }

  [[nodiscard]] bool knows(Identifier::Source source, const Domain& domain) const {
    return std::any_of(trace_.identifiers.begin(), trace_.identifiers.end(),
                       [&](const Identifier& known) { return known.source == source && known.domain == domain; });
  }
  [[nodiscard]] Trace take() { return std::move(trace_); }

 private:
  /// Relaxed alignment is a question of Organizational Domains (section 4.10.2).
  void compare(Identifier& identifier) {
    if (!has_walked_author_) {
      const Walk own = walk(author_, dns_, limits_);
      trace_.walk = own.steps;
      trace_.organizational_domain = organizational_domain(author_, own);
      has_walked_author_ = true;
    }
    const Walk its = walk(identifier.domain, dns_, limits_);
    identifier.walk = its.steps;
    identifier.organizational_domain = organizational_domain(identifier.domain, its);
    const auto& own = trace_.organizational_domain;
    const auto& other = identifier.organizational_domain;
    // An Organizational Domain is the name itself or one above it, which tells much even where a lookup failed.
    const bool is_outside = (own && !identifier.domain.is_within(*own)) || (other && !author_.is_within(*other)) ||
                            identifier.domain.rightmost(1) != author_.rightmost(1);
    identifier.relation = is_outside     ? Relation::OtherOrganization
                          : own && other ? (*own == *other ? Relation::SameOrganization : Relation::OtherOrganization)
                                         : Relation::Unknown;
  }

  const Domain& author_;
  dns::Resolver& dns_;
  const Limits& limits_;
  Trace trace_;
  bool has_walked_author_ = false;
};

}  // namespace

Trace trace_alignment(const Outcome& outcome, const spf::Outcome& mail_from, std::span<const dkim::Outcome> dkim,
                      dns::Resolver& dns, const Limits& limits) {
  // Without an author or a record there is nothing to align with.
  if (!outcome.author || !outcome.policy_domain) {
    return {};
  }
  Tracer tracer(*outcome.author, outcome, dns, limits);
  if (const auto domain = Domain::parse(mail_from.domain)) {
    tracer.add(Identifier::Source::Spf, *domain);
  }
  std::size_t signers = 0;
  for (const dkim::Outcome& signature : dkim) {
    if (!signature.signing_domain || tracer.knows(Identifier::Source::Dkim, *signature.signing_domain)) {
      continue;
    }
    if (++signers > limits.alignment_domains) {
      tracer.omit();
      continue;
    }
    tracer.add(Identifier::Source::Dkim, *signature.signing_domain);
  }
  return tracer.take();
}

}  // namespace assay::dmarc
