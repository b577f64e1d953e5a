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

/// Whether another claim of the same hop takes all weight from this one.
bool is_disputed(const Claim& claim, const std::vector<Claim>& claims) {
  if (has_repeated_property(claim)) {
    return true;
  }
  if (claim.method == "dkim") {
    return std::any_of(claims.begin(), claims.end(), [](const Claim& other) {
      return other.method == "dkim" && other.result == "none";  // There was none: a pass beside it is forged.
    });
  }
  return claim.method == "spf" && has_two_results(claims);
}

/// For sealers that state no DMARC result.
Word identifier_word(const std::vector<Claim>& claims, const dmarc::Outcome& author) {
  Word word = Word::Nothing;
  for (const Claim& claim : claims) {
    if (claim.method != "dkim" && claim.method != "spf") {
      continue;
    }
    if (claims_author(claim, author, Unknown::Author) && !is_disputed(claim, claims)) {
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

/// The hop that has the word on an author, and its word.
struct Speaker {
  unsigned instance = 0;  ///< 0: no hop says anything.
  Word word = Word::Nothing;
};

/// The oldest hop from `first` on that says anything; none if `first` is 0.
Speaker find_speaker(const arc::Outcome& chain, unsigned first, const dmarc::Outcome& author) {
  for (unsigned instance = first; first != 0 && instance <= chain.instances; ++instance) {
    if (const Word word = word_of(chain, instance, author); word != Word::Nothing) {
      return {instance, word};
    }
  }
  return {};
}

/// The hop from `first` on that claims the author's domain was authenticated; 0 if there is none.
unsigned find_claim(const arc::Outcome& chain, unsigned first, const dmarc::Outcome& author) {
  const Speaker speaker = find_speaker(chain, first, author);
  return speaker.word == Word::Authentic ? speaker.instance : 0;
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

std::vector<const Claim*> find_trusted_claims(const arc::Outcome& chain, const IsTrusted& is_trusted,
                                              const dmarc::Outcome& author) {
  const Speaker speaker = find_speaker(chain, find_trusted_end(chain, is_trusted), author);
  if (speaker.instance == 0 || !chain.hops[speaker.instance - 1].readable) {
    return {};
  }
  const std::vector<Claim>& all = claims_of(chain, speaker.instance);
  std::vector<const Claim*> claims;
  for (const Claim& claim : all) {
    if (concerns_author(claim, author, Unknown::Author) && !is_disputed(claim, all) &&
        (claim.result != "pass" || speaker.word == Word::Authentic)) {
      claims.push_back(&claim);
    }
  }
  return claims;
}

bool failed_temporarily(const arc::Outcome& chain) noexcept {
  return chain.reason == arc::Reason::DnsFailure || chain.reason == arc::Reason::DnssecBogus;
}

namespace {

/// Whether a trusted chain may answer for the message at all.
bool needs_answer(const Verdict& verdict) {
  return !verdict.exceeded && verdict.dmarc.status == dmarc::Status::Fail && verdict.dmarc.author;
}

/// Whether the hops from `first` on answer for each author that fails.
bool answers_failures(const Verdict& verdict, unsigned first) {
  return find_claim(verdict.arc, first, verdict.dmarc) != 0 &&
         std::all_of(verdict.other_authors.begin(), verdict.other_authors.end(), [&](const dmarc::Outcome& other) {
           return other.status != dmarc::Status::Fail || (other.author && find_claim(verdict.arc, first, other) != 0);
         });
}

bool has_unchecked_author(const Verdict& verdict) {
  return std::any_of(verdict.other_authors.begin(), verdict.other_authors.end(),
                     [](const dmarc::Outcome& other) { return other.status == dmarc::Status::TempError; });
}

}  // namespace

std::optional<TrustedChain> find_trusted_chain(const Verdict& verdict, const IsTrusted& is_trusted) {
  if (!needs_answer(verdict)) {
    return std::nullopt;
  }
  const unsigned first = find_trusted_end(verdict.arc, is_trusted);
  if (first == 0 || !answers_failures(verdict, first) || has_unchecked_author(verdict)) {
    return std::nullopt;
  }
  return TrustedChain{find_claim(verdict.arc, first, verdict.dmarc), make_comment(verdict.arc)};
}

bool may_answer_later(const Verdict& verdict, const IsTrusted& is_trusted) {
  if (!needs_answer(verdict)) {
    return false;
  }
  if (failed_temporarily(verdict.arc)) {
    return !verdict.arc.sealers.empty() && is_trusted(verdict.arc.sealers.back());
  }
  const unsigned first = find_trusted_end(verdict.arc, is_trusted);
  return first != 0 && has_unchecked_author(verdict) && answers_failures(verdict, first);
}

}  // namespace assay::policy
