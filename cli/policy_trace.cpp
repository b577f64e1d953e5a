#include "cli/policy_trace.h"

#include <algorithm>
#include <string_view>

#include "policy/own_rules.h"
#include "policy/recipients.h"

namespace assay::cli {
namespace {

using policy::Condition;
using policy::Fact;
using policy::Subject;
using policy::Truth;

const char* word(Truth truth) {
  switch (truth) {
    case Truth::False: return "no";
    case Truth::Unknown: return "unknown";
    case Truth::True: return "yes";
  }
  return "";
}

/// "a, b"; "none" for nothing.
class Values {
 public:
  void add(std::string_view value) {
    if (!value.empty()) {
      text_ += text_.empty() ? "" : ", ";
      text_ += value;
    }
  }
  template <class Reason>
  void add_reason(Reason reason) {
    if (const char* const stable = to_string(reason)) {
      add(stable);
    }
  }
  [[nodiscard]] std::string text() const { return text_.empty() ? "none" : text_; }

 private:
  std::string text_;
};

std::string passing_domains(const std::vector<dkim::Outcome>& signatures) {
  Values values;
  for (const dkim::Outcome& signature : signatures) {
    if (signature.status == dkim::Status::Pass) {
      values.add(signature.domain);
    }
  }
  return values.text();
}

std::string results(const std::vector<dkim::Outcome>& signatures) {
  Values values;
  for (const dkim::Outcome& signature : signatures) {
    values.add(to_string(signature.status));
  }
  return values.text();
}

std::string sealers(const arc::Outcome& arc) {
  Values values;
  for (const std::string& sealer : arc.sealers) {
    values.add(sealer);
  }
  return values.text() + (arc.sealers.empty() || arc.status == arc::Status::Pass ? "" : ", chain fails");
}

std::string claims(const arc::Outcome& arc) {
  Values values;
  for (const arc::Claim& claim : arc.claims) {
    values.add(claim.method + '=' + claim.result);
  }
  return values.text();
}

std::string reasons(const Verdict& verdict, const dmarc::Outcome& author) {
  Values values;
  values.add_reason(author.reason);
  values.add_reason(verdict.spf_mail_from.reason);
  values.add_reason(verdict.spf_helo.reason);
  for (const dkim::Outcome& signature : verdict.dkim) {
    values.add_reason(signature.reason);
  }
  values.add_reason(verdict.arc.reason);
  return values.text();
}

std::string or_none(std::string_view text) {
  return text.empty() ? "none" : std::string(text);
}

/// What the message has of a fact.
std::string value_of(Fact fact, const Subject& subject) {
  const Verdict& verdict = subject.message.verdict;
  const policy::Facts& facts = subject.message.facts;
  switch (fact) {
    case Fact::FromDomain: return subject.author.author ? subject.author.author->str() : "none";
    case Fact::OrgDomain:
      return subject.author.organizational_domain ? subject.author.organizational_domain->str() : "not looked up";
    case Fact::Dmarc: return to_string(subject.author.status);
    case Fact::DmarcPublished: return subject.author.published ? to_string(*subject.author.published) : "no record";
    case Fact::MailFromDomain: return or_none(subject.message.mail_from_domain.normal());
    case Fact::Helo: return or_none(facts.helo);
    case Fact::ClientName:
      return or_none(verdict.iprev && verdict.iprev->status == iprev::Status::Pass ? verdict.iprev->name
                                                                                   : facts.client_name);
    case Fact::ClientIp: return facts.client_ip ? facts.client_ip->to_string() : "none";
    case Fact::Spf: return to_string(verdict.spf_mail_from.status);
    case Fact::SpfHelo: return to_string(verdict.spf_helo.status);
    case Fact::Dkim: return results(verdict.dkim);
    case Fact::DkimDomain: return passing_domains(verdict.dkim);
    case Fact::DkimTesting:
      return std::any_of(verdict.dkim.begin(), verdict.dkim.end(),
                         [](const dkim::Outcome& signature) { return signature.testing; })
                 ? "true"
                 : "false";
    case Fact::Arc: return to_string(verdict.arc.status);
    case Fact::ArcSealer: return sealers(verdict.arc);
    case Fact::ArcClaims: return claims(verdict.arc);
    case Fact::Iprev: return verdict.iprev ? to_string(verdict.iprev->status) : "none";
    case Fact::RcptDomain:
      return subject.recipient != nullptr ? or_none(message::domain_of_path(subject.recipient->address)) : "none";
    case Fact::Rcpt: return subject.recipient != nullptr ? std::string(subject.recipient->address) : "none";
    case Fact::ListId: return or_none(verdict.list_id);
    case Fact::Indirect: {
      Values values;
      for (const policy::Indirect found : subject.message.evidence) {
        values.add(to_string(found));
      }
      return values.text();
    }
    case Fact::Authenticated: return or_none(facts.authenticated);
    case Fact::Tls: return or_none(facts.tls);
    case Fact::Reason: return reasons(verdict, subject.author);
  }
  return "none";
}

/// Writes conditions until there are too many.
class Writer {
 public:
  explicit Writer(const Subject& subject) : subject_(subject) {}

  std::string write(const Condition& condition) {
    switch (condition.kind) {
      case Condition::Kind::Test: return test(condition);
      case Condition::Kind::All: return condition.parts.empty() ? "always" : list(condition.parts);
      case Condition::Kind::Any: return "any of (" + list(condition.parts) + ") " + word(evaluate(condition, subject_));
      case Condition::Kind::Not: return "not (" + list(condition.parts) + ") " + word(evaluate(condition, subject_));
    }
    return {};
  }

 private:
  std::string test(const Condition& condition) {
    if (++count_ > kMaxTracedConditions) {
      return "...";
    }
    return std::string(policy::info(condition.fact).key) + ' ' + word(evaluate(condition, subject_)) + " (" +
           value_of(condition.fact, subject_) + ')';
  }

  std::string list(const std::vector<Condition>& parts) {
    std::string text;
    for (const Condition& part : parts) {
      if (count_ > kMaxTracedConditions) {
        break;
      }
      text += text.empty() ? "" : ", ";
      const bool is_nested = part.kind == Condition::Kind::All && part.parts.size() > 1;
      text += is_nested ? "all of (" + write(part) + ") " + word(evaluate(part, subject_)) : write(part);
    }
    return text;
  }

  const Subject& subject_;
  std::size_t count_ = 0;
};

/// The recipients that are asked about, and whether their search goes on.
struct Search {
  policy::Recipient recipient;
  bool is_over = false;
};

class Tracer {
 public:
  Tracer(const policy::Message& message, const policy::Rules& rules, Time now)
      : message_(message), rules_(rules), now_(now) {
    for (const std::string_view path : policy::find_classes(message.facts.rcpt, rules, now)) {
      searches_.push_back({policy::Recipient(path)});
    }
    has_recipients_ = !searches_.empty();
    if (!has_recipients_) {
      searches_.push_back({policy::Recipient("")});
    }
  }

  std::vector<TracedRule> trace() {
    std::vector<TracedRule> traced;
    for (const policy::Rule& rule : rules_.own) {
      const bool is_over = std::all_of(searches_.begin(), searches_.end(), [](const Search& s) { return s.is_over; });
      if (is_over) {
        break;
      }
      traced.push_back({rule.name, Truth::False, policy::is_expired(rule, now_), {}});
      if (!traced.back().expired) {
        ask(rule, traced.back());
      }
    }
    return traced;
  }

 private:
  void ask(const policy::Rule& rule, TracedRule& traced) {
    for (Search& search : searches_) {
      if (search.is_over) {
        continue;
      }
      const policy::Recipient* const recipient = has_recipients_ ? &search.recipient : nullptr;
      const policy::Match found = policy::match(rule, message_, recipient, rules_);
      traced.truth = std::max(traced.truth, found.truth);
      search.is_over = found.truth == Truth::True && !found.is_partial && !rule.observe && rule.then.action.has_value();
      describe(rule, recipient, message_.verdict.dmarc, traced);
      for (const dmarc::Outcome& other : message_.verdict.other_authors) {
        describe(rule, recipient, other, traced);
      }
    }
  }

  void describe(const policy::Rule& rule, const policy::Recipient* recipient, const dmarc::Outcome& author,
                TracedRule& traced) {
    if (traced.lines.size() >= kMaxTracedSubjects) {
      return;
    }
    std::string line;
    if (searches_.size() > 1) {
      line += "to " + std::string(recipient->address) + ": ";
    }
    if (!message_.verdict.other_authors.empty()) {
      line += "from " + (author.author ? author.author->str() : "nobody") + ": ";
    }
    const Subject subject{message_, author, recipient, rules_.trusted_sealers, rule.when};
    traced.lines.push_back(line + Writer(subject).write(rule.when));
  }

  const policy::Message& message_;
  const policy::Rules& rules_;
  Time now_;
  std::vector<Search> searches_;
  bool has_recipients_ = false;
};

}  // namespace

std::vector<TracedRule> trace_rules(const Verdict& verdict, const policy::Facts& facts,
                                    const std::vector<policy::Indirect>& evidence, const policy::Rules& rules,
                                    Time now) {
  if (facts.local || verdict.exceeded) {
    return {};
  }
  const policy::Message message(verdict, facts, evidence);
  return Tracer(message, rules, now).trace();
}

}  // namespace assay::cli
