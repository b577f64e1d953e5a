#include "policy/trusted_chain.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "policy/claims.h"
#include "verify/base/domain.h"
#include "verify/base/ip_address.h"

namespace assay::policy {
namespace {

using arc::Claim;

/// What one hop says of an author domain.
enum class Word : std::uint8_t { Nothing, Authentic, NotAuthentic };

const std::vector<Claim>& claims_of(const arc::Outcome& chain, unsigned instance) {
  return instance == 1 ? chain.claims : chain.hops[instance - 1].claims;
}

/// A set that says two things in one property says neither.
bool has_repeated_property(const Claim& claim) {
  const auto& properties = claim.properties;
  for (auto one = properties.begin(); one != properties.end(); ++one) {
    if (std::any_of(std::next(one), properties.end(), [one](const auto& other) { return other.first == one->first; })) {
      return true;
    }
  }
  return false;
}

/// Whether the method could not be evaluated there, or found nothing to evaluate.
bool is_open(const std::string& result) {
  return result == "none" || result == "temperror";
}

/// A sealer combines all results of its own ADMD in one field (RFC 8617 section 4.1.1). Where it let a forged one slip
/// in, the true one still stands there, too: one dmarc=fail outweighs any pass. A pass for another author alone says
/// that From was another one at that hop.
Word dmarc_word(const std::vector<Claim>& claims, const dmarc::Outcome& author) {
  Word word = Word::Nothing;
  bool has_other = false;
  for (const Claim& claim : claims) {
    if (claim.method != "dmarc" || is_open(claim.result)) {
      continue;
    }
    const auto from = has_repeated_property(claim) ? std::nullopt : claimed_domain(claim, "header.from");
    const bool is_of_another = from && from != author.author;
    if (!is_of_another && claim.result != "pass") {
      return Word::NotAuthentic;
    }
    if (from && !is_of_another) {
      word = Word::Authentic;
    } else {
      has_other = true;  // Of another author, or a pass of nobody.
    }
  }
  return word == Word::Nothing && has_other ? Word::NotAuthentic : word;
}

/// Whether SPF's result for MAIL FROM, of which there is one, is given twice and differently.
bool has_two_results(const std::vector<Claim>& claims) {
  const std::string* result = nullptr;
  for (const Claim& claim : claims) {
    const bool is_mail_from = claim.method == "spf" && (claimed_domain(claim, "smtp.mailfrom").has_value() ||
                                                        claimed_domain(claim, "smtp.mfrom").has_value());
    if (!is_mail_from) {
      continue;
    }
    if (result != nullptr && *result != claim.result) {
      return true;
    }
    result = &claim.result;
  }
  return false;
}

/// For sealers that state no DMARC result.
Word identifier_word(const std::vector<Claim>& claims, const dmarc::Outcome& author) {
  const bool no_signature = std::any_of(claims.begin(), claims.end(), [](const Claim& claim) {
    return claim.method == "dkim" && claim.result == "none";  // There was none: a pass beside it is forged.
  });
  const bool spf_disputed = has_two_results(claims);
  Word word = Word::Nothing;
  for (const Claim& claim : claims) {
    const bool is_dkim = claim.method == "dkim";
    if (!is_dkim && claim.method != "spf") {
      continue;
    }
    const bool counts = (is_dkim ? !no_signature : !spf_disputed) && !has_repeated_property(claim);
    if (counts && claims_author(claim, author, Unknown::Author)) {
      return Word::Authentic;
    }
    if (claim.result != "temperror") {
      word = Word::NotAuthentic;
    }
  }
  return word;
}

Word word_of(const arc::Outcome& chain, unsigned instance, const dmarc::Outcome& author) {
  if (!chain.hops[instance - 1].readable) {
    return Word::NotAuthentic;  // It says something; nobody knows what.
  }
  const auto& claims = claims_of(chain, instance);
  const Word word = dmarc_word(claims, author);
  return word == Word::Nothing ? identifier_word(claims, author) : word;
}

/// The hop from `first` on that claims the author's domain was authenticated; 0 if there is none.
unsigned find_claim(const arc::Outcome& chain, unsigned first, const dmarc::Outcome& author) {
  for (unsigned instance = first; instance <= chain.instances; ++instance) {
    switch (word_of(chain, instance, author)) {
      case Word::Nothing: break;
      case Word::Authentic: return instance;
      case Word::NotAuthentic: return 0;
    }
  }
  return 0;
}

bool is_trusted_hop(const arc::Outcome& chain, unsigned instance, const IsTrusted& is_trusted) {
  const arc::Hop& hop = chain.hops[instance - 1];
  return hop.signs_from && !hop.signs_part && is_trusted(chain.sealers[instance - 1]) && is_trusted(hop.signer);
}

/// The client address that the first hop saw (RFC 8617 section 10.2, smtp.remote-ip), if it says so.
std::string remote_ip(const arc::Outcome& chain) {
  for (const Claim& claim : chain.claims) {
    for (const auto& [name, value] : claim.properties) {
      const auto address = name == "smtp.remote-ip" ? IpAddress::parse(value) : Parsed<IpAddress>(parse_error(""));
      if (address) {
        return " remote-ip[1]=" + address->to_string();
      }
    }
  }
  return {};
}

/// " as[2].d=lists.example.org as[2].s=arc"
std::string describe(const arc::Outcome& chain, unsigned instance) {
  const std::string seal = " as[" + std::to_string(instance) + "].";
  std::string words;
  if (const auto domain = Domain::parse(chain.sealers[instance - 1])) {
    words += seal + "d=" + domain->str();
  }
  if (const auto selector = Domain::parse(chain.hops[instance - 1].selector)) {
    words += seal + "s=" + selector->str();
  }
  return words;
}

std::string make_comment(const arc::Outcome& chain) {
  const std::string origin = remote_ip(chain);
  std::string comment = "arc=pass";
  for (unsigned instance = chain.instances; instance >= 1; --instance) {
    const std::string words = describe(chain, instance);
    if (comment.size() + words.size() + origin.size() > kMaxChainCommentOctets) {
      break;
    }
    comment += words;
  }
  return comment + origin;
}

}  // namespace

unsigned find_trusted_end(const arc::Outcome& chain, const IsTrusted& is_trusted) {
  if (chain.status != arc::Status::Pass || !chain.oldest_pass || chain.instances == 0 ||
      chain.sealers.size() != chain.instances || chain.hops.size() != chain.instances) {
    return 0;
  }
  unsigned first = chain.instances + 1;
  while (first > 1 && is_trusted_hop(chain, first - 1, is_trusted)) {
    --first;
  }
  // 0 is no instance: every message signature verifies, so every hop has to be trusted.
  const unsigned needed = std::max(1U, *chain.oldest_pass);
  return first <= needed ? first : 0;
}

std::vector<const Claim*> find_trusted_claims(const arc::Outcome& chain, const IsTrusted& is_trusted) {
  std::vector<const Claim*> claims;
  const unsigned first = find_trusted_end(chain, is_trusted);
  for (unsigned instance = first; first != 0 && instance <= chain.instances; ++instance) {
    for (const Claim& claim : claims_of(chain, instance)) {
      claims.push_back(&claim);
    }
  }
  return claims;
}

std::optional<TrustedChain> find_trusted_chain(const Verdict& verdict, const IsTrusted& is_trusted) {
  if (verdict.exceeded || verdict.dmarc.status != dmarc::Status::Fail || !verdict.dmarc.author) {
    return std::nullopt;
  }
  const unsigned first = find_trusted_end(verdict.arc, is_trusted);
  const unsigned instance = first == 0 ? 0 : find_claim(verdict.arc, first, verdict.dmarc);
  if (instance == 0) {
    return std::nullopt;
  }
  const auto is_answered = [&](const dmarc::Outcome& other) {
    switch (other.status) {
      case dmarc::Status::TempError: return false;
      case dmarc::Status::Fail: return other.author && find_claim(verdict.arc, first, other) != 0;
      case dmarc::Status::None:
      case dmarc::Status::Pass:
      case dmarc::Status::PermError: break;
    }
    return true;
  };
  if (!std::all_of(verdict.other_authors.begin(), verdict.other_authors.end(), is_answered)) {
    return std::nullopt;
  }
  return TrustedChain{instance, make_comment(verdict.arc)};
}

}  // namespace assay::policy
