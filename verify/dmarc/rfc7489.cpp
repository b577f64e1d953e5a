#include "verify/dmarc/rfc7489.h"

#include <optional>
#include <string>
#include <utility>

#include "verify/dmarc/record.h"
#include "verify/dmarc/tree_walk.h"

namespace assay::dmarc {
namespace {

void set_temp_error(Rfc7489& out, bool bogus, std::string detail) {
  out.status = Status::TempError;
  out.reason = bogus ? Reason::DnssecBogus : Reason::DnsFailure;
  out.detail = std::move(detail);
}

/// Policy discovery (section 6.6.3). nullopt if no record applies; `out` then says why.
std::optional<Walk::Found> discover(const Domain& author, Rfc7489& out, dns::Resolver& dns) {
  Walk asked = begin_walk(author, dns);
  const auto& organization = out.organizational_domain;
  // "If the set is now empty" (step 3). Several records are no empty set: nothing above them is asked.
  if (!asked.failure && asked.steps.front().records == 0 && organization && *organization != author) {
    asked = begin_walk(*organization, dns);
  }
  if (asked.failure) {
    set_temp_error(out, asked.failure == dns::Status::Bogus, asked.detail);
    return std::nullopt;
  }
  if (asked.found.empty()) {  // "Multiple records or no records" (step 5)
    out.reason = Reason::NoRecord;
    if (const WalkStep& step = asked.steps.front(); step.records > 1) {
      out.detail = std::to_string(step.records) + " records at " + step.name;
    }
    return std::nullopt;
  }
  return std::move(asked.found.front());
}

/// Fills in the policy. False if DMARC does not apply; `out` then says how.
bool apply_record(const Domain& author, const Walk::Found& found, Rfc7489& out) {
  const Record& record = *found.record;
  out.policy_domain = found.name;
  out.percent = record.percent.value_or(out.percent);
  // Section 6.6.3 step 6. np= is none of its tags: what it holds is ignored.
  const bool is_unusable = !record.policy || record.has_invalid_subdomain_policy;
  if (is_unusable && record.aggregate_uris.empty()) {
    out.status = Status::PermError;
    out.reason = Reason::UnusableRecord;
    out.detail = "no valid p=, or an invalid sp=, and no valid rua= at _dmarc." + found.name.str();
    return false;
  }
  if (is_unusable) {
    out.published = Policy::None;
  } else {
    // "It applies only to subdomains of the domain queried" (section 6.3, sp).
    out.published = found.name == author ? *record.policy : record.subdomain_policy.value_or(*record.policy);
  }
  // Section 6.6.4: not on more than the stated percent, so on none at 0.
  out.policy = out.percent == 0 ? one_level_below(*out.published) : *out.published;
  return true;
}

/// Aligns identifiers with one author (sections 3.1.1, 3.1.2).
class Alignment {
 public:
  Alignment(const Domain& author, const std::optional<Domain>& organization, const PublicSuffixes& suffixes)
      : author_(author), organization_(organization), suffixes_(suffixes) {}

  [[nodiscard]] bool includes(const Domain& identifier, bool strict) const {
    return identifier == author_ ||
           (!strict && organization_ && suffixes_.organizational_domain(identifier) == organization_);
  }

 private:
  const Domain& author_;
  const std::optional<Domain>& organization_;
  const PublicSuffixes& suffixes_;
};

/// Fills in the result (section 6.6.2).
void judge(const Alignment& alignment, const Record& record, const spf::Outcome& mail_from,
           std::span<const dkim::Outcome> dkim, Rfc7489& out) {
  const auto spf_domain = Domain::parse(mail_from.domain);
  const bool spf_aligns = spf_domain && alignment.includes(*spf_domain, record.strict_spf);
  const dkim::Outcome* unchecked = nullptr;
  out.spf_aligned = spf_aligns && mail_from.status == spf::Status::Pass;
  for (const dkim::Outcome& signature : dkim) {
    const bool counts = signature.status == dkim::Status::Pass || signature.status == dkim::Status::TempError;
    if (!counts || !signature.signing_domain || !alignment.includes(*signature.signing_domain, record.strict_dkim)) {
      continue;
    }
    if (signature.status == dkim::Status::Pass) {
      out.dkim_aligned = true;
    } else if (unchecked == nullptr) {
      unchecked = &signature;
    }
  }
  if (out.spf_aligned || out.dkim_aligned) {
    out.status = Status::Pass;
  } else if (spf_aligns && mail_from.status == spf::Status::TempError) {
    set_temp_error(out, mail_from.reason == spf::Reason::DnssecBogus, "SPF of " + spf_domain->str());
  } else if (unchecked != nullptr) {
    set_temp_error(out, unchecked->reason == dkim::Reason::DnssecBogus,
                   "DKIM key of " + unchecked->signing_domain->str());
  } else {
    out.status = Status::Fail;
    out.reason = Reason::NotAligned;
  }
}

/// Whether policy discovery came to its end, so that an absent policy means that there is none.
bool knows_policy(const std::optional<Policy>& published, Reason reason) {
  return published || reason == Reason::NoRecord || reason == Reason::UnusableRecord;
}

void compare(const Outcome& rfc9989, Rfc7489& out) {
  // A temporary error is no answer, so it is not another answer.
  if (out.status != rfc9989.status && out.status != Status::TempError && rfc9989.status != Status::TempError) {
    out.differences.push_back(Difference::Result);
  }
  if (out.policy != rfc9989.policy && knows_policy(out.published, out.reason) &&
      knows_policy(rfc9989.published, rfc9989.reason)) {
    out.differences.push_back(Difference::Policy);
  }
  // Without any record DMARC does not apply, and the Organizational Domain means nothing.
  const bool applies = out.policy_domain || rfc9989.policy_domain;
  if (applies && out.tree_walk_organizational_domain &&
      out.organizational_domain != out.tree_walk_organizational_domain) {
    out.differences.push_back(Difference::OrganizationalDomain);
  }
}

}  // namespace

Rfc7489 compare_rfc7489(const Outcome& rfc9989, const spf::Outcome& mail_from, std::span<const dkim::Outcome> dkim,
                        const PublicSuffixes& suffixes, dns::Resolver& dns, const Limits& limits) {
  const Domain& author = rfc9989.author.value();
  Rfc7489 out;
  out.organizational_domain = suffixes.organizational_domain(author);
  if (const auto found = discover(author, out, dns); found && apply_record(author, *found, out)) {
    judge(Alignment(author, out.organizational_domain, suffixes), *found->record, mail_from, dkim, out);
  }
  out.tree_walk_organizational_domain = organizational_domain(author, walk(author, dns, limits));
  compare(rfc9989, out);
  return out;
}

}  // namespace assay::dmarc
