// What happens to a message: policy, its rules and the limits.

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "config/checks.h"
#include "config/migrate_work.h"
#include "config/units.h"
#include "policy/proof.h"
#include "verify/base/text.h"

namespace assay::config {
namespace {

/// `fact: value`, or `fact: [a, b]`, of plain words.
std::string test(const std::string& fact, const std::vector<std::string>& words) {
  std::string value;
  for (const std::string& word : words) {
    value += (value.empty() ? "" : ", ") + word;
  }
  return fact + ": " + (words.size() == 1 ? value : "[" + value + "]");
}

/// The conditions under which one of `passed` is the client.
std::vector<std::string> client_tests(const Passed& passed) {
  std::vector<std::string> tests;
  if (!passed.networks.empty()) {
    tests.push_back("client_ip: " + flow_list(passed.networks));
  }
  if (!passed.names.empty()) {
    tests.push_back("client_name: " + flow_list(passed.names) + ", iprev: pass");
  }
  return tests;
}

std::string any_of(const std::vector<std::string>& tests) {
  if (tests.size() == 1) {
    return "{" + tests.front() + "}";
  }
  std::string parts;
  for (const std::string& test : tests) {
    parts += (parts.empty() ? "{" : ", {") + test + "}";
  }
  return "{any: [" + parts + "]}";
}

/// `, not: {...}` for clients that the program lets through, and for those that logged in, whose mail it never sees or
/// signs.
std::string but_not(Work& work, Peer peer, std::vector<std::string> more = {}) {
  std::vector<std::string> tests = client_tests(work.passed[peer]);
  tests.emplace_back("authenticated: true");
  tests.insert(tests.end(), more.begin(), more.end());
  return ", not: " + any_of(tests);
}

/// A value of OpenDKIM's On- options, which is also an action here but for quarantine (dkimf_parsehandler()).
std::optional<std::string> read_action(const std::string& value) {
  for (const char* const word : {"accept", "discard", "quarantine", "reject", "tempfail"}) {
    if (iequals(value, word) || (value.size() == 1 && to_lower(value.front()) == word[0])) {
      return word;
    }
  }
  return std::nullopt;
}

/// The action as a rule writes it. The milters' quarantine is the MTA's: hold.
std::string then_of(const std::string& action) {
  return action == "quarantine" ? "{quarantine: {how: hold}}" : action;
}

/// An On- option of OpenDKIM, given, or by On-Default, or by the program's default.
struct Handling {
  std::string action;
  PeerLine* line = nullptr;  ///< nullptr: the default.
};

Handling find_handling(Work& work, const char* option, const std::string& fallback) {
  for (const char* const name : {option, "On-Default"}) {
    PeerLine* const line = work.find(Peer::OpenDkim, name);
    if (line == nullptr) {
      continue;
    }
    if (const auto action = read_action(line->result.value)) {
      return {*action, line};
    }
    line->counts = false;
    line->result.status = LineStatus::Unknown;
    line->result.why =
        "OpenDKIM does not start with this action: it knows accept, discard, quarantine, reject, tempfail";
  }
  return {fallback, nullptr};
}

struct DkimRule {
  const char* option;
  const char* fallback;  ///< The default of OpenDKIM.
  const char* name;
  const char* when;
};

// In the order in which dkimf_libstatus() tells the causes apart. DKIM_STAT_BADSIG, DKIM_STAT_CANTVRFY,
// DKIM_STAT_SYNTAX and DKIM_STAT_REVOKED are all On-BadSignature's: a signature that cannot be read or used, which is
// neutral or policy here.
constexpr std::array<DkimRule, 4> kDkimRules{
    {{"On-DNSError", "tempfail", "opendkim-dns-error", "dkim: temperror"},
     {"On-KeyNotFound", "accept", "opendkim-key-not-found", "dkim: permerror, reason: no_key"},
     {"On-BadSignature", "accept", "opendkim-bad-signature", "dkim: [fail, permerror, neutral, policy]"},
     {"On-NoSignature", "accept", "opendkim-no-signature", "dkim: none"}}};

void add_dkim_rule(Work& work, const DkimRule& rule) {
  const Handling handling = find_handling(work, rule.option, rule.fallback);
  const bool is_bad = rule.option == std::string_view("On-BadSignature");
  PeerLine* const redirect = is_bad ? work.find(Peer::OpenDkim, "RedirectFailuresTo") : nullptr;
  std::string then = then_of(handling.action);
  std::vector<std::string> comments;
  if (handling.line != nullptr) {
    if (handling.action == "accept" && redirect == nullptr) {
      Work::same(*handling.line, "without a rule a message is accepted");
      return;
    }
    comments.push_back(Work::origin(*handling.line));
  }
  if (redirect != nullptr) {
    if (const auto complaint = check_address(redirect->result.value)) {
      Work::no_equal(*redirect, "the value " + *complaint);
    } else if (handling.action == "accept") {
      then = "{quarantine: {how: redirect, to: " + quoted_scalar(redirect->result.value) + "}}";
      comments.push_back(Work::origin(*redirect));
      Work::noted(*redirect, "policy.rules");
    } else {
      Work::no_equal(*redirect, "On-BadSignature does more than to accept, which no redirection can follow");
    }
  }
  if (handling.action == "accept" && then == "accept") {
    if (handling.line != nullptr) {
      Work::same(*handling.line, "without a rule a message is accepted");
    }
    return;
  }
  if (comments.empty()) {
    comments.push_back(work.silent(Peer::OpenDkim, rule.option, handling.action, "policy.rules", ""));
  }
  if (handling.line != nullptr) {
    Work::noted(*handling.line, "policy.rules");
  }
  if (handling.action == "discard") {
    work.draft.set("policy.allow_discard", "true");
    work.draft.say("policy.allow_discard", Work::origin(*handling.line));
  }
  std::vector<std::string> exceptions;
  if (is_bad) {
    // A key in test mode bypasses On-BadSignature; a key that is not there is On-KeyNotFound's; and OpenDKIM takes
    // signatures of large keys, and those that cover but the start of the body, which are policy here.
    exceptions = {"dkim_testing: true", "reason: [no_key, key_too_large, unsigned_body]"};
  }
  work.add_rule(Peer::OpenDkim, rule.name,
                std::string("{") + rule.when + but_not(work, Peer::OpenDkim, exceptions) + "}", then, false, comments);
}

/// The verdicts of SPF that a value of HELO_reject or Mail_From_reject refuses (_get_resultcodes()).
std::optional<std::vector<std::string>> refused_results(const std::string& value) {
  if (value == "SPF_Not_Pass") {
    return {{"fail", "softfail", "neutral"}};
  }
  if (value == "Softfail") {
    return {{"fail", "softfail"}};
  }
  if (value == "Fail") {
    return {{"fail"}};
  }
  return std::nullopt;
}

/// One identity of SPF.
struct Scope {
  const char* option;
  const char* fact;
  const char* name;
};

constexpr std::array<Scope, 2> kScopes{
    {{"HELO_reject", "spf_helo", "policyd-spf-helo"}, {"Mail_From_reject", "spf", "policyd-spf-mail-from"}}};

class SpfRules {
 public:
  explicit SpfRules(Work& work) : work_(work) {}

  void run() {
    read_switches();
    if (is_idle_) {
      for (const char* const option : {"HELO_reject", "Mail_From_reject", "PermError_reject", "TempError_Defer",
                                       "Reject_Not_Pass_Domains", "HELO_Whitelist", "Domain_Whitelist_PTR"}) {
        if (PeerLine* const line = find(option); line != nullptr) {
          Work::no_equal(*line, "without effect on inbound mail beside " + idle_why_);
        }
      }
      return;
    }
    add_names();
    exceptions_ = but_not(work_, Peer::PolicydSpf);
    add_domains();
    for (const Scope& scope : kScopes) {
      add_scope(scope);
    }
    for (const char* const option : {"PermError_reject", "TempError_Defer"}) {
      finish_error(option);
    }
  }

 private:
  PeerLine* find(const char* option) { return work_.find(Peer::PolicydSpf, option); }

  void observe(PeerLine& line, const std::string& why) {
    observes_ = true;
    Work::noted_in_rules(line, Peer::PolicydSpf, why);
    switches_.push_back(Work::origin(line) + ": the rule is observed, not enforced");
  }

  void read_switches() {
    for (const char* const option : {"TestOnly", "defaultSeedOnly"}) {
      PeerLine* const line = find(option);
      if (line == nullptr) {
        continue;
      }
      if (work_.number(Peer::PolicydSpf, option) != 0) {
        Work::same(*line, "rules are enforced unless they say observe: true");
        continue;
      }
      observe(*line, "the rules on SPF are observed, not enforced");
      if (work_.program_count() == 1) {
        work_.draft.set("mode", "monitor");
        work_.migrated(*line, "mode");
      }
    }
    if (PeerLine* const line = find("No_Mail"); line != nullptr) {
      if (line->result.value == "True") {
        observe(*line, "no rule can ask for the record v=spf1 -all: the rules on SPF are observed, not enforced");
      } else {
        Work::same(*line, "rules ask for results, whatever the record");
      }
    }
    if (PeerLine* const line = find("Mock"); line != nullptr) {
      // bool() of Python: any text at all is true, False too.
      is_idle_ = !line->result.value.empty();
      Work::no_equal(*line, "an instance that does nothing (any value counts as true): give the file of the other");
      idle_why_ = "Mock";
    }
    if (PeerLine* const line = find("Prospective"); line != nullptr && !line->result.value.empty()) {
      is_idle_ = true;
      idle_why_ = "Prospective";
    }
    if (PeerLine* const line = find("SPF_Enhanced_Status_Codes"); line != nullptr) {
      if (line->result.value == "No") {
        Work::no_equal(*line, line->known->why);
      } else {
        Work::same(*line);
      }
    }
  }

  /// Names of clients that are left out, from lists of names.
  void add_names() {
    for (const auto& [option, is_below] :
         {std::pair{"HELO_Whitelist", false}, std::pair{"Domain_Whitelist_PTR", true}}) {
      PeerLine* const line = find(option);
      if (line == nullptr) {
        continue;
      }
      std::string left_out;
      std::vector<std::string> names;
      for (const std::string& text : split_commas(line->result.value)) {
        const auto domain = read_peer_domain(text, policy::kMinOwnedLabels);
        if (!domain) {
          left_out += (left_out.empty() ? "no name of a host: " : ", ") + text;
          continue;
        }
        names.push_back(domain->str());
        if (is_below) {
          names.push_back("*." + domain->str());
        }
      }
      if (names.empty()) {
        Work::no_equal(*line, left_out.empty() ? "lists nothing" : left_out);
        continue;
      }
      auto& passed = work_.passed[Peer::PolicydSpf].names;
      passed.insert(passed.end(), names.begin(), names.end());
      Work::noted_in_rules(*line, Peer::PolicydSpf, left_out.empty() ? line->known->why : left_out);
      switches_.push_back(Work::origin(*line));
    }
  }

  void add_domains() {
    PeerLine* const line = find("Reject_Not_Pass_Domains");
    if (line == nullptr) {
      return;
    }
    std::vector<std::string> domains;
    std::string left_out;
    for (const std::string& text : split_commas(line->result.value)) {
      if (const auto domain = read_peer_domain(text)) {
        domains.push_back(domain->str());
      } else {
        left_out += (left_out.empty() ? "no domain: " : ", ") + text;
      }
    }
    if (domains.empty()) {
      Work::no_equal(*line, left_out.empty() ? "lists nothing" : left_out);
      return;
    }
    Work::noted(*line, "policy.rules", left_out);
    const std::string results = "[fail, softfail, neutral]";
    add("policyd-spf-domains-helo", "helo: " + flow_list(domains) + ", spf_helo: " + results, "reject",
        {Work::origin(*line)});
    add("policyd-spf-domains", "mail_from_domain: " + flow_list(domains) + ", spf: " + results, "reject",
        {Work::origin(*line)});
  }

  void add_scope(const Scope& scope) {
    PeerLine* const line = find(scope.option);
    const std::string value = line == nullptr ? "Fail" : line->result.value;
    if (line != nullptr && (value == "False" || value == "No_Check")) {
      const bool is_helo = scope.option == std::string_view("HELO_reject");
      const std::string mail_from = work_.text(Peer::PolicydSpf, "Mail_From_reject");
      if (is_helo && (mail_from.empty() || refused_results(mail_from))) {
        Work::no_equal(*line,
                       "no rule on HELO is written; but for the null sender spf is that of HELO, so that the rule of "
                       "Mail_From_reject refuses such mail (bounces), which policyd-spf lets through");
      } else {
        Work::same(*line,
                   "without a rule a message is accepted, whatever SPF says; SPF is checked and recorded always");
      }
      return;
    }
    std::vector<std::string> comments;
    auto results = refused_results(value);
    if (results) {
      comments.push_back(line != nullptr ? Work::origin(*line)
                                         : work_.silent(Peer::PolicydSpf, scope.option, "Fail", "policy.rules", ""));
      if (line != nullptr) {
        Work::noted(*line, "policy.rules");
      }
    } else {
      results.emplace();
      if (value == "Null") {
        Work::no_equal(*line,
                       "no rule can ask for the null sender alone; for it spf is that of HELO, so that a rule on "
                       "spf refuses it");
      } else {
        line->result.status = LineStatus::Unknown;
        line->result.why = "policyd-spf takes this value for none of its words, and refuses nothing by it";
      }
    }
    if (PeerLine* const permerror = find("PermError_reject");
        permerror != nullptr && permerror->result.value == "True") {
      results->push_back("permerror");
      comments.push_back(Work::origin(*permerror));
      Work::noted(*permerror, "policy.rules");
    }
    if (!results->empty()) {
      add(scope.name, test(scope.fact, *results), "reject", comments);
    }
    if (PeerLine* const temperror = find("TempError_Defer");
        temperror != nullptr && temperror->result.value == "True") {
      Work::noted(*temperror, "policy.rules");
      add(std::string(scope.name) + "-temperror", test(scope.fact, {"temperror"}), "tempfail",
          {Work::origin(*temperror)});
    }
  }

  void finish_error(const char* option) {
    PeerLine* const line = find(option);
    if (line == nullptr || line->result.status == LineStatus::Migrated) {
      return;
    }
    if (line->result.value == "True") {
      Work::no_equal(*line, "without effect, since neither HELO nor MAIL FROM may be refused");
    } else if (line->result.value == "False") {
      Work::same(*line, "without a rule a message is accepted");
    } else {
      line->result.status = LineStatus::Unknown;
      line->result.why = "policyd-spf takes this value for False: it knows True and False";
    }
  }

  void add(const std::string& name, const std::string& tests, const char* action, std::vector<std::string> comments) {
    comments.insert(comments.end(), switches_.begin(), switches_.end());
    work_.add_rule(Peer::PolicydSpf, name, "{" + tests + exceptions_ + "}", action, observes_, std::move(comments));
  }

  Work& work_;
  bool observes_ = false;
  bool is_idle_ = false;
  std::string idle_why_;
  std::vector<std::string> switches_;  ///< Comments of every rule.
  std::string exceptions_;
};

/// A bound on the header, and what happens beyond it.
struct HeaderBound {
  Peer peer = Peer::OpenDkim;
  std::size_t octets = 0;
  std::string action;
};

constexpr std::size_t kLeastHeader = std::size_t{1} << 10U;
constexpr std::size_t kMostHeader = std::size_t{16} << 20U;
constexpr std::size_t kPeerHeader = 65536;  // DEFMAXHDRSZ of OpenDKIM and OpenARC

/// `limits.exceeded` for an action of OpenDKIM's On-Security or OpenARC's ResponseUnwilling.
std::string exceeded_of(const std::string& action) {
  return action == "accept" || action == "reject" ? action : "tempfail";
}

HeaderBound header_bound(Work& work, Peer peer) {
  HeaderBound bound;
  bound.peer = peer;
  const auto number = work.number(peer, "MaximumHeaders");
  const std::size_t octets = number && *number >= 0 ? static_cast<std::size_t>(*number) : kPeerHeader;
  bound.octets = octets == 0 ? kMostHeader : std::clamp(octets, kLeastHeader, kMostHeader);
  if (peer == Peer::OpenDkim) {
    bound.action = exceeded_of(find_handling(work, "On-Security", "tempfail").action);
  } else {
    const std::string response = work.text(peer, "ResponseUnwilling");
    bound.action = response.empty() ? "reject" : exceeded_of(read_action(response).value_or("tempfail"));
  }
  return bound;
}

void tell_header_bound(Work& work, const HeaderBound& bound) {
  const bool is_dkim = bound.peer == Peer::OpenDkim;
  if (PeerLine* const line = work.find(bound.peer, "MaximumHeaders"); line != nullptr) {
    const int number = *work.number(bound.peer, "MaximumHeaders");
    const bool is_exact = number >= 0 && static_cast<std::size_t>(number) == bound.octets;
    work.migrated(*line, "limits.header_bytes", is_exact ? "" : "must be 1KiB to 16MiB here");
  } else {
    work.draft.say("limits.header_bytes", work.silent(bound.peer, "MaximumHeaders", std::to_string(kPeerHeader),
                                                      "limits.header_bytes", "assayd takes 1MiB by itself"));
  }
  const char* const option = is_dkim ? "On-Security" : "ResponseUnwilling";
  PeerLine* line = work.find(bound.peer, option);
  if (line == nullptr && is_dkim) {
    line = work.find(bound.peer, "On-Default");
  }
  if (line == nullptr) {
    work.draft.say("limits.exceeded", work.silent(bound.peer, option, bound.action, "limits.exceeded", ""));
  } else if (const auto action = read_action(line->result.value); action && *action != bound.action) {
    work.migrated(*line, "limits.exceeded", "what is not verified can be accepted, refused or deferred: deferred");
  } else {
    work.migrated(*line, "limits.exceeded");
  }
}

void migrate_header_bounds(Work& work) {
  std::optional<HeaderBound> least;
  for (const Peer peer : {Peer::OpenDkim, Peer::OpenArc}) {
    if (!work.has(peer)) {
      continue;
    }
    const HeaderBound bound = header_bound(work, peer);
    if (!least || bound.octets < least->octets) {
      least = bound;
    }
  }
  if (!least) {
    return;
  }
  work.draft.set("limits.header_bytes", format_size(least->octets));
  work.draft.set("limits.exceeded", least->action);
  tell_header_bound(work, *least);
  const Peer other = least->peer == Peer::OpenDkim ? Peer::OpenArc : Peer::OpenDkim;
  for (const char* const option : {"MaximumHeaders", "On-Security", "ResponseUnwilling"}) {
    if (PeerLine* const line = work.find(other, option); line != nullptr) {
      Work::no_equal(*line,
                     std::string(to_string(least->peer)) + " has the smaller bound or the same, and is followed");
    }
  }
}

void migrate_key_bits(Work& work) {
  constexpr int kLeastBits = 1024;
  constexpr int kMostBits = 16384;
  constexpr int kUsualMostBits = 4096;
  PeerLine* taken = nullptr;
  int most = -1;
  std::vector<PeerLine*> lines;
  for (const auto& [peer, option] :
       {std::pair{Peer::OpenDkim, "MinimumKeyBits"}, std::pair{Peer::OpenArc, "MinimumKeySizeRSA"}}) {
    if (PeerLine* const line = work.find(peer, option); line != nullptr) {
      lines.push_back(line);
      const int bits = std::clamp(*work.number(peer, option), kLeastBits, kMostBits);
      if (bits > most) {
        most = bits;
        taken = line;
      }
    }
  }
  if (taken == nullptr) {
    return;
  }
  for (PeerLine* const line : lines) {
    if (line == taken) {
      int written = 0;
      const bool is_exact = parse_peer_number(line->peer, line->result.value, written) && written == most;
      work.draft.set("limits.rsa_bits",
                     "[" + std::to_string(most) + ", " + std::to_string(std::max(most, kUsualMostBits)) + "]");
      work.migrated(*line, "limits.rsa_bits", is_exact ? "" : "must be 1024 to 16384 here (RFC 8301 section 3.2)");
    } else {
      Work::no_equal(*line, "the larger or equal bound of " + Work::origin(*taken) + " is taken");
    }
  }
}

void migrate_signature_count(Work& work) {
  constexpr int kMostSignatures = 50;
  constexpr int kPeerSignatures = 3;  // DEFMAXVERIFY of OpenDKIM
  if (!work.verifies(Peer::OpenDkim)) {
    if (PeerLine* const line = work.find(Peer::OpenDkim, "MaximumSignaturesToVerify"); line != nullptr) {
      Work::signing(*line, "OpenDKIM does not verify in this mode");
    }
    return;
  }
  PeerLine* const line = work.find(Peer::OpenDkim, "MaximumSignaturesToVerify");
  const int written = work.number(Peer::OpenDkim, "MaximumSignaturesToVerify").value_or(kPeerSignatures);
  const int count = written <= 0 || written > kMostSignatures ? kMostSignatures : written;
  work.draft.set("limits.signatures", std::to_string(count));
  if (line != nullptr) {
    work.migrated(*line, "limits.signatures", count == written ? "" : "50 is the most");
  } else {
    work.draft.say("limits.signatures", work.silent(Peer::OpenDkim, "MaximumSignaturesToVerify", "3",
                                                    "limits.signatures", "assayd verifies 8 by itself"));
  }
}

void migrate_mode(Work& work, Peer peer) {
  PeerLine* const line = work.find(peer, "Mode");
  if (line == nullptr) {
    return;
  }
  const std::string program = to_string(peer);
  if (work.signs(peer)) {
    Work::signing(*line, work.verifies(peer)
                             ? "assayd verifies in its place; keep " + program + " for signing, with Mode s"
                             : program + " does not verify in this mode: nothing of that is taken over");
  } else {
    Work::same(*line, "assayd verifies");
  }
}

/// published.*, indirect, temperror and how quarantine is done, by RejectFailures and HoldQuarantinedMessages.
void migrate_published(Work& work) {
  const bool rejects = work.flag(Peer::OpenDmarc, "RejectFailures");
  const bool holds = rejects && work.flag(Peer::OpenDmarc, "HoldQuarantinedMessages");
  PeerLine* const reject = work.find(Peer::OpenDmarc, "RejectFailures");
  PeerLine* const hold = work.find(Peer::OpenDmarc, "HoldQuarantinedMessages");
  const std::string what = rejects ? "reject" : "accept";
  work.draft.set("policy.published.reject", what);
  work.draft.set("policy.published.quarantine", holds ? "quarantine" : "accept");
  work.draft.set("policy.published.none", "accept");
  work.draft.set("policy.indirect", what);
  work.draft.set("policy.temperror", rejects ? "tempfail" : "accept");
  if (!work.has(Peer::OpenDmarc)) {
    work.draft.say("policy.published.reject",
                   "no opendmarc.conf was given, and nothing else here refuses mail by DMARC");
  } else if (reject == nullptr) {
    work.draft.say(
        "policy.published.reject",
        work.silent(Peer::OpenDmarc, "RejectFailures", "false", "policy.published",
                    "it refuses nothing by DMARC, where assayd would by itself; remove these lines when it shall"));
  } else {
    work.migrated(*reject, "policy.published.reject");
    reject->result.key = "policy.published";
  }
  if (rejects) {
    work.draft.say("policy.indirect",
                   "OpenDMARC knows no indirect flow. Without this line mail of mailing lists that "
                   "fails is quarantined, not refused, as RFC 9989 asks");
  }
  if (hold != nullptr) {
    if (holds) {
      work.draft.set("policy.quarantine.how", "hold");
      work.migrated(*hold, "policy.quarantine.how");
    } else if (rejects) {
      work.migrated(*hold, "policy.published.quarantine", "OpenDMARC then leaves p=quarantine to what comes behind it");
    } else {
      work.migrated(*hold, "policy.published.quarantine", "OpenDMARC holds nothing unless RejectFailures is true");
    }
  } else if (rejects) {
    work.draft.say("policy.published.quarantine",
                   work.silent(Peer::OpenDmarc, "HoldQuarantinedMessages", "false", "policy.published.quarantine",
                               "p=quarantine is left to what comes behind it"));
  }
}

/// bad_from and author_domains, by RequiredHeaders and RejectMultiValueFrom.
void migrate_bad_from(Work& work) {
  const bool needs_headers =
      work.flag(Peer::OpenDmarc, "RequiredHeaders") || work.flag(Peer::OpenDkim, "RequiredHeaders");
  const bool rejects_several = work.flag(Peer::OpenDmarc, "RejectMultiValueFrom");
  const bool rejects = needs_headers || rejects_several;
  work.draft.set("policy.bad_from", rejects ? "reject" : "accept");
  for (const Peer peer : {Peer::OpenDmarc, Peer::OpenDkim}) {
    if (PeerLine* const line = work.find(peer, "RequiredHeaders"); line != nullptr) {
      if (work.flag(peer, "RequiredHeaders")) {
        work.migrated(*line, "policy.bad_from", "of the From field alone; the counts of other fields are not checked");
      } else if (rejects) {
        Work::no_equal(*line, "another option has a bad From field refused");
      } else {
        work.migrated(*line, "policy.bad_from");
      }
    }
  }
  if (PeerLine* const line = work.find(Peer::OpenDmarc, "RejectMultiValueFrom"); line != nullptr) {
    if (rejects_several) {
      work.draft.set("limits.author_domains", "1");
      work.migrated(*line, "limits.author_domains",
                    "with policy.bad_from: reject, which refuses a missing or unreadable From field, too");
    } else {
      Work::no_equal(*line, "assayd checks every author, where OpenDMARC lets such mail through unchecked");
    }
  }
  if (work.has(Peer::OpenDmarc) && work.find(Peer::OpenDmarc, "RejectMultiValueFrom") == nullptr) {
    work.silent(Peer::OpenDmarc, "RejectMultiValueFrom", "false", "",
                "it lets mail with several authors through unchecked, where assayd checks every author");
  }
  if (!rejects && work.find(Peer::OpenDmarc, "RequiredHeaders") == nullptr &&
      work.find(Peer::OpenDkim, "RequiredHeaders") == nullptr) {
    const std::string why =
        "a From field that is missing or unreadable is let through, and with it what DMARC cannot "
        "check; assayd would refuse it by itself";
    if (work.has(Peer::OpenDmarc) || work.has(Peer::OpenDkim)) {
      work.draft.say("policy.bad_from", work.silent(work.has(Peer::OpenDmarc) ? Peer::OpenDmarc : Peer::OpenDkim,
                                                    "RequiredHeaders", "false", "policy.bad_from", why));
    } else {
      work.draft.say("policy.bad_from",
                     "none of the programs looks at the From field; assayd would refuse a bad one by "
                     "itself");
    }
  }
}

void migrate_sealers(Work& work) {
  PeerLine* const line = work.find(Peer::OpenDmarc, "DomainWhitelist");
  if (line == nullptr) {
    return;
  }
  std::vector<std::string> sealers;
  std::string left_out;
  for (const std::string& text : split_commas(line->result.value)) {
    if (const auto domain = read_peer_domain(text)) {
      sealers.push_back(domain->str());
    } else {
      left_out += (left_out.empty() ? "no domain: " : ", ") + text;
    }
  }
  if (sealers.empty()) {
    Work::no_equal(*line, left_out.empty() ? "lists nothing" : left_out);
    return;
  }
  work.draft.set("arc.trusted_sealers", flow_list(sealers));
  work.migrated(*line, "arc.trusted_sealers", left_out);
}

void migrate_authenticated(Work& work) {
  if (!work.has(Peer::OpenDmarc)) {
    return;
  }
  const bool ignores = work.flag(Peer::OpenDmarc, "IgnoreAuthenticatedClients");
  work.draft.set("local.authenticated", ignores ? "skip" : "verify");
  if (PeerLine* const line = work.find(Peer::OpenDmarc, "IgnoreAuthenticatedClients"); line != nullptr) {
    work.migrated(*line, "local.authenticated");
  } else {
    work.draft.say("local.authenticated",
                   work.silent(Peer::OpenDmarc, "IgnoreAuthenticatedClients", "false", "local.authenticated",
                               "assayd takes mail of clients that logged in for local by itself"));
  }
}

/// The rule that accepts, whatever DMARC says, clients that a program lets through.
void accept_passed(Work& work, Peer peer, const char* name, const std::string& comment) {
  const auto tests = client_tests(work.passed[peer]);
  if (!tests.empty()) {
    std::vector<std::string> comments = work.passed[peer].comments;
    comments.insert(comments.begin(), comment);
    work.add_rule(peer, name, any_of(tests), "accept", false, std::move(comments));
  }
}

}  // namespace

void migrate_limits(Work& work) {
  migrate_header_bounds(work);
  migrate_key_bits(work);
  migrate_signature_count(work);
}

void migrate_dmarc(Work& work) {
  migrate_published(work);
  migrate_bad_from(work);
  migrate_sealers(work);
  migrate_authenticated(work);
  accept_passed(work, Peer::OpenDmarc, "opendmarc-ignore-hosts", "IgnoreHosts of OpenDMARC alone");
}

void migrate_dkim(Work& work) {
  accept_passed(work, Peer::Hosts, "ignore-hosts", "hosts of --ignore-hosts that are names");
  migrate_mode(work, Peer::OpenDkim);
  migrate_mode(work, Peer::OpenArc);
  for (const auto& [peer, option, same] : {std::tuple{Peer::OpenArc, "ResponseDisabled", "accept"},
                                           std::tuple{Peer::OpenArc, "ResponseUnable", "tempfail"},
                                           std::tuple{Peer::OpenDkim, "On-InternalError", "tempfail"}}) {
    if (PeerLine* const line = work.find(peer, option); line != nullptr) {
      if (read_action(line->result.value) == std::string(same)) {
        Work::same(*line);
      } else {
        Work::no_equal(*line, line->known->why);
      }
    }
  }
  if (!work.verifies(Peer::OpenDkim)) {
    for (const char* const option :
         {"On-Default", "On-DNSError", "On-KeyNotFound", "On-BadSignature", "On-NoSignature", "RedirectFailuresTo"}) {
      if (PeerLine* const line = work.find(Peer::OpenDkim, option);
          line != nullptr && line->result.status != LineStatus::Migrated) {
        Work::signing(*line, "OpenDKIM does not verify in this mode");
      }
    }
    return;
  }
  for (const DkimRule& rule : kDkimRules) {
    add_dkim_rule(work, rule);
  }
  if (PeerLine* const line = work.find(Peer::OpenDkim, "On-Default");
      line != nullptr && line->result.status == LineStatus::NoEqual) {
    line->result.why = "every other On- option says something else";
  }
}

void migrate_spf(Work& work) {
  if (work.has(Peer::PolicydSpf)) {
    SpfRules(work).run();
  }
}

}  // namespace assay::config
