#include "cli/policy_facts.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "config/wording.h"
#include "policy/condition.h"
#include "policy/last.h"
#include "verify/base/domain.h"
#include "verify/base/ip_address.h"
#include "verify/base/text.h"
#include "verify/dkim/verify.h"
#include "verify/dmarc/evaluate.h"
#include "verify/message/smtp_path.h"

namespace assay::cli {
namespace {

using config::Mark;
using config::Section;
using config::YamlNode;

/// Words that are listed where none is near; the reasons are too many.
constexpr std::size_t kMaxListedWords = 12;

/// A value and where it stands.
template <class T>
struct Placed {
  T value;
  Mark mark;
};

template <class T>
using List = std::vector<Placed<T>>;

/// The words of an enumeration from its first to its last, each with its value.
template <class Enum>
std::vector<std::pair<std::string, Enum>> all_words() {
  std::vector<std::pair<std::string, Enum>> words;
  for (unsigned value = 0; value <= static_cast<unsigned>(policy::last_of<Enum>()); ++value) {
    if (const char* const word = to_string(static_cast<Enum>(value))) {
      words.emplace_back(word, static_cast<Enum>(value));
    }
  }
  return words;
}

std::vector<std::pair<std::string, std::optional<dkim::Status>>> dkim_words() {
  std::vector<std::pair<std::string, std::optional<dkim::Status>>> words{{"none", std::nullopt}};
  for (const auto& [word, status] : all_words<dkim::Status>()) {
    words.emplace_back(word, status);
  }
  return words;
}

dmarc::Status status_of(dmarc::Reason reason) {
  switch (reason) {
    case dmarc::Reason::NoRecord: return dmarc::Status::None;
    case dmarc::Reason::NotAligned: return dmarc::Status::Fail;
    case dmarc::Reason::UnusableRecord:
    case dmarc::Reason::FromMissing:
    case dmarc::Reason::FromRepeated:
    case dmarc::Reason::FromUnparsable:
    case dmarc::Reason::FromWithoutDomain:
    case dmarc::Reason::TooManyAuthors: return dmarc::Status::PermError;
    case dmarc::Reason::DnsFailure:
    case dmarc::Reason::DnssecBogus: return dmarc::Status::TempError;
    case dmarc::Reason::None: break;
  }
  return dmarc::Status::Pass;
}

/// The reason that a status has of itself, where there is one.
dmarc::Reason usual_reason(dmarc::Status status) {
  switch (status) {
    case dmarc::Status::None: return dmarc::Reason::NoRecord;
    case dmarc::Status::Fail: return dmarc::Reason::NotAligned;
    case dmarc::Status::TempError: return dmarc::Reason::DnsFailure;
    case dmarc::Status::PermError: return dmarc::Reason::UnusableRecord;
    case dmarc::Status::Pass: break;
  }
  return dmarc::Reason::None;
}

/// RFC 7208 sections 2.6 and 4.
spf::Status status_of(spf::Reason reason) {
  switch (reason) {
    case spf::Reason::NoIdentity:
    case spf::Reason::InvalidDomain:
    case spf::Reason::NoRecord: return spf::Status::None;
    case spf::Reason::NoMatch: return spf::Status::Neutral;
    case spf::Reason::DnsFailure:
    case spf::Reason::DnssecBogus: return spf::Status::TempError;
    case spf::Reason::SeveralRecords:
    case spf::Reason::SyntaxError:
    case spf::Reason::TooManyLookups:
    case spf::Reason::TooManyVoidLookups:
    case spf::Reason::TooManyMxHosts:
    case spf::Reason::IncludeWithoutRecord:
    case spf::Reason::RedirectWithoutRecord:
    case spf::Reason::RecordTooLong: return spf::Status::PermError;
    case spf::Reason::None: break;
  }
  return spf::Status::Pass;
}

/// Of several signatures the one with the least counts (policy::Fact::Dkim).
int rank(dkim::Status status) {
  switch (status) {
    case dkim::Status::Pass: return 0;
    case dkim::Status::TempError: return 1;
    case dkim::Status::Fail: return 2;
    case dkim::Status::PermError: return 3;
    case dkim::Status::Policy: return 4;
    case dkim::Status::Neutral: return 5;
  }
  return 5;
}

/// Whether a domain owner's policy can be known of a message with that result.
bool may_have_policy(dmarc::Status status) {
  return status == dmarc::Status::Pass || status == dmarc::Status::Fail || status == dmarc::Status::TempError;
}

class FactsReader {
 public:
  explicit FactsReader(Section& facts) : facts_(facts) {}

  Assumed read() {
    read_connection();
    read_recipients();
    read_spf();
    read_dkim();
    read_arc();
    read_header();
    read_authors();
    read_reasons();
    read_evidence();
    finish_authors();
    return std::move(out_);
  }

 private:
  // ---- values ---------------------------------------------------------------------------------------------------

  /// The values of a key: one, or those of a list.
  List<std::string> texts(const char* key) {
    const YamlNode* const node = facts_.find(key);
    if (node == nullptr) {
      return {};
    }
    if (node->kind == YamlNode::Kind::Scalar) {
      return {{node->text, node->mark}};
    }
    if (node->kind != YamlNode::Kind::List) {
      facts_.complain(key, node->mark, "must be one value, or a list of values");
      return {};
    }
    List<std::string> values;
    for (const YamlNode& item : node->items) {
      if (item.kind == YamlNode::Kind::Scalar) {
        values.push_back({item.text, item.mark});
      } else if (item.kind != YamlNode::Kind::Unusable) {
        facts_.complain(key, item.mark, "an element of the list is not one value");
      }
    }
    return values;
  }

  /// Of a fact that a message has one of.
  std::optional<Placed<std::string>> one_text(const char* key) {
    const auto values = texts(key);
    if (values.size() > 1) {
      facts_.complain(key, values[1].mark, "a message has one of it, and here is a second value: remove it");
    }
    return values.empty() ? std::nullopt : std::optional(values.front());
  }

  List<Domain> domains(const char* key) {
    List<Domain> names;
    for (const auto& [text, mark] : texts(key)) {
      if (const auto name = Domain::parse(text)) {
        names.push_back({*name, mark});
      } else {
        facts_.complain(key, mark,
                        config::quote(text) + " is not a domain such as example.com: " + name.error().what +
                            "; a case states what one message has, so that there are no patterns");
      }
    }
    return names;
  }

  template <class Value>
  std::optional<Value> word(const char* key, const std::vector<std::pair<std::string, Value>>& words) {
    std::vector<std::pair<const char*, Value>> pairs;
    pairs.reserve(words.size());
    for (const auto& [text, value] : words) {
      pairs.emplace_back(text.c_str(), value);
    }
    std::optional<Value> chosen;
    facts_.choice(key, chosen, pairs);
    return chosen;
  }

  std::optional<bool> flag(const char* key) { return word<bool>(key, {{"true", true}, {"false", false}}); }

  /// Words as a list, one for each author or one for all.
  template <class Enum>
  List<Enum> words(const char* key) {
    const auto known = all_words<Enum>();
    List<Enum> values;
    for (const auto& [text, mark] : texts(key)) {
      const auto found =
          std::find_if(known.begin(), known.end(), [&text = text](const auto& pair) { return pair.first == text; });
      if (found != known.end()) {
        values.push_back({found->second, mark});
      } else {
        std::vector<std::string> names;
        std::transform(known.begin(), known.end(), std::back_inserter(names),
                       [](const auto& pair) { return pair.first; });
        facts_.complain(key, mark, unknown_word(text, names));
      }
    }
    return values;
  }

  // ---- facts ----------------------------------------------------------------------------------------------------

  void read_connection() {
    if (const auto ip = one_text("client_ip")) {
      const auto parsed = IpAddress::parse(ip->value);
      if (parsed) {
        out_.facts.client_ip = *parsed;
      } else {
        facts_.complain("client_ip", ip->mark,
                        config::quote(ip->value) + " is not an address such as 192.0.2.1: " + parsed.error().what);
      }
    }
    if (const auto helo = one_text("helo")) {
      out_.facts.helo = helo->value;
    }
    if (const auto name = one_text("client_name")) {
      out_.facts.client_name = name->value;
    }
    if (const auto status = word("iprev", all_words<iprev::Status>())) {
      out_.verdict.iprev.emplace();
      out_.verdict.iprev->status = *status;
      if (*status == iprev::Status::Pass && out_.facts.client_name.empty()) {
        facts_.complain("iprev", facts_.mark_of("iprev"),
                        "pass confirms a name: say which, with client_name: mx.example.com");
      }
      if (*status == iprev::Status::Pass) {
        out_.verdict.iprev->name = out_.facts.client_name;
      }
    }
    out_.facts.authenticated = presence("authenticated", "(some login)");
    out_.facts.tls = presence("tls", "TLSv1.3");
    out_.facts.local = flag("local").value_or(false);
    if (const auto bound = word("exceeded", all_words<Bound>())) {
      out_.verdict.exceeded = *bound;
    }
  }

  /// true, false, or the thing itself; empty for false.
  std::string presence(const char* key, const char* unnamed) {
    const auto value = one_text(key);
    if (!value || value->value == "false") {
      return {};
    }
    return value->value == "true" ? unnamed : value->value;
  }

  void read_recipients() {
    for (const auto& [text, mark] : texts("rcpt")) {
      if (message::domain_of_path(text).empty()) {
        facts_.complain("rcpt", mark, config::quote(text) + " is not an address such as postmaster@example.net");
      }
      out_.facts.rcpt.push_back(message::read_smtp_path(text, std::nullopt));
    }
    const auto domains_of_rcpt = domains("rcpt_domain");
    if (!domains_of_rcpt.empty() && !out_.facts.rcpt.empty()) {
      facts_.complain("rcpt_domain", domains_of_rcpt.front().mark, "rcpt says it already: remove one of the two");
    }
    for (const auto& [domain, mark] : domains_of_rcpt) {
      out_.facts.rcpt.push_back("someone@" + domain.str());
    }
    out_.facts.has_envelope = !out_.facts.rcpt.empty();
  }

  void read_spf() {
    const auto domain = domains("mail_from_domain");
    if (domain.size() > 1) {
      facts_.complain("mail_from_domain", domain[1].mark, "a message has one of it: remove the second");
    }
    if (const auto address = one_text("mail_from")) {
      out_.facts.has_envelope = true;
      out_.facts.mail_from = message::read_smtp_path(address->value, std::nullopt);
      if (!domain.empty()) {
        facts_.complain("mail_from_domain", domain.front().mark, "mail_from says it already: remove one of the two");
      }
    } else if (!domain.empty()) {
      out_.facts.has_envelope = true;
      out_.facts.mail_from = "someone@" + domain.front().value.str();
    }
    // RFC 7208 section 2.4: the identity of the null sender is postmaster at the HELO name.
    const std::string_view sender = message::domain_of_path(out_.facts.mail_from);
    out_.verdict.spf_mail_from =
        spf("spf", sender.empty() ? out_.facts.helo : std::string(sender), "mail_from_domain: example.com");
    out_.verdict.spf_helo = spf("spf_helo", out_.facts.helo, "helo: mx.example.com");
  }

  spf::Outcome spf(const char* key, const std::string& domain, const char* missing) {
    spf::Outcome outcome;
    outcome.domain = domain;
    if (!domain.empty()) {
      outcome.reason = spf::Reason::None;
    }
    if (const auto status = word(key, all_words<spf::Status>()); status && *status != spf::Status::None) {
      outcome.status = *status;
      outcome.reason = spf::Reason::None;
      if (domain.empty()) {
        facts_.complain(key, facts_.mark_of(key), std::string("needs a domain that it was found of: add ") + missing);
      }
    }
    return outcome;
  }

  void read_dkim() {
    const auto passing = domains("dkim_domain");
    const auto stated = word("dkim", dkim_words());
    const Mark mark = facts_.mark_of("dkim");
    for (const auto& [domain, its_mark] : passing) {
      add_signature(stated == dkim::Status::TempError ? dkim::Status::TempError : dkim::Status::Pass, domain);
    }
    // The domain of a signature whose check failed temporarily counts, too: what hangs on it is unknown.
    if (!passing.empty() && stated && *stated != dkim::Status::Pass && *stated != dkim::Status::TempError) {
      facts_.complain("dkim_domain", passing.front().mark,
                      std::string("is the domain of a signature that passes, and dkim says ") +
                          (*stated ? to_string(**stated) : "none") + ": remove one of the two");
    } else if (passing.empty() && stated && *stated == dkim::Status::Pass) {
      facts_.complain("dkim", mark, "pass has a domain that signed: add dkim_domain: example.com");
    } else if (passing.empty() && stated && *stated) {
      add_signature(**stated, std::nullopt);
    }
    if (const auto testing = flag("dkim_testing"); testing.value_or(false)) {
      if (out_.verdict.dkim.empty()) {
        facts_.complain("dkim_testing", facts_.mark_of("dkim_testing"),
                        "needs a signature: add dkim_domain, or dkim with its result");
      } else {
        out_.verdict.dkim.front().testing = true;
      }
    }
  }

  void add_signature(dkim::Status status, const std::optional<Domain>& domain) {
    dkim::Outcome& outcome = out_.verdict.dkim.emplace_back();
    outcome.status = status;
    outcome.signing_domain = domain;
    outcome.domain = domain ? domain->str() : "";
    outcome.headers_verified = status == dkim::Status::Pass;
  }

  void read_arc() {
    arc::Outcome& arc = out_.verdict.arc;
    const auto sealers = domains("arc_sealer");
    const auto stated = word("arc", all_words<arc::Status>());
    for (const auto& [domain, mark] : sealers) {
      arc.sealers.push_back(domain.str());
    }
    arc.instances = static_cast<unsigned>(sealers.size());
    arc.status = stated.value_or(sealers.empty() ? arc::Status::None : arc::Status::Pass);
    if (arc.status == arc::Status::None && !sealers.empty()) {
      facts_.complain("arc_sealer", sealers.front().mark, "seals a chain, and arc says none: remove one of the two");
    }
    if (arc.status == arc::Status::Pass && sealers.empty()) {
      facts_.complain("arc", facts_.mark_of("arc"),
                      "pass has a chain of seals: add arc_sealer with a domain for each, the oldest first");
    }
    if (arc.status == arc::Status::Pass) {
      arc.oldest_pass = 0;
      arc.from_signed = true;
    }
    claims_ = texts("arc_claims");
    if (!claims_.empty() && arc.status == arc::Status::None) {
      facts_.complain("arc_claims", claims_.front().mark, "needs a chain that claims it: add arc_sealer");
    }
  }

  void read_header() {
    if (const auto list = one_text("list_id")) {
      out_.verdict.list_id = list->value;
    }
  }

  void read_authors() {
    authors_ = domains("from_domain");
    dmarc_ = words<dmarc::Status>("dmarc");
    published_ = words<dmarc::Policy>("dmarc_published");
    organizational_ = domains("org_domain");
    const std::size_t count = std::max<std::size_t>(authors_.size(), 1);
    check_count("dmarc", dmarc_, count);
    check_count("dmarc_published", published_, count);
    check_count("org_domain", organizational_, count);
  }

  template <class T>
  void check_count(const char* key, List<T>& values, std::size_t authors) {
    if (values.size() > 1 && values.size() != authors) {
      facts_.complain(
          key, values.front().mark,
          std::to_string(values.size()) + " values for " + std::to_string(authors) +
              (authors == 1 ? " author: give one" : " authors in from_domain: give one for all, or one for each"));
      values.resize(1, values.front());
    }
  }

  /// The value for that author.
  template <class T>
  static std::optional<T> of(const List<T>& values, std::size_t author) {
    return values.empty() ? std::nullopt : std::optional(values[values.size() == 1 ? 0 : author].value);
  }

  /// Puts each reason on the methods that can have it with the result stated.
  void read_reasons() {
    for (const auto& [word, mark] : texts("reason")) {
      placed_ = false;
      known_results_.clear();
      put_dmarc_reason(word);
      put_spf_reason(word, out_.verdict.spf_mail_from, "spf");
      put_spf_reason(word, out_.verdict.spf_helo, "spf_helo");
      put_dkim_reason(word);
      put_arc_reason(word);
      if (known_results_.empty()) {
        facts_.complain("reason", mark, unknown_word(word, policy::words_of(policy::Fact::Reason)));
      } else if (!placed_) {
        facts_.complain("reason", mark,
                        word + " is a reason of " + known_results_ + ", which this case does not state: add it");
      }
    }
  }

  void note_result(const std::string& result) { known_results_ += (known_results_.empty() ? "" : " or ") + result; }

  void put_dmarc_reason(const std::string& word) {
    for (const auto& [known, reason] : all_words<dmarc::Reason>()) {
      if (known != word) {
        continue;
      }
      const dmarc::Status status = status_of(reason);
      note_result(std::string("dmarc: ") + to_string(status));
      const bool is_stated =
          std::any_of(dmarc_.begin(), dmarc_.end(), [status](const auto& stated) { return stated.value == status; });
      if (is_stated || (dmarc_.empty() && (status == dmarc::Status::None || dmarc::is_bad_from(reason)))) {
        dmarc_reason_ = reason;
        placed_ = true;
      }
    }
  }

  void put_spf_reason(const std::string& word, spf::Outcome& outcome, const char* key) {
    for (const auto& [known, reason] : all_words<spf::Reason>()) {
      if (known != word) {
        continue;
      }
      const spf::Status status = status_of(reason);
      note_result(std::string(key) + ": " + to_string(status));
      if (outcome.status == status && (status != spf::Status::None || facts_.is_given(key))) {
        outcome.reason = reason;
        placed_ = true;
      }
    }
  }

  /// A signature whose result counts less than that of the best may stand beside it.
  void put_dkim_reason(const std::string& word) {
    for (const auto& [known, reason] : all_words<dkim::Reason>()) {
      if (known != word) {
        continue;
      }
      const dkim::Status status = dkim::status_of(reason);
      note_result(std::string("dkim: ") + to_string(status));
      auto& signatures = out_.verdict.dkim;
      if (signatures.empty() || rank(status) < rank(signatures.front().status)) {
        continue;
      }
      if (signatures.front().status != status || signatures.front().reason != dkim::Reason::None) {
        add_signature(status, std::nullopt);
      }
      auto& outcome = signatures.front().status == status && signatures.front().reason == dkim::Reason::None
                          ? signatures.front()
                          : signatures.back();
      outcome.reason = reason;
      placed_ = true;
    }
  }

  /// RFC 8617 section 5.2.1: every error is a failure.
  void put_arc_reason(const std::string& word) {
    for (const auto& [known, reason] : all_words<arc::Reason>()) {
      if (known != word) {
        continue;
      }
      note_result("arc: fail");
      if (out_.verdict.arc.status == arc::Status::Fail) {
        out_.verdict.arc.reason = reason;
        placed_ = true;
      }
    }
  }

  void read_evidence() {
    const auto values = texts("indirect");
    if (values.empty()) {
      return;
    }
    out_.evidence.emplace();
    if (values.size() == 1 && values.front().value == "false") {
      return;
    }
    for (const auto& [word, kind] : all_words<policy::Indirect>()) {
      if (std::any_of(values.begin(), values.end(),
                      [&word = word](const auto& value) { return value.value == word; })) {
        out_.evidence->push_back(kind);
      }
    }
    for (const auto& [text, mark] : values) {
      const auto known = policy::words_of(policy::Fact::Indirect);
      if (std::find(known.begin(), known.end(), text) == known.end()) {
        facts_.complain("indirect", mark,
                        text == "true" ? "say which evidence there is: signed_headers, arc_origin, list or forwarder"
                                       : unknown_word(text, known) + "; or false for none");
      }
    }
    const bool fails = std::any_of(dmarc_.begin(), dmarc_.end(),
                                   [](const auto& stated) { return stated.value == dmarc::Status::Fail; });
    if (!fails) {
      facts_.complain("indirect", values.front().mark,
                      "evidence of an indirect flow is looked for when DMARC fails alone: add dmarc: fail");
    }
  }

  void finish_authors() {
    if (dmarc_reason_ != dmarc::Reason::None && dmarc::is_bad_from(dmarc_reason_)) {
      dmarc::Outcome& outcome = out_.verdict.dmarc;
      outcome.status = dmarc::Status::PermError;
      outcome.reason = dmarc_reason_;
      if (!authors_.empty()) {
        facts_.complain("from_domain", authors_.front().mark,
                        std::string("a message that is ") + to_string(dmarc_reason_) +
                            " has no author's domain to go by: remove it");
      }
      return;
    }
    if (authors_.empty()) {
      authors_.push_back({Domain::parse(kUnnamedAuthor).value(), facts_.mark_of("from_domain")});
    }
    std::vector<dmarc::Outcome> outcomes;
    for (std::size_t i = 0; i < authors_.size(); ++i) {
      outcomes.push_back(judged(i));
      out_.verdict.from.push_back("someone@" + authors_[i].value.str());
      check_against_identifiers(authors_[i].value, outcomes.back().status);
    }
    const bool has_policy = std::any_of(outcomes.begin(), outcomes.end(),
                                        [](const dmarc::Outcome& outcome) { return may_have_policy(outcome.status); });
    if (!published_.empty() && !has_policy) {
      facts_.complain("dmarc_published", published_.front().mark,
                      std::string("dmarc is ") + to_string(outcomes.front().status) +
                          ", which no message with a usable policy is: add dmarc: fail or dmarc: pass");
    }
    dmarc::put_deciding_first(outcomes);
    out_.verdict.dmarc = outcomes.front();
    out_.verdict.other_authors.assign(outcomes.begin() + 1, outcomes.end());
    add_claims();
  }

  dmarc::Outcome judged(std::size_t author) {
    dmarc::Outcome outcome;
    const Domain& name = authors_[author].value;
    outcome.author = name;
    outcome.status = of(dmarc_, author).value_or(dmarc::Status::None);
    outcome.reason = status_of(dmarc_reason_) == outcome.status ? dmarc_reason_ : usual_reason(outcome.status);
    outcome.organizational_domain = of(organizational_, author);
    if (outcome.organizational_domain && !name.is_within(*outcome.organizational_domain)) {
      facts_.complain(
          "org_domain", organizational_[organizational_.size() == 1 ? 0 : author].mark,
          "is the name of " + name.str() + " or one above it: " + outcome.organizational_domain->str() + " is neither");
    }
    if (may_have_policy(outcome.status)) {
      outcome.published = of(published_, author);
      // Where the case does not say: the strictest, so that what is let in is let in against all odds.
      if (!outcome.published && outcome.status != dmarc::Status::TempError) {
        outcome.published = dmarc::Policy::Reject;
      }
      outcome.policy = outcome.published;
    }
    return outcome;
  }

  /// RFC 9989 section 4.4: an identifier of the author's own name aligns whatever else holds.
  void check_against_identifiers(const Domain& author, dmarc::Status status) {
    const spf::Outcome& spf = out_.verdict.spf_mail_from;
    const bool spf_passes = spf.status == spf::Status::Pass;
    const auto& dkim = out_.verdict.dkim;
    const bool spf_aligns = spf_passes && iequals(spf.domain, author.str());
    const bool dkim_aligns = std::any_of(dkim.begin(), dkim.end(), [&author](const dkim::Outcome& signature) {
      return signature.status == dkim::Status::Pass && signature.signing_domain == author;
    });
    const bool dkim_passes = std::any_of(dkim.begin(), dkim.end(), [](const dkim::Outcome& signature) {
      return signature.status == dkim::Status::Pass;
    });
    const Mark mark = facts_.mark_of("dmarc");
    if (status == dmarc::Status::Fail && (spf_aligns || dkim_aligns)) {
      facts_.complain("dmarc", mark,
                      std::string("cannot fail for ") + author.str() + ", since " +
                          (spf_aligns ? "spf passes for that very domain" : "a signature of that very domain passes") +
                          ": write dmarc: pass, or change the identifier");
    }
    if (status == dmarc::Status::Pass && facts_.is_given("spf") && (facts_.is_given("dkim") || dkim_passes) &&
        !spf_passes && !dkim_passes) {
      facts_.complain("dmarc", mark,
                      "cannot pass where neither spf nor dkim does: leave both out, or let the aligned one pass");
    }
  }

  /// What every hop says of each author: METHOD=RESULT, of an identifier that is the author's.
  void add_claims() {
    std::vector<arc::Claim> claims;
    for (const auto& [text, mark] : claims_) {
      const auto equals = text.find('=');
      if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
        facts_.complain("arc_claims", mark, config::quote(text) + " is not METHOD=RESULT such as dmarc=pass");
        continue;
      }
      const std::string method = to_lower(text.substr(0, equals));
      const char* const property = method == "spf" ? "smtp.mailfrom" : method == "dkim" ? "header.d" : "header.from";
      for (const auto& author : authors_) {
        claims.push_back({method, to_lower(text.substr(equals + 1)), {{property, author.value.str()}}});
      }
    }
    arc::Outcome& arc = out_.verdict.arc;
    arc.claims = claims;
    if (arc.status == arc::Status::Pass) {
      for (const std::string& sealer : arc.sealers) {
        arc::Hop& hop = arc.hops.emplace_back();
        hop.selector = "arc";
        hop.signer = sealer;
        hop.signs_from = true;
        hop.readable = true;
        hop.claims = arc.hops.size() == 1 ? std::vector<arc::Claim>{} : claims;
      }
    }
  }

  Section& facts_;
  Assumed out_;
  List<Domain> authors_;
  List<dmarc::Status> dmarc_;
  List<dmarc::Policy> published_;
  List<Domain> organizational_;
  List<std::string> claims_;
  dmarc::Reason dmarc_reason_ = dmarc::Reason::None;
  bool placed_ = false;        ///< The reason at hand found its method.
  std::string known_results_;  ///< What the reason at hand is a reason of.
};

}  // namespace

std::string unknown_word(const std::string& word, const std::vector<std::string>& known) {
  const std::string text = config::quote(word) + " is no word that is known here";
  if (const std::string meant = config::did_you_mean(word, known); !meant.empty()) {
    return text + meant;
  }
  return known.size() <= kMaxListedWords ? text + ": " + config::join(known, ", ") : text;
}

Assumed read_facts(config::Section& facts) {
  return FactsReader(facts).read();
}

}  // namespace assay::cli
