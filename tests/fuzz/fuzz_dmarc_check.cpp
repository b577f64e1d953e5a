#include <algorithm>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzed_dns.h"
#include "verify/dmarc/evaluate.h"
#include "verify/dmarc/tree_walk.h"

using namespace assay;

namespace {

spf::Outcome spf_pass(std::string_view domain) {
  spf::Outcome outcome;
  outcome.status = domain.empty() ? spf::Status::Fail : spf::Status::Pass;
  outcome.domain = domain;
  return outcome;
}

/// A pass for each name that is one.
std::vector<dkim::Outcome> dkim_passes(std::string_view names) {
  std::vector<dkim::Outcome> outcomes;
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(' '));
    names.remove_prefix(std::min(name.size() + 1, names.size()));
    dkim::Outcome outcome;
    outcome.domain = name;
    outcome.status = dkim::Status::Pass;
    if (auto domain = Domain::parse(name)) {
      outcome.signing_domain = *domain;
      outcomes.push_back(outcome);
    }
  }
  return outcomes;
}

void check_walk(const Domain& name, dns::Resolver& dns, const Limits& limits) {
  const auto names = dmarc::walk_names(name, limits);
  fuzz::require(!names.empty() && names.size() <= limits.walk_queries && names.front() == name);
  fuzz::require(std::all_of(names.begin(), names.end(), [&](const Domain& above) { return name.is_within(above); }));
  const auto walk = dmarc::walk(name, dns, limits);
  fuzz::require(walk.is_ended && walk.steps.size() <= names.size());
  const auto organizational = dmarc::organizational_domain(name, walk);
  fuzz::require(organizational.has_value() == !walk.failure.has_value());
  fuzz::require(!organizational || name.is_within(*organizational));
}

}  // namespace

/// Input: two octets that say which lookups fail; then author, domain that passes SPF, domains whose signatures pass
/// (with blanks between them) and DNS, separated by octets 0.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const auto failures = static_cast<std::uint16_t>(data[0] << 8U | data[1]);
  auto rest = fuzz::as_text(data + 2, size - 2);
  const auto author = Domain::parse(fuzz::take_part(rest));
  const auto mail_from = spf_pass(fuzz::take_part(rest));
  const auto signatures = dkim_passes(fuzz::take_part(rest));
  if (!author) {
    return 0;
  }
  const Limits limits;
  fuzz::FuzzedDns dns(rest);
  check_walk(*author, dns, limits);
  const auto outcome = dmarc::evaluate(*author, mail_from, signatures, dns, limits);
  fuzz::require(outcome.author == *author);
  fuzz::require((outcome.status == dmarc::Status::Pass) == (outcome.spf_aligned || outcome.dkim_aligned) ||
                outcome.status == dmarc::Status::None || outcome.status == dmarc::Status::PermError);
  // RFC 9989 section 4.7: what is applied is what is published, or a level below it for t=y.
  if (outcome.status == dmarc::Status::Fail) {
    fuzz::require(outcome.policy && outcome.published && outcome.policy_domain &&
                  author->is_within(*outcome.policy_domain));
    fuzz::require(outcome.policy ==
                  (outcome.testing ? dmarc::one_level_below(*outcome.published) : *outcome.published));
  }
  if (outcome.status == dmarc::Status::Pass) {
    // Something of the same tree passed.
    const auto top = author->rightmost(1);
    const auto spf_domain = Domain::parse(mail_from.domain);
    fuzz::require((spf_domain && spf_domain->is_within(top)) ||
                  std::any_of(signatures.begin(), signatures.end(), [&](const dkim::Outcome& signature) {
                    return signature.signing_domain->is_within(top);
                  }));
    // Nothing passes without identifiers.
  }
  const auto bare = dmarc::evaluate(*author, spf_pass(""), {}, dns, limits);
  fuzz::require(bare.status != dmarc::Status::Pass);
  fuzz::require(outcome.status == dmarc::Status::Pass || outcome.status == dmarc::Status::TempError ||
                bare.status == outcome.status);

  // What could not be found out is a temporary error, never another result or policy.
  fuzz::FailingDns failing(dns, failures);
  const auto partial = dmarc::evaluate(*author, mail_from, signatures, failing, limits);
  // A pass stands without the policy that np might change: section 4.7, "np".
  const bool is_pass_alone = partial.status == dmarc::Status::Pass && !partial.policy && !partial.published;
  fuzz::require(partial.status == dmarc::Status::TempError ||
                (partial.status == outcome.status &&
                 (is_pass_alone || (partial.policy == outcome.policy && partial.published == outcome.published))));
  fuzz::require(failing.has_failed() || partial.status == outcome.status);
  fuzz::FailingDns dead(dns, 0xFFFF);
  fuzz::require(dmarc::evaluate(*author, spf_pass(""), {}, dead, limits).status == dmarc::Status::TempError);
  return 0;
}
