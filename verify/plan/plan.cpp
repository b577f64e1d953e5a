#include "verify/plan/plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "verify/dmarc/evaluate.h"
#include "verify/dmarc/rfc7489.h"
#include "verify/dmarc/tree_walk.h"
#include "verify/iprev/evaluate.h"
#include "verify/plan/planning_resolver.h"
#include "verify/spf/evaluate.h"

namespace assay::plan {
namespace {

/// Whether a relaxed alignment of the two can depend on a walk: only names with a common parent below the top level
/// share an Organizational Domain in practice. A wrong "no" costs a later lookup, never a wrong result.
bool may_share_organization(const Domain& a, const Domain& b) {
  constexpr std::size_t kCommonLabels = 2;
  return a != b && a.rightmost(kCommonLabels) == b.rightmost(kCommonLabels);
}

void plan_dmarc(const Domain& author, const Known& known, const std::vector<Domain>& identifiers,
                PlanningResolver& resolver, const Limits& limits) {
  // Without any passing identifier the evaluation is policy discovery alone.
  const dmarc::Outcome policy = dmarc::evaluate(author, spf::Outcome{}, {}, resolver, limits);
  if (!policy.published) {
    return;
  }
  bool walk_author = false;
  for (const Domain& identifier : identifiers) {
    const bool is_signer = std::find(known.signing_domains.begin(), known.signing_domains.end(), identifier) !=
                           known.signing_domains.end();
    const bool strict = is_signer ? policy.strict_dkim : policy.strict_spf;
    if (!strict && may_share_organization(identifier, author)) {
      walk_author = true;
      static_cast<void>(dmarc::walk(identifier, resolver, limits));
    }
  }
  if (walk_author) {
    static_cast<void>(dmarc::walk(author, resolver, limits));
  }
}

/// What the comparison with RFC 7489 asks, which no identifier changes.
void plan_comparison(const Domain& author, const dmarc::PublicSuffixes& suffixes, PlanningResolver& resolver,
                     const Limits& limits) {
  dmarc::Outcome outcome;
  outcome.author = author;
  static_cast<void>(dmarc::compare_rfc7489(outcome, spf::Outcome{}, {}, suffixes, resolver, limits));
}

}  // namespace

std::vector<dns::Question> next_questions(const Known& known,
                                          const std::function<dns::AnswerPtr(const dns::Question&)>& answered,
                                          const Limits& limits, const dmarc::PublicSuffixes* suffixes) {
  PlanningResolver resolver(answered);
  std::vector<Domain> identifiers = known.signing_domains;
  std::optional<spf::Query> mail_from;
  if (known.client && known.mail_from) {
    mail_from = spf::mail_from_identity(*known.client, *known.mail_from, known.helo);
    if (auto domain = Domain::parse(mail_from->domain)) {
      identifiers.push_back(*std::move(domain));
    }
  }
  std::sort(identifiers.begin(), identifiers.end());
  identifiers.erase(std::unique(identifiers.begin(), identifiers.end()), identifiers.end());
  if (identifiers.size() > limits.alignment_domains) {
    identifiers.erase(identifiers.begin() + static_cast<std::ptrdiff_t>(limits.alignment_domains), identifiers.end());
  }
  // The names of the author and of the signers first, those that the client's own records lead to last: there may be
  // hundreds of them, as slow as the client likes, and neither may keep the author's policy from being asked in time.
  for (const Domain& author : known.authors) {
    plan_dmarc(author, known, identifiers, resolver, limits);
  }
  for (const dns::Question& key : known.keys) {
    static_cast<void>(resolver.lookup(key));
  }
  if (mail_from && !known.client_is_planned) {
    static_cast<void>(spf::evaluate(*mail_from, resolver, limits));
  }
  if (known.client && !known.client_is_planned) {
    if (!known.helo.empty()) {
      static_cast<void>(spf::evaluate(spf::helo_identity(*known.client, known.helo), resolver, limits));
    }
    static_cast<void>(iprev::evaluate(*known.client, resolver, limits));
  }
  if (suffixes != nullptr) {
    for (const Domain& author : known.authors) {
      plan_comparison(author, *suffixes, resolver, limits);
    }
  }
  return std::move(resolver).missing();
}

}  // namespace assay::plan
