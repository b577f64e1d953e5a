#include "policy/claims.h"

#include <algorithm>

#include "policy/names.h"
#include "verify/base/text.h"

namespace assay::policy {
namespace {

/// Octets of a claimed property that is not all ASCII and is read for its domain.
constexpr std::size_t kMaxClaimedOctets = 255;

}  // namespace

bool is_ancestor(const Domain& ancestor, const Domain& name) {
  return ancestor.label_count() >= kMinOwnedLabels && name.is_within(ancestor);
}

bool is_aligned(const Domain& name, const dmarc::Outcome& dmarc, bool strict, Unknown unknown) {
  if (!dmarc.author) {
    return false;
  }
  if (name == *dmarc.author) {
    return true;
  }
  if (strict) {
    return false;
  }
  if (dmarc.organizational_domain) {
    return name.is_within(*dmarc.organizational_domain);
  }
  return unknown == Unknown::Related && (is_ancestor(name, *dmarc.author) || is_ancestor(*dmarc.author, name));
}

std::optional<Domain> claimed_domain(const arc::Claim& claim, std::string_view property) {
  const auto found = std::find_if(claim.properties.begin(), claim.properties.end(),
                                  [property](const auto& pair) { return pair.first == property; });
  if (found == claim.properties.end()) {
    return std::nullopt;
  }
  const std::string_view value = found->second;
  // A name in U-labels may be longer, but nobody has one; to convert it takes time (RFC 8616).
  if (value.size() > kMaxClaimedOctets && !is_ascii(value)) {
    return std::nullopt;
  }
  const auto at = value.rfind('@');
  const auto domain = Domain::parse(at == std::string_view::npos ? value : value.substr(at + 1));
  return domain ? std::optional(*domain) : std::nullopt;
}

bool concerns_author(const arc::Claim& claim, const dmarc::Outcome& dmarc, Unknown unknown) {
  if (claim.method == "dmarc") {
    return dmarc.author && claimed_domain(claim, "header.from") == dmarc.author;
  }
  if (claim.method == "dkim") {
    // Some large sealers write header.i alone. Its domain is d= or below it.
    auto domain = claimed_domain(claim, "header.d");
    if (!domain) {
      domain = claimed_domain(claim, "header.i");
    }
    return domain && is_aligned(*domain, dmarc, dmarc.strict_dkim, unknown);
  }
  if (claim.method == "spf") {
    // smtp.mfrom is the older name of the property.
    auto domain = claimed_domain(claim, "smtp.mailfrom");
    if (!domain) {
      domain = claimed_domain(claim, "smtp.mfrom");
    }
    return domain && is_aligned(*domain, dmarc, dmarc.strict_spf, unknown);
  }
  return false;
}

bool claims_author(const arc::Claim& claim, const dmarc::Outcome& dmarc, Unknown unknown) {
  return claim.result == "pass" && concerns_author(claim, dmarc, unknown);
}

}  // namespace assay::policy
