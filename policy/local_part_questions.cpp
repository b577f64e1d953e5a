#include "policy/local_part_questions.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <variant>

#include "policy/decide.h"
#include "policy/redact.h"
#include "verify/base/text.h"
#include "verify/message/smtp_path.h"

namespace assay::policy {
namespace {

constexpr std::string_view kAnyAt = "*@";

bool is_redacted(std::string_view name) {
  return name == kRedactedName;
}

/// Recipients without a domain: there may have been one that is no name.
bool lacks_domain(const std::vector<std::string>& recipients) {
  return std::any_of(recipients.begin(), recipients.end(),
                     [](const std::string& path) { return message::domain_of_path(path).empty(); });
}

bool lacks_seal(const arc::Outcome& arc) {
  return std::any_of(arc.sealers.begin(), arc.sealers.end(), is_redacted) ||
         std::any_of(arc.hops.begin(), arc.hops.end(), [](const arc::Hop& hop) { return is_redacted(hop.signer); });
}

}  // namespace

LocalPartQuestions::LocalPartQuestions(const Rules& rules) : rules_(rules) {
  for (const Rule& rule : rules.own) {
    collect(rule.when);
  }
}

void LocalPartQuestions::collect(const Condition& condition) {
  for (const Condition& part : condition.parts) {
    collect(part);
  }
  if (condition.kind != Condition::Kind::Test) {
    return;
  }
  facts_.push_back(condition.fact);
  if (const auto* const list = std::get_if<AddressList>(&condition.values)) {
    std::copy_if(list->addresses.begin(), list->addresses.end(), std::back_inserter(addresses_),
                 [](const std::string& address) { return !address.starts_with(kAnyAt); });
  }
  if (const auto* const list = std::get_if<WordList>(&condition.values);
      list && condition.fact == Fact::Authenticated) {
    logins_.insert(logins_.end(), list->words.begin(), list->words.end());
  }
}

bool LocalPartQuestions::asks(Fact fact) const noexcept {
  return std::find(facts_.begin(), facts_.end(), fact) != facts_.end();
}

bool LocalPartQuestions::lacks_name(const Verdict& verdict, const Facts& facts) const {
  return (asks(Fact::Helo) && is_redacted(facts.helo)) ||
         (asks(Fact::ClientName) &&
          (is_redacted(facts.client_name) || (verdict.iprev && is_redacted(verdict.iprev->name)))) ||
         (asks(Fact::ListId) && is_redacted(verdict.list_id)) ||
         (asks(Fact::MailFromDomain) && message::domain_of_path(facts.mail_from).empty() && !facts.mail_from.empty()) ||
         (asks(Fact::RcptDomain) && lacks_domain(facts.rcpt));
}

bool LocalPartQuestions::matter_to_recipients(const Verdict& verdict, const Facts& facts, Time now) const {
  if (addresses_.empty()) {
    return false;
  }
  for (const std::string& recipient : std::set<std::string>(facts.rcpt.begin(), facts.rcpt.end())) {
    if (std::any_of(addresses_.begin(), addresses_.end(), [&recipient](const std::string& address) {
          return message::is_same_mailbox(address, recipient);
        })) {
      return true;  // A rule names what stands for all mailboxes.
    }
    // Any of these may have stood there. If they all fare alike, it does not matter which.
    Facts candidates = facts;
    candidates.rcpt = {recipient};
    std::copy_if(addresses_.begin(), addresses_.end(), std::back_inserter(candidates.rcpt),
                 [&recipient](const std::string& address) {
                   return message::is_same_mailbox(redact_address(address), recipient);
                 });
    if (candidates.rcpt.size() > 1 && decide(verdict, candidates, rules_, now).mixed_recipients) {
      return true;
    }
  }
  return false;
}

bool LocalPartQuestions::matter_to(const Verdict& verdict, const Facts& facts, Time now) const {
  if (facts.local || verdict.exceeded) {
    return false;
  }
  if (lacks_seal(verdict.arc) || lacks_name(verdict, facts) || matter_to_recipients(verdict, facts, now)) {
    return true;
  }
  if (facts.authenticated.empty() || logins_.empty()) {
    return false;
  }
  const Decision otherwise = decide(verdict, facts, rules_, now);
  return std::any_of(logins_.begin(), logins_.end(), [&](const std::string& login) {
    if (!iequals(redact_address(login), facts.authenticated)) {
      return false;
    }
    if (iequals(login, facts.authenticated)) {
      return true;  // It stands for all logins.
    }
    Facts candidate = facts;
    candidate.authenticated = login;
    return decide(verdict, candidate, rules_, now) != otherwise || matter_to_recipients(verdict, candidate, now);
  });
}

}  // namespace assay::policy
