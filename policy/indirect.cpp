#include "policy/indirect.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "policy/claims.h"
#include "verify/base/text.h"

namespace assay::policy {
namespace {

/// Whether the author's domain did sign these header fields while the body is not the one that it signed: the hash
/// differs, the body is shorter than l=, or octets follow those that l= covers (a list's footer does just that).
bool has_signed_headers(const Verdict& verdict) {
  return std::any_of(verdict.dkim.begin(), verdict.dkim.end(), [&verdict](const dkim::Outcome& signature) {
    const bool body_differs = signature.reason == dkim::Reason::BodyHashMismatch ||
                              signature.reason == dkim::Reason::BodyShorterThanLength ||
                              signature.reason == dkim::Reason::UnsignedBody;
    return signature.headers_verified && body_differs && signature.signing_domain &&
           is_aligned(*signature.signing_domain, verdict.dmarc, verdict.dmarc.strict_dkim, Unknown::Related);
  });
}

/// Whether the first hop of an unbroken chain says that the author's domain was authenticated there (RFC 8617
/// section 7.2.1). Claims of a chain that does not pass are anybody's, and so is a From that it does not sign.
bool has_arc_origin(const Verdict& verdict) {
  return verdict.arc.status == arc::Status::Pass && verdict.arc.from_signed &&
         std::any_of(verdict.arc.claims.begin(), verdict.arc.claims.end(), [&verdict](const arc::Claim& claim) {
           return claims_author(claim, verdict.dmarc, Unknown::Related);
         });
}

/// The MAIL FROM domain if SPF passes for it.
std::optional<Domain> passing_mail_from(const Verdict& verdict) {
  if (verdict.spf_mail_from.status != spf::Status::Pass) {
    return std::nullopt;
  }
  const auto domain = Domain::parse(verdict.spf_mail_from.domain);
  return domain ? std::optional(*domain) : std::nullopt;
}

/// Whether the mailing list that the message names (RFC 2919, else RFC 2369) vouches for it. A list identifier need
/// not be a host name: one that is none proves nothing.
bool has_list(const Verdict& verdict) {
  const auto host = Domain::parse(verdict.list_id.empty() ? verdict.list_post_host : verdict.list_id);
  if (!host) {
    return false;
  }
  const auto vouches = [&host](const Domain& name) { return name == *host || is_ancestor(name, *host); };
  if (const auto mail_from = passing_mail_from(verdict); mail_from && vouches(*mail_from)) {
    return true;
  }
  return std::any_of(verdict.dkim.begin(), verdict.dkim.end(), [&vouches](const dkim::Outcome& signature) {
    return signature.status == dkim::Status::Pass && signature.signing_domain && vouches(*signature.signing_domain);
  });
}

/// Whether a host that is what its name says, and may send for the MAIL FROM domain, states that it passed the message
/// on. The null sender has no domain of its own: SPF then speaks of HELO.
bool has_forwarder(const Verdict& verdict, const Facts& facts) {
  const auto domain = passing_mail_from(verdict);
  if (!domain || facts.mail_from.empty() || !verdict.iprev || verdict.iprev->status != iprev::Status::Pass) {
    return false;
  }
  return !srs_tag(facts.mail_from).empty() ||
         std::find(verdict.resent_from.begin(), verdict.resent_from.end(), *domain) != verdict.resent_from.end();
}

}  // namespace

std::string_view srs_tag(std::string_view mail_from) noexcept {
  constexpr std::size_t kTagOctets = 4;
  if (!mail_from.empty() && mail_from.front() == '"') {
    mail_from.remove_prefix(1);
  }
  if (mail_from.size() <= kTagOctets || !(istarts_with(mail_from, "SRS0") || istarts_with(mail_from, "SRS1"))) {
    return {};
  }
  const char separator = mail_from[kTagOctets];
  return separator == '=' || separator == '+' || separator == '-' ? mail_from.substr(0, kTagOctets + 1)
                                                                  : std::string_view();
}

std::vector<Indirect> find_indirect(const Verdict& verdict, const Facts& facts) {
  std::vector<Indirect> found;
  if (has_signed_headers(verdict)) {
    found.push_back(Indirect::SignedHeaders);
  }
  if (has_arc_origin(verdict)) {
    found.push_back(Indirect::ArcOrigin);
  }
  if (has_list(verdict)) {
    found.push_back(Indirect::List);
  }
  if (has_forwarder(verdict, facts)) {
    found.push_back(Indirect::Forwarder);
  }
  return found;
}

}  // namespace assay::policy
