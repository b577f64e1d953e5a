#include "config/rule_keys.h"

#include <algorithm>
#include <utility>

namespace assay::config {
namespace {

using policy::Action;
using policy::Fact;

std::pair<const char*, const char*> describe(Fact fact) {
  switch (fact) {
    case Fact::FromDomain: return {"The author's domain, of the From field.", "'*.example.com'"};
    case Fact::OrgDomain: return {"The Organizational Domain of the author's.", "example.com"};
    case Fact::Dmarc: return {"What DMARC says of the author's domain.", "fail"};
    case Fact::DmarcPublished:
      return {"The policy that the author's domain publishes, before t=y lessens it. Without a record: nothing.",
              "reject"};
    case Fact::MailFromDomain:
      return {"The domain of MAIL FROM. The null sender has none. Anyone can write it: see spf.",
              "bounces.example.com"};
    case Fact::Helo: return {"What the client said in HELO. Anyone can say it.", "mx.example.com"};
    case Fact::ClientName:
      return {"The client's name: the one that iprev confirmed, else what the MTA says.", "'*.mail.example.com'"};
    case Fact::ClientIp: return {"The client's address.", "[192.0.2.0/24, \"2001:db8::/32\"]"};
    case Fact::Spf: return {"What SPF says of MAIL FROM.", "pass"};
    case Fact::SpfHelo: return {"What SPF says of HELO.", "pass"};
    case Fact::Dkim: return {"The best result among all DKIM signatures.", "[fail, none]"};
    case Fact::DkimDomain: return {"The signing domain (d=) of a signature that passes.", "example.com"};
    case Fact::DkimTesting: return {"Whether some signature's key says that it is only a test (t=y).", "true"};
    case Fact::Arc: return {"Whether the ARC chain is intact.", "pass"};
    case Fact::ArcSealer:
      return {"Every sealer of an intact chain, from the oldest hop whose message signature still verifies on.",
              "lists.example.org"};
    case Fact::ArcClaims:
      return {
          "METHOD=RESULT that a trusted sealer (arc.trusted_sealers) of an intact chain saw of this author: spf, dkim "
          "or dmarc.",
          "dmarc=pass"};
    case Fact::Iprev: return {"Whether the client's name leads back to its address.", "pass"};
    case Fact::RcptDomain: return {"The recipient's domain.", "example.net"};
    case Fact::Rcpt:
      return {"The recipient: an address, or *@DOMAIN for all of that domain.",
              "[postmaster@example.net, '*@example.org']"};
    case Fact::ListId: return {"The identifier in the List-Id field. Anyone can write it.", "list.example.org"};
    case Fact::Indirect:
      return {"Evidence that the message came by a mailing list or a forwarder; or whether there is any.", "true"};
    case Fact::Authenticated: return {"Whether the client logged in; or its login name.", "true"};
    case Fact::Tls: return {"Whether the connection is encrypted; or its version.", "[TLSv1.2, TLSv1.3]"};
    case Fact::Reason: return {"A reason that any method gives for its result.", "no_key"};
  }
  return {"", ""};
}

ConditionKey condition(const policy::FactInfo& fact) {
  const auto [about, example] = describe(fact.fact);
  return {fact.fact, fact.form, {fact.key, about, example, false, policy::words_of(fact.fact)}};
}

std::vector<RuleKey> reply_keys(const char* code) {
  return {{"text", "What the client is told: printable ASCII. {from_domain}, {reason} and {rule} are filled in.",
           "\"not from {from_domain}, see rule {rule}\""},
          {"code", "The SMTP code, the enhanced one, or both.", code}};
}

std::vector<RuleKey> quarantine_keys() {
  std::vector<RuleKey> keys{
      {"how", "As policy.quarantine.how.", "hold", false, {"header", "hold", "reject", "redirect"}},
      {"name", "With how: header: the field's name.", "X-Spam-Flag"},
      {"value", "With how: header: the field's value.", "\"YES\""},
      {"to", "With how: redirect: the address that gets the message.", "quarantine@example.net"}};
  for (RuleKey& key : reply_keys("550 5.7.1")) {
    key.about = "With how: reject. " + key.about;
    keys.push_back(std::move(key));
  }
  return keys;
}

std::vector<RuleKey> field_keys(bool is_required) {
  return {
      {"name", "The name of the field that is added, none that mail itself gives a meaning.", "X-Partner", is_required},
      {"value", "Its value, printable ASCII.", "\"yes\"", is_required}};
}

std::vector<RuleKey> continue_keys() {
  std::vector<RuleKey> keys{{"tag", "What is recorded: letters, digits, '.', '_' and '-'.", "bulk"}};
  for (RuleKey& key : field_keys(false)) {
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace

const std::vector<RuleKey>& rule_keys() {
  static const std::vector<RuleKey> keys{
      {"name",
       "What the record, the log and the stamp call it: letters, digits, '.', '_' and '-'. No two rules have the same.",
       "partner", true},
      {"when", "What must hold of the message: the keys of the map all do. {} holds for every message.",
       "{from_domain: '*.example.com', dkim_domain: example.com}", true},
      {"then", "What happens: an action, or {ACTION: {...}} to say more.", "accept", true},
      {"observe", "true: only record and stamp what it would do, and go on.", "true", false, {"true", "false"}},
      {"unproven",
       "true: it may accept what fails DMARC on the strength of something that a forger can write, too.",
       "true",
       false,
       {"true", "false"}},
      {"expires", "The last day on which it counts, in UTC.", "2026-12-31"},
      {"comment", "For people.", "\"until they repair their DKIM\""},
  };
  return keys;
}

const std::vector<ConditionKey>& condition_keys() {
  static const std::vector<ConditionKey> keys = [] {
    std::vector<ConditionKey> all;
    for (const policy::FactInfo& fact : policy::all_facts()) {
      all.push_back(condition(fact));
    }
    return all;
  }();
  return keys;
}

const std::vector<RuleKey>& joining_keys() {
  static const std::vector<RuleKey> keys{
      {"any", "One of these holds.", "[{client_ip: 192.0.2.0/24}, {dkim_domain: example.com}]"},
      {"all", "Each of these holds.", "[{dkim_domain: example.com}, {dkim_domain: example.org}]"},
      {"not", "This does not hold.", "{spf: pass}"},
  };
  return keys;
}

const std::vector<ActionKey>& action_keys() {
  static const std::vector<ActionKey> keys{
      {Action::Accept, {"accept", "The message is accepted.", "accept"}, {}},
      {Action::Reject,
       {"reject", "The message is refused for good.", "{reject: {code: 550 5.7.1, text: \"not from {from_domain}\"}}"},
       reply_keys("550 5.7.1")},
      {Action::TempFail,
       {"tempfail", "The client is told to try again later.", "{tempfail: {code: 451 4.7.1, text: \"not now\"}}"},
       reply_keys("451 4.7.1")},
      {Action::Quarantine,
       {"quarantine", "The message is quarantined, as policy.quarantine says unless the rule says otherwise.",
        "{quarantine: {how: hold}}"},
       quarantine_keys()},
      {Action::Discard,
       {"discard", "The message is accepted and thrown away. Needs policy.allow_discard.", "discard"},
       {}},
      {Action::Accept,
       {"add_header", "The message is accepted with one more field.",
        "{add_header: {name: X-Partner, value: \"yes\"}}"},
       field_keys(true)},
      {std::nullopt,
       {"continue", "A tag is recorded, a field added, or both; then the next rules are asked.",
        "{continue: {tag: bulk}}"},
       continue_keys()},
  };
  return keys;
}

const ActionKey* find_action(const std::string& word) {
  const auto& keys = action_keys();
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&word](const ActionKey& action) { return action.key.key == word; });
  return found != keys.end() ? &*found : nullptr;
}

}  // namespace assay::config
