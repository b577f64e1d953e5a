#include "cli/advice.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "cli/reasons.h"
#include "verify/base/escape.h"
#include "verify/dkim/trace.h"
#include "verify/dmarc/trace.h"

namespace assay::cli {
namespace {

using Source = dmarc::Identifier::Source;

/// How far a signature is from having passed: lower is nearer.
enum class Distance : std::uint8_t { Body, Key, Headers, Field, None };

/// "selector s1" in brackets after the domain.
std::string of_signer(const dkim::Outcome& signature) {
  return escape(signature.domain) + " (selector " + escape(signature.selector) + ')';
}

std::string with_detail(const std::string& words, const std::string& detail) {
  return detail.empty() ? words : words + " (" + escape(detail) + ')';
}

Distance distance(const dkim::Outcome& signature) {
  if (signature.status == dkim::Status::Pass) {
    return Distance::None;
  }
  if (!signature.trace || !signature.trace->signature) {
    return Distance::Field;
  }
  const dkim::Trace& trace = *signature.trace;
  if (trace.headers) {
    return *trace.headers == dkim::Reason::None ? Distance::Body : Distance::Headers;
  }
  return Distance::Key;
}

/// What the body would have had to be; empty if it is as signed.
std::string body_condition(const dkim::Outcome& signature, const dkim::Trace& trace) {
  if (trace.body == dkim::Reason::None) {
    return {};
  }
  if (trace.body == dkim::Reason::UnsignedBody) {
    return "nothing been added to the body behind the " + std::to_string(trace.signature->body_length.value_or(0)) +
           " octets that " + of_signer(signature) + " signed (l=)";
  }
  const bool is_cut = trace.body == dkim::Reason::BodyShorterThanLength;
  return std::string("the body not been ") + (is_cut ? "cut" : "changed") + " after " + escape(signature.domain) +
         " signed it (selector " + escape(signature.selector) + ')';
}

/// What the key would have had to be. Whether b= holds is open then, for nothing could be verified.
std::string key_condition(const dkim::Outcome& signature, const dkim::Trace& trace, const Limits& limits) {
  const std::string place = escape(trace.key_name);
  const dkim::Reason key = *trace.key;
  if (key == dkim::Reason::NoKey) {
    return place + " held the key that made the signature";
  }
  if (key == dkim::Reason::KeyRevoked) {
    return "the key at " + place + " not been revoked (empty p=)";
  }
  if (key == dkim::Reason::KeyTooSmall) {
    return with_detail("the key at " + place + " at least " + std::to_string(limits.rsa_bits_min) + " bits",
                       trace.key_detail);
  }
  if (key == dkim::Reason::KeyTooLarge) {
    return with_detail("the key at " + place + " at most " + std::to_string(limits.rsa_bits_max) + " bits",
                       trace.key_detail);
  }
  if (key == dkim::Reason::DnsFailure) {
    return "DNS answered for " + place;
  }
  if (key == dkim::Reason::DnssecBogus) {
    return "the answer for " + place + " passed DNSSEC validation";
  }
  if (key == dkim::Reason::IdentityMismatch) {
    return "i= of the signature named " + escape(signature.domain) + " itself, as t=s of the key at " + place +
           " wants it";
  }
  return with_detail("the record at " + place + " been a key for this signature", trace.key_detail);
}

std::string time_condition(const dkim::Outcome& signature, dkim::Reason reason) {
  return reason == dkim::Reason::Expired
             ? "the message arrived before the signature of " + of_signer(signature) + " expired (x=)"
             : "the signature of " + of_signer(signature) + " not been dated in the future (t=)";
}

/// What is missing for the signature to pass, joined.
std::string signature_condition(const dkim::Outcome& signature, const Limits& limits) {
  std::string words;
  const auto add = [&words](const std::string& more) {
    if (!more.empty()) {
      words += (words.empty() ? "" : " and had ") + more;
    }
  };
  switch (distance(signature)) {
    case Distance::Body: return body_condition(signature, *signature.trace);
    case Distance::Key:
      if (signature.trace->key) {
        add(key_condition(signature, *signature.trace, limits));
      } else {
        add(time_condition(signature, signature.trace->times));
      }
      add(body_condition(signature, *signature.trace));
      return words + ", provided that its b= verifies, which could not be tried";
    case Distance::Headers:
      add("the header fields that " + of_signer(signature) + " signed arrived unchanged (or the key at " +
          escape(signature.trace->key_name) + " been the one that signed)");
      add(body_condition(signature, *signature.trace));
      return words;
    case Distance::Field:
      return "the DKIM signature of " + of_signer(signature) + " been valid; as it is, " +
             with_detail(in_words(signature.reason), signature.detail);
    case Distance::None: break;
  }
  return {};
}

/// One message beside its deciding author.
class Adviser {
 public:
  Adviser(const Verdict& verdict, const policy::Facts& facts, const Limits& limits)
      : verdict_(verdict), facts_(facts), limits_(limits), dmarc_(verdict.dmarc) {}

  /// The condition that stands after "had", for a message that failed.
  [[nodiscard]] std::string condition() const {
    if (const auto* signature = nearest_signature()) {
      return signature_condition(*signature, limits_);
    }
    for (const auto& words : {spf_condition(), strict_condition(), unaligned_condition()}) {
      if (!words.empty()) {
        return words;
      }
    }
    return author() + " signed it with DKIM, or had " + spf_for_author();
  }

  /// The aligned signature whose key DNS did not give, if the rest of it may hold. Nothing while the DMARC record is
  /// unknown, too: that key alone would not have made the message pass.
  [[nodiscard]] std::string failed_lookup() const {
    if (!dmarc_.policy_domain) {
      return {};
    }
    for (const dkim::Outcome& signature : verdict_.dkim) {
      if (signature.status == dkim::Status::TempError && signature.signing_domain &&
          aligns(Source::Dkim, *signature.signing_domain) && signature.trace) {
        return signature_condition(signature, limits_);
      }
    }
    return verdict_.spf_mail_from.status == spf::Status::TempError ? spf_condition() : std::string{};
  }

 private:
  [[nodiscard]] std::string author() const { return escape(dmarc_.author->str()); }

  [[nodiscard]] dmarc::Relation relation(Source source, const Domain& domain) const {
    if (dmarc_.trace) {
      for (const dmarc::Identifier& identifier : dmarc_.trace->identifiers) {
        if (identifier.source == source && identifier.domain == domain) {
          return identifier.relation;
        }
      }
    }
    return domain == *dmarc_.author ? dmarc::Relation::Equal : dmarc::Relation::Unknown;
  }

  [[nodiscard]] bool aligns(Source source, const Domain& domain) const {
    const bool strict = source == Source::Spf ? dmarc_.strict_spf : dmarc_.strict_dkim;
    const dmarc::Relation its = relation(source, domain);
    return its == dmarc::Relation::Equal || (its == dmarc::Relation::SameOrganization && !strict);
  }

  [[nodiscard]] const dkim::Outcome* nearest_signature() const {
    const dkim::Outcome* nearest = nullptr;
    const auto rank = [](const dkim::Outcome& signature) {
      const bool body_differs = signature.trace && signature.trace->body != dkim::Reason::None;
      return std::tuple(distance(signature), body_differs);
    };
    for (const dkim::Outcome& signature : verdict_.dkim) {
      if (signature.signing_domain && signature.status != dkim::Status::Pass &&
          aligns(Source::Dkim, *signature.signing_domain) && (nearest == nullptr || rank(signature) < rank(*nearest))) {
        nearest = &signature;
      }
    }
    return nearest;
  }

  /// SPF for a domain that aligns but does not pass.
  [[nodiscard]] std::string spf_condition() const {
    const spf::Outcome& spf = verdict_.spf_mail_from;
    const auto domain = Domain::parse(spf.domain);
    if (!facts_.client_ip || !domain || !aligns(Source::Spf, *domain)) {
      return {};
    }
    const std::string client = facts_.client_ip->to_string();
    const std::string name = escape(domain->str());
    switch (spf.status) {
      case spf::Status::Fail:
      case spf::Status::SoftFail:
      case spf::Status::Neutral: return client + " been listed in the SPF record of " + name + ", which aligns";
      case spf::Status::None:
        return spf.reason == spf::Reason::NoRecord
                   ? name + ", which aligns, published an SPF record that lists " + client
                   : std::string{};
      case spf::Status::PermError:
        return "the SPF record of " + name + ", which aligns, been free of errors " +
               with_detail('(' + std::string(in_words(spf.reason)) + ')', spf.detail) + " and listed " + client;
      case spf::Status::TempError:
        return with_detail("DNS answered for the SPF record of " + name + ", which aligns,", spf.detail) +
               " and the record listed " + client;
      case spf::Status::Pass: break;
    }
    return {};
  }

  /// What passes and would align if the domain owner did not want equal names.
  [[nodiscard]] std::string strict_condition() const {
    const std::string record = escape(dmarc_.policy_domain ? dmarc_.policy_domain->str() : dmarc_.author->str());
    for (const dkim::Outcome& signature : verdict_.dkim) {
      if (signature.status == dkim::Status::Pass && signature.signing_domain &&
          relation(Source::Dkim, *signature.signing_domain) == dmarc::Relation::SameOrganization) {
        return "adkim been relaxed in the DMARC record of " + record + ", for the signature of " +
               of_signer(signature) + " passes";
      }
    }
    const auto spf = passing_spf();
    return spf && relation(Source::Spf, *spf) == dmarc::Relation::SameOrganization
               ? "aspf been relaxed in the DMARC record of " + record + ", for SPF passes for " + escape(spf->str())
               : std::string{};
  }

  /// What passes for somebody else.
  [[nodiscard]] std::string unaligned_condition() const {
    for (const dkim::Outcome& signature : verdict_.dkim) {
      if (signature.status == dkim::Status::Pass) {
        return "the DKIM signature of " + of_signer(signature) +
               " been made with d=" + aligned_name(dmarc_.strict_dkim);
      }
    }
    const auto spf = passing_spf();
    // The null sender is judged by the HELO name (RFC 7208 section 2.4).
    return spf ? std::string(facts_.mail_from.empty() ? "the HELO name" : "the MAIL FROM domain") + " been " +
                     aligned_name(dmarc_.strict_spf) + " rather than " + escape(spf->str()) +
                     ", with an SPF record that lists " + client()
               : std::string{};
  }

  [[nodiscard]] std::string spf_for_author() const {
    if (!facts_.client_ip) {
      return "SPF been checked (no client address was given) and passed for MAIL FROM " +
             aligned_name(dmarc_.strict_spf);
    }
    return "SPF passed for " + client() + " and MAIL FROM " + aligned_name(dmarc_.strict_spf);
  }

  [[nodiscard]] std::string client() const { return facts_.client_ip ? facts_.client_ip->to_string() : "the client"; }

  [[nodiscard]] std::optional<Domain> passing_spf() const {
    const auto domain = Domain::parse(verdict_.spf_mail_from.domain);
    return verdict_.spf_mail_from.status == spf::Status::Pass && domain ? std::optional(*domain) : std::nullopt;
  }

  /// A name that aligns: the author's, and which others.
  [[nodiscard]] std::string aligned_name(bool strict) const {
    const auto& organization = dmarc_.trace && dmarc_.trace->organizational_domain ? dmarc_.trace->organizational_domain
                                                                                   : dmarc_.organizational_domain;
    if (strict || !organization) {
      return author();
    }
    return author() + (*organization == *dmarc_.author ? " (or a subdomain)"
                                                       : " (or another name of " + escape(organization->str()) + ')');
  }

  const Verdict& verdict_;
  const policy::Facts& facts_;
  const Limits& limits_;
  const dmarc::Outcome& dmarc_;
};

/// What a From field lacks, after "had".
std::string from_condition(const dmarc::Outcome& dmarc) {
  switch (dmarc.reason) {
    case dmarc::Reason::FromMissing: return "it a From field";
    case dmarc::Reason::FromRepeated: return "it one From field only";
    case dmarc::Reason::FromUnparsable: return "its From field been well formed";
    case dmarc::Reason::FromWithoutDomain: return "its From field named an address with a domain";
    case dmarc::Reason::TooManyAuthors: return "its From field named fewer domains (limits.author_domains)";
    case dmarc::Reason::UnusableRecord: return with_detail("the DMARC record a valid policy", dmarc.detail);
    case dmarc::Reason::None:
    case dmarc::Reason::NoRecord:
    case dmarc::Reason::NotAligned:
    case dmarc::Reason::DnsFailure:
    case dmarc::Reason::DnssecBogus: break;
  }
  return {};
}

}  // namespace

std::string advice(const Verdict& verdict, const policy::Facts& facts, const Limits& limits) {
  const dmarc::Outcome& dmarc = verdict.dmarc;
  if (verdict.exceeded || dmarc.status == dmarc::Status::Pass) {
    return {};
  }
  if (dmarc.status == dmarc::Status::PermError) {
    const std::string words = from_condition(dmarc);
    return words.empty() ? words : "It could have passed DMARC had " + words + '.';
  }
  if (!dmarc.author) {
    return {};
  }
  const std::string author = escape(dmarc.author->str());
  if (dmarc.status == dmarc::Status::None) {
    return "It could have passed DMARC had " + author + " published one DMARC record, at _dmarc." + author + '.';
  }
  const Adviser adviser(verdict, facts, limits);
  const std::string begin =
      "It would have passed DMARC " + (verdict.other_authors.empty() ? "" : "for " + author + ' ') + "had ";
  if (dmarc.status == dmarc::Status::Fail) {
    return begin + adviser.condition() + '.';
  }
  const std::string lookup = adviser.failed_lookup();
  return lookup.empty()
             ? "Whether it passes DMARC cannot be told until DNS answers" + with_detail("", dmarc.detail) + '.'
             : begin + lookup + '.';
}

std::string advice(const spf::Outcome& outcome, const IpAddress& client, const Limits& limits) {
  const std::string name = escape(outcome.domain);
  const std::string ip = client.to_string();
  const std::string begin = "It would have passed SPF had ";
  const std::string why = with_detail('(' + std::string(in_words(outcome.reason)) + ')', outcome.detail);
  switch (outcome.status) {
    case spf::Status::Pass: return {};
    case spf::Status::Fail:
    case spf::Status::SoftFail:
    case spf::Status::Neutral:
      return begin + ip + " been listed in the SPF record of " + name +
             (outcome.mechanism.empty() ? ", where nothing matches it."
                                        : ", before " + escape(outcome.mechanism) + " decided.");
    case spf::Status::None:
      return outcome.reason == spf::Reason::NoRecord ? begin + name + " published an SPF record that lists " + ip + '.'
                                                     : begin + "there been a domain to check " + why + '.';
    case spf::Status::PermError:
      return outcome.reason == spf::Reason::TooManyLookups
                 ? begin + "the record of " + name + " led to no more than " + std::to_string(limits.spf_dns_terms) +
                       " DNS lookups and listed " + ip + '.'
                 : begin + "the record of " + name + " been free of errors " + why + " and listed " + ip + '.';
    case spf::Status::TempError:
      return begin + "DNS answered " + why + " and the record of " + name + " listed " + ip + '.';
  }
  return {};
}

}  // namespace assay::cli
