#include "policy/evaluate.h"

#include <algorithm>
#include <array>

#include "policy/last.h"
#include "policy/trusted_chain.h"
#include "verify/base/text.h"

namespace assay::policy {
namespace {

Truth truth(bool holds) noexcept {
  return holds ? Truth::True : Truth::False;
}

Truth negate(Truth truth) noexcept {
  switch (truth) {
    case Truth::False: return Truth::True;
    case Truth::Unknown: return Truth::Unknown;
    case Truth::True: return Truth::False;
  }
  return Truth::Unknown;
}

/// True if it holds, otherwise unknown if the check that would say so failed temporarily.
Truth truth_or_unknown(bool holds, bool failed) noexcept {
  return holds ? Truth::True : failed ? Truth::Unknown : Truth::False;
}

bool names_word(const Condition& test, std::string_view word) {
  const auto* const list = std::get_if<WordList>(&test.values);
  return list != nullptr && !word.empty() &&
         std::any_of(list->words.begin(), list->words.end(),
                     [word](const std::string& asked) { return iequals(asked, word); });
}

bool names_name(const Condition& test, const LazyName& name) {
  const auto* const list = std::get_if<NameList>(&test.values);
  return list != nullptr && !list->empty() && list->contains_normal(name.normal());
}

bool names_domain(const Condition& test, const Domain& name) {
  const auto* const list = std::get_if<NameList>(&test.values);
  return list != nullptr && list->contains(name);
}

bool names_domain(const Condition& test, const std::optional<Domain>& name) {
  return name && names_domain(test, *name);
}

/// For facts that are there or not, and may have a word of their own.
Truth presence(const Condition& test, std::string_view value) {
  if (const bool* const wanted = std::get_if<bool>(&test.values)) {
    return truth(*wanted == !value.empty());
  }
  return truth(names_word(test, value));
}

Truth ask_org_domain(const Condition& test, const dmarc::Outcome& author) {
  if (author.organizational_domain) {
    return truth(names_domain(test, *author.organizational_domain));
  }
  // It is the author's domain or one above that (RFC 9989 section 4.10.2).
  std::optional<Domain> candidate = author.author;
  while (candidate && !names_domain(test, *candidate)) {
    candidate = candidate->label_count() > kMinOwnedLabels ? candidate->parent() : std::nullopt;
  }
  if (!candidate) {
    return Truth::False;
  }
  return author.status == dmarc::Status::TempError ? Truth::Unknown : Truth::True;
}

Truth ask_published(const Condition& test, const dmarc::Outcome& author) {
  if (author.published) {
    return truth(names_word(test, to_string(*author.published)));
  }
  // A pass has none if it depends on whether the author's domain exists, and that could not be found out.
  return truth_or_unknown(false, author.status == dmarc::Status::TempError || author.status == dmarc::Status::Pass);
}

Truth ask_spf(const Condition& test, const spf::Outcome& spf) {
  return truth_or_unknown(names_word(test, to_string(spf.status)), spf.status == spf::Status::TempError);
}

constexpr std::array<dkim::Status, 6> kBestFirst{dkim::Status::Pass,   dkim::Status::TempError,
                                                 dkim::Status::Fail,   dkim::Status::PermError,
                                                 dkim::Status::Policy, dkim::Status::Neutral};

bool has_status(const std::vector<dkim::Outcome>& signatures, dkim::Status status) {
  return std::any_of(signatures.begin(), signatures.end(),
                     [status](const dkim::Outcome& signature) { return signature.status == status; });
}

/// The best of all signatures; nullopt for none.
std::optional<dkim::Status> best_of(const std::vector<dkim::Outcome>& signatures) {
  const auto* const best = std::find_if(kBestFirst.begin(), kBestFirst.end(),
                                        [&signatures](dkim::Status status) { return has_status(signatures, status); });
  return best != kBestFirst.end() ? std::optional(*best) : std::nullopt;
}

/// Where the best is temperror, that signature may still become anything but none, and the best is at least the best of
/// the others.
Truth ask_dkim(const Condition& test, const std::vector<dkim::Outcome>& signatures) {
  const auto best = best_of(signatures);
  if (best != dkim::Status::TempError || names_word(test, to_string(*best))) {
    return truth(names_word(test, best ? to_string(*best) : "none"));
  }
  for (const dkim::Status status : kBestFirst) {
    if (status != dkim::Status::TempError && names_word(test, to_string(status))) {
      return Truth::Unknown;
    }
    if (status != dkim::Status::TempError && has_status(signatures, status)) {
      break;
    }
  }
  return Truth::False;
}

/// A signature covers the last From field, and readers show the first (RFC 6376 sections 5.4.2 and 8.15): where there
/// are several, whoever signed has not spoken for what is shown.
bool may_speak_for_author(const Verdict& verdict) noexcept {
  return verdict.dmarc.reason != dmarc::Reason::FromRepeated;
}

Truth ask_dkim_domain(const Condition& test, const std::vector<dkim::Outcome>& signatures) {
  Truth best = Truth::False;
  for (const dkim::Outcome& signature : signatures) {
    const bool counts = signature.status == dkim::Status::Pass || signature.status == dkim::Status::TempError;
    if (counts && names_domain(test, signature.signing_domain)) {
      best = std::max(best, signature.status == dkim::Status::Pass ? Truth::True : Truth::Unknown);
    }
  }
  return best;
}

Truth ask_dkim_testing(const Condition& test, const std::vector<dkim::Outcome>& signatures) {
  const bool* const wanted = std::get_if<bool>(&test.values);
  if (wanted == nullptr) {
    return Truth::False;
  }
  const bool is_testing = std::any_of(signatures.begin(), signatures.end(),
                                      [](const dkim::Outcome& signature) { return signature.testing; });
  const bool is_open = std::any_of(signatures.begin(), signatures.end(), [](const dkim::Outcome& signature) {
    return signature.status == dkim::Status::TempError;
  });
  const Truth testing = truth_or_unknown(is_testing, is_open);
  return *wanted ? testing : negate(testing);
}

Truth ask_arc(const Condition& test, const arc::Outcome& arc) {
  if (failed_temporarily(arc)) {
    // There is a chain, so that it will not turn out to be none.
    const bool may_hold =
        names_word(test, to_string(arc::Status::Pass)) || names_word(test, to_string(arc::Status::Fail));
    return may_hold ? Truth::Unknown : Truth::False;
  }
  return truth(names_word(test, to_string(arc.status)));
}

/// Every hop of a chain's trusted end is named by the test. Where the chain could not be checked its newest hop counts
/// in any case.
Truth ask_arc_sealer(const Condition& test, const arc::Outcome& arc) {
  const auto* const list = std::get_if<NameList>(&test.values);
  if (list == nullptr || arc.sealers.empty()) {
    return Truth::False;
  }
  const auto is_named = [list](std::string_view sealer) { return list->contains(sealer); };
  return truth_or_unknown(find_trusted_end(arc, is_named) != 0,
                          failed_temporarily(arc) && is_named(arc.sealers.back()));
}

/// Whether an arc_sealer in the rule names that sealer. What stands under `not` trusts nobody.
bool names_sealer(const Condition& condition, std::string_view sealer) {
  switch (condition.kind) {
    case Condition::Kind::Not: return false;
    case Condition::Kind::Test: {
      const auto* const list = std::get_if<NameList>(&condition.values);
      return condition.fact == Fact::ArcSealer && list != nullptr && list->contains(sealer);
    }
    case Condition::Kind::All:
    case Condition::Kind::Any: break;
  }
  return std::any_of(condition.parts.begin(), condition.parts.end(),
                     [sealer](const Condition& part) { return names_sealer(part, sealer); });
}

Truth ask_arc_claims(const Condition& test, const Subject& subject) {
  const arc::Outcome& arc = subject.message.verdict.arc;
  if (arc.sealers.empty()) {
    return Truth::False;
  }
  const auto is_trusted = [&subject](std::string_view sealer) {
    return subject.trusted_sealers.contains(sealer) || names_sealer(subject.whole, sealer);
  };
  const auto claims = find_trusted_claims(arc, is_trusted, subject.author);
  const bool holds = std::any_of(claims.begin(), claims.end(), [&test](const arc::Claim* claim) {
    return names_word(test, claim->method + '=' + claim->result);
  });
  return truth_or_unknown(holds, failed_temporarily(arc) && is_trusted(arc.sealers.back()));
}

Truth ask_iprev(const Condition& test, const std::optional<iprev::Outcome>& iprev) {
  return iprev ? truth_or_unknown(names_word(test, to_string(iprev->status)), iprev->status == iprev::Status::TempError)
               : Truth::False;
}

/// Where iprev could not be checked the MTA's name is what there is; another one may stand behind it.
Truth ask_client_name(const Condition& test, const Message& message) {
  const auto& iprev = message.verdict.iprev;
  return truth_or_unknown(names_name(test, message.client_name), iprev && iprev->status == iprev::Status::TempError);
}

Truth ask_client_ip(const Condition& test, const std::optional<IpAddress>& client) {
  const auto* const list = std::get_if<NetworkList>(&test.values);
  return truth(list != nullptr && client &&
               std::any_of(list->networks.begin(), list->networks.end(),
                           [&client](const IpNetwork& network) { return network.contains(*client); }));
}

bool matches_address(std::string_view pattern, std::string_view address) {
  constexpr std::string_view kAnyAt = "*@";
  return pattern.substr(0, kAnyAt.size()) == kAnyAt
             ? pattern.size() > kAnyAt.size() &&
                   message::is_same_domain(pattern.substr(kAnyAt.size()), message::domain_of_path(address))
             : message::is_same_mailbox(pattern, address);
}

bool names_address(const Condition& test, std::string_view address) {
  const auto* const list = std::get_if<AddressList>(&test.values);
  return list != nullptr &&
         std::any_of(list->addresses.begin(), list->addresses.end(),
                     [address](const std::string& pattern) { return matches_address(pattern, address); });
}

/// Evidence is looked for when DMARC fails (find_indirect): where it could not be checked, nobody looked.
Truth ask_indirect(const Condition& test, const Message& message) {
  const bool failed = message.evidence.empty() && message.verdict.dmarc.status == dmarc::Status::TempError;
  if (const bool* const wanted = std::get_if<bool>(&test.values)) {
    return failed ? Truth::Unknown : truth(*wanted == !message.evidence.empty());
  }
  return truth_or_unknown(std::any_of(message.evidence.begin(), message.evidence.end(),
                                      [&test](Indirect found) { return names_word(test, to_string(found)); }),
                          failed);
}

template <class Reason>
bool names_reason(const Condition& test, Reason reason) {
  const char* const word = to_string(reason);
  return word != nullptr && names_word(test, word);
}

/// Whether a check that failed temporarily might, once it can be made, give one of the reasons asked for.
template <class Reason>
bool may_give_reason(const Condition& test) {
  for (unsigned value = 0; value <= static_cast<unsigned>(last_of<Reason>()); ++value) {
    const auto reason = static_cast<Reason>(value);
    if (reason != Reason::DnsFailure && reason != Reason::DnssecBogus && names_reason(test, reason)) {
      return true;
    }
  }
  return false;
}

Truth ask_reason(const Condition& test, const Verdict& verdict, const dmarc::Outcome& author) {
  const auto& dkim = verdict.dkim;
  const spf::Outcome& mail_from = verdict.spf_mail_from;
  const spf::Outcome& helo = verdict.spf_helo;
  if (names_reason(test, author.reason) || names_reason(test, mail_from.reason) || names_reason(test, helo.reason) ||
      names_reason(test, verdict.arc.reason) ||
      std::any_of(dkim.begin(), dkim.end(),
                  [&test](const dkim::Outcome& signature) { return names_reason(test, signature.reason); })) {
    return Truth::True;
  }
  const bool is_open =
      (author.status == dmarc::Status::TempError && may_give_reason<dmarc::Reason>(test)) ||
      ((mail_from.status == spf::Status::TempError || helo.status == spf::Status::TempError) &&
       may_give_reason<spf::Reason>(test)) ||
      (failed_temporarily(verdict.arc) && may_give_reason<arc::Reason>(test)) ||
      (may_give_reason<dkim::Reason>(test) && std::any_of(dkim.begin(), dkim.end(), [](const dkim::Outcome& signature) {
         return signature.status == dkim::Status::TempError;
       }));
  return is_open ? Truth::Unknown : Truth::False;
}

Truth ask(const Condition& test, const Subject& subject) {
  const Message& message = subject.message;
  const Verdict& verdict = message.verdict;
  const dmarc::Outcome& author = subject.author;
  switch (test.fact) {
    case Fact::FromDomain: return truth(names_domain(test, author.author));
    case Fact::OrgDomain: return ask_org_domain(test, author);
    case Fact::Dmarc:
      return truth_or_unknown(names_word(test, to_string(author.status)), author.status == dmarc::Status::TempError);
    case Fact::DmarcPublished: return ask_published(test, author);
    case Fact::MailFromDomain: return truth(names_name(test, message.mail_from_domain));
    case Fact::Helo: return truth(names_name(test, message.helo));
    case Fact::ClientName: return ask_client_name(test, message);
    case Fact::ClientIp: return ask_client_ip(test, message.facts.client_ip);
    case Fact::Spf: return ask_spf(test, verdict.spf_mail_from);
    case Fact::SpfHelo: return ask_spf(test, verdict.spf_helo);
    case Fact::Dkim: return ask_dkim(test, verdict.dkim);
    case Fact::DkimDomain: return may_speak_for_author(verdict) ? ask_dkim_domain(test, verdict.dkim) : Truth::False;
    case Fact::DkimTesting: return ask_dkim_testing(test, verdict.dkim);
    case Fact::Arc: return ask_arc(test, verdict.arc);
    case Fact::ArcSealer: return may_speak_for_author(verdict) ? ask_arc_sealer(test, verdict.arc) : Truth::False;
    case Fact::ArcClaims: return may_speak_for_author(verdict) ? ask_arc_claims(test, subject) : Truth::False;
    case Fact::Iprev: return ask_iprev(test, verdict.iprev);
    case Fact::RcptDomain:
    case Fact::Rcpt: return truth(subject.recipient != nullptr && holds_for(test, *subject.recipient));
    case Fact::ListId: return truth(names_name(test, message.list_id));
    case Fact::Indirect: return ask_indirect(test, message);
    case Fact::Authenticated: return presence(test, message.facts.authenticated);
    case Fact::Tls: return presence(test, message.facts.tls);
    case Fact::Reason: return ask_reason(test, verdict, author);
  }
  return Truth::False;
}

std::string_view domain_of_sender(const Verdict& verdict, const Facts& facts) {
  const std::string_view domain = facts.has_envelope ? message::domain_of_path(facts.mail_from) : std::string_view();
  const std::string& checked = verdict.spf_mail_from.domain;  // Empty where there was nothing to check.
  return checked.empty() || message::is_same_domain(domain, checked) ? domain : std::string_view();
}

std::string_view client_name_of(const Verdict& verdict, const Facts& facts) noexcept {
  return verdict.iprev && verdict.iprev->status == iprev::Status::Pass ? verdict.iprev->name : facts.client_name;
}

}  // namespace

const char* to_string(Truth truth) noexcept {
  switch (truth) {
    case Truth::False: return "false";
    case Truth::Unknown: return "unknown";
    case Truth::True: return "true";
  }
  return "";
}

const std::string& LazyName::normal() const {
  if (!normal_) {
    normal_ = normal_name(raw_);
  }
  return *normal_;
}

Message::Message(const Verdict& its_verdict, const Facts& its_facts, const std::vector<Indirect>& its_evidence)
    : verdict(its_verdict),
      facts(its_facts),
      evidence(its_evidence),
      mail_from_domain(domain_of_sender(its_verdict, its_facts)),
      helo(its_facts.helo),
      client_name(client_name_of(its_verdict, its_facts)),
      list_id(its_verdict.list_id) {}

bool is_about_recipients(Fact fact) noexcept {
  return fact == Fact::Rcpt || fact == Fact::RcptDomain;
}

bool holds_for(const Condition& test, const Recipient& recipient) {
  return test.fact == Fact::RcptDomain ? names_name(test, recipient.domain)
                                       : test.fact == Fact::Rcpt && names_address(test, recipient.address);
}

Truth evaluate(const Condition& condition, const Subject& subject) {
  switch (condition.kind) {
    case Condition::Kind::Test: return ask(condition, subject);
    case Condition::Kind::Not:
      return condition.parts.empty() ? Truth::False : negate(evaluate(condition.parts.front(), subject));
    case Condition::Kind::All: {
      Truth all = Truth::True;
      for (auto part = condition.parts.begin(); part != condition.parts.end() && all != Truth::False; ++part) {
        all = std::min(all, evaluate(*part, subject));
      }
      return all;
    }
    case Condition::Kind::Any: {
      Truth any = Truth::False;
      for (auto part = condition.parts.begin(); part != condition.parts.end() && any != Truth::True; ++part) {
        any = std::max(any, evaluate(*part, subject));
      }
      return any;
    }
  }
  return Truth::False;
}

}  // namespace assay::policy
