#include "policy/condition.h"

#include <algorithm>

#include "policy/decision.h"
#include "policy/last.h"
#include "verify/verdict.h"

namespace assay::policy {
namespace {

/// The words of an enumeration from its first to its last; those that have none (nullptr) are left out.
template <class Enum>
void add_words(std::vector<std::string>& words) {
  for (unsigned value = 0; value <= static_cast<unsigned>(last_of<Enum>()); ++value) {
    const char* const word = to_string(static_cast<Enum>(value));
    if (word != nullptr && std::find(words.begin(), words.end(), word) == words.end()) {
      words.emplace_back(word);
    }
  }
}

template <class Enum>
std::vector<std::string> all_words() {
  std::vector<std::string> words;
  add_words<Enum>(words);
  return words;
}

}  // namespace

const std::array<FactInfo, 24>& all_facts() noexcept {
  static constexpr std::array<FactInfo, 24> kFacts{{
      {Fact::FromDomain, "from_domain", Form::Names},
      {Fact::OrgDomain, "org_domain", Form::Names},
      {Fact::Dmarc, "dmarc", Form::Words},
      {Fact::DmarcPublished, "dmarc_published", Form::Words},
      {Fact::MailFromDomain, "mail_from_domain", Form::Names},
      {Fact::Helo, "helo", Form::Names},
      {Fact::ClientName, "client_name", Form::Names},
      {Fact::ClientIp, "client_ip", Form::Networks},
      {Fact::Spf, "spf", Form::Words},
      {Fact::SpfHelo, "spf_helo", Form::Words},
      {Fact::Dkim, "dkim", Form::Words},
      {Fact::DkimDomain, "dkim_domain", Form::Names},
      {Fact::DkimTesting, "dkim_testing", Form::Flag},
      {Fact::Arc, "arc", Form::Words},
      {Fact::ArcSealer, "arc_sealer", Form::Names},
      {Fact::ArcClaims, "arc_claims", Form::Words},
      {Fact::Iprev, "iprev", Form::Words},
      {Fact::RcptDomain, "rcpt_domain", Form::Names},
      {Fact::Rcpt, "rcpt", Form::Addresses},
      {Fact::ListId, "list_id", Form::Names},
      {Fact::Indirect, "indirect", Form::FlagOrWords},
      {Fact::Authenticated, "authenticated", Form::FlagOrWords},
      {Fact::Tls, "tls", Form::FlagOrWords},
      {Fact::Reason, "reason", Form::Words},
  }};
  return kFacts;
}

const FactInfo& info(Fact fact) noexcept {
  return all_facts().at(static_cast<std::size_t>(fact));
}

std::optional<Fact> find_fact(std::string_view key) noexcept {
  const auto& facts = all_facts();
  const auto* const found =
      std::find_if(facts.begin(), facts.end(), [key](const FactInfo& fact) { return fact.key == key; });
  return found != facts.end() ? std::optional(found->fact) : std::nullopt;
}

std::vector<std::string> words_of(Fact fact) {
  switch (fact) {
    case Fact::Dmarc: return all_words<dmarc::Status>();
    case Fact::DmarcPublished: return all_words<dmarc::Policy>();
    case Fact::Spf:
    case Fact::SpfHelo: return all_words<spf::Status>();
    case Fact::Dkim: {
      std::vector<std::string> words{"none"};
      add_words<dkim::Status>(words);
      return words;
    }
    case Fact::Arc: return all_words<arc::Status>();
    case Fact::Iprev: return all_words<iprev::Status>();
    case Fact::Indirect: return all_words<Indirect>();
    case Fact::Reason: {
      std::vector<std::string> words;
      add_words<dmarc::Reason>(words);
      add_words<dkim::Reason>(words);
      add_words<spf::Reason>(words);
      add_words<arc::Reason>(words);
      return words;
    }
    case Fact::FromDomain:
    case Fact::OrgDomain:
    case Fact::MailFromDomain:
    case Fact::Helo:
    case Fact::ClientName:
    case Fact::ClientIp:
    case Fact::DkimDomain:
    case Fact::DkimTesting:
    case Fact::ArcSealer:
    case Fact::ArcClaims:
    case Fact::RcptDomain:
    case Fact::Rcpt:
    case Fact::ListId:
    case Fact::Authenticated:
    case Fact::Tls: break;
  }
  return {};
}

}  // namespace assay::policy
