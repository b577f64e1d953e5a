#include "cli/explain.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "cli/reasons.h"
#include "cli/summary.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

/// Records of one answer and signatures of one message that are told; hostile mail and DNS can have thousands.
constexpr std::size_t kMaxShown = 30;

/// The text so far, and where the next line starts.
class Teller {
 public:
  explicit Teller(const Paint& paint) : paint_(paint) {}

  void heading(const std::string& title, const std::string& words = {}) {
    text_ += text_.empty() ? "" : "\n";
    text_ += paint_.bold(title) + (words.empty() ? "" : ": " + words) + '\n';
  }
  void line(const std::string& words, std::size_t depth = 1) { text_ += std::string(depth * 2, ' ') + words + '\n'; }
  /// A line only if there is something to say.
  void line_if(const std::string& label, const std::string& words, std::size_t depth = 1) {
    if (!words.empty()) {
      line(label + words, depth);
    }
  }
  void raw(const std::string& text) { text_ += text; }

  [[nodiscard]] const Paint& paint() const { return paint_; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  Paint paint_;
  std::string text_;
};

std::string plural(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + ' ' + (count == 1 ? one : many);
}

/// "pass" or "fail, the body is not the one that was signed (detail)".
std::string result_words(const Paint& paint, const char* status, std::string_view reason, const std::string& detail) {
  std::string words = paint.result(status);
  if (!reason.empty()) {
    words += ", " + std::string(reason);
  }
  if (!detail.empty()) {
    words += " (" + escape(detail) + ')';
  }
  return words;
}

std::string quoted(const std::string& text) {
  return '"' + escape(text) + '"';
}

std::vector<std::string> records_of(const dns::Question& question, const dns::Answer& answer) {
  std::vector<std::string> records;
  switch (question.type) {
    case dns::Type::A:
    case dns::Type::AAAA:
      for (const IpAddress& address : answer.addresses) {
        records.push_back(address.to_string());
      }
      break;
    case dns::Type::MX:
      for (const dns::MailExchange& exchange : answer.exchanges) {
        records.push_back(std::to_string(exchange.preference) + ' ' +
                          (exchange.host.empty() ? "." : escape(exchange.host)));
      }
      break;
    case dns::Type::TXT:
      for (const std::string& text : answer.texts) {
        records.push_back(quoted(text));
      }
      break;
    case dns::Type::PTR:
      for (const std::string& name : answer.names) {
        records.push_back(escape(name));
      }
      break;
  }
  return records;
}

std::string status_words(dns::Status status, const std::string& detail) {
  const std::string why = detail.empty() ? "" : " (" + escape(detail) + ')';
  switch (status) {
    case dns::Status::Found: return "found";
    case dns::Status::NoData: return "the name has no such record (NODATA)";
    case dns::Status::NxDomain: return "no such name (NXDOMAIN)";
    case dns::Status::TempFail: return "could not be found out" + why;
    case dns::Status::Bogus: return "DNSSEC validation failed" + why;
  }
  return "";
}

void tell_dns(Teller& teller, const UsedAnswers& answers) {
  teller.heading("DNS", plural(answers.size(), "question", "questions"));
  for (const auto& [question, answer] : answers) {
    const std::string asked = std::string(dns::to_string(question.type)) + ' ' + escape(question.name);
    if (answer->status != dns::Status::Found) {
      const std::string words = status_words(answer->status, answer->detail);
      const bool is_known = answer->status == dns::Status::NoData || answer->status == dns::Status::NxDomain;
      teller.line(asked + " -> " + (is_known ? words : teller.paint().doubtful(words)));
      continue;
    }
    const auto records = records_of(question, *answer);
    if (records.size() == 1) {
      teller.line(asked + " -> " + records.front());
      continue;
    }
    teller.line(asked + " -> " + plural(records.size(), "record", "records"));
    for (std::size_t i = 0; i < std::min(records.size(), kMaxShown); ++i) {
      teller.line(records[i], 2);
    }
    if (records.size() > kMaxShown) {
      teller.line("and " + std::to_string(records.size() - kMaxShown) + " more", 2);
    }
  }
}

void tell_spf(Teller& teller, const char* identity, const spf::Outcome& outcome, const Limits& limits) {
  const std::string of = outcome.domain.empty() ? "" : ' ' + escape(outcome.domain);
  teller.heading(std::string("SPF, ") + identity + of, result_words(teller.paint(), spf::to_string(outcome.status),
                                                                    in_words(outcome.reason), outcome.detail));
  for (const spf::TraceStep& step : outcome.trace) {
    const std::size_t depth = 1 + step.depth;
    if (step.term.empty()) {
      teller.line(escape(step.domain) + ": " + escape(step.outcome), depth);
    } else {
      teller.line(escape(step.term) + " -> " + escape(step.outcome), depth + 1);
    }
  }
  if (!outcome.mechanism.empty()) {
    teller.line("decided by " + escape(outcome.mechanism));
  }
  if (outcome.lookups != 0 || outcome.void_lookups != 0) {
    teller.line(std::to_string(outcome.lookups) + " of " + plural(limits.spf_dns_terms, "DNS lookup", "DNS lookups") +
                ", " + std::to_string(outcome.void_lookups) + " of " + std::to_string(limits.spf_void_lookups) +
                " that lead nowhere");
  }
  if (!outcome.explanation.empty()) {
    teller.line(escape(outcome.domain) + " explains: " + escape(outcome.explanation));
  }
}

/// Whether it was looked at at all: its key and hashes say something.
bool was_verified(const dkim::Outcome& outcome) {
  return outcome.key_bits.has_value();
}

/// What is known of the body hash once the key was there; the reason tells.
const char* body_words(const dkim::Outcome& outcome) {
  if (outcome.reason == dkim::Reason::BodyHashMismatch) {
    return "body (bh=): changed since it was signed";
  }
  if (outcome.reason == dkim::Reason::BodyShorterThanLength) {
    return "body (bh=): shorter than the part that was signed (l=)";
  }
  if (outcome.reason == dkim::Reason::UnsignedBody) {
    return "body (bh=): as signed as far as l= goes; more follows";
  }
  return outcome.status == dkim::Status::Pass ? "body (bh=): as signed" : "";
}

void tell_signature(Teller& teller, std::size_t number, const dkim::Outcome& outcome) {
  std::string title = std::to_string(number) + ". " + (outcome.domain.empty() ? "(no domain)" : escape(outcome.domain));
  if (!outcome.selector.empty()) {
    title += ", selector " + escape(outcome.selector);
  }
  if (!outcome.algorithm.empty()) {
    title += ", " + escape(outcome.algorithm);
  }
  teller.line(title + ": " +
              result_words(teller.paint(), dkim::to_string(outcome.status), in_words(outcome.reason), outcome.detail));
  teller.line_if("signs for ", escape(outcome.identity), 3);
  if (!was_verified(outcome)) {
    return;
  }
  teller.line("key at " + escape(outcome.selector + "._domainkey." + outcome.domain) + ": " +
                  std::to_string(*outcome.key_bits) + " bits" + (outcome.testing ? ", in test mode (t=y)" : ""),
              3);
  teller.line(outcome.headers_verified ? "header fields (b=): as signed" : "header fields (b=): not proved", 3);
  teller.line_if("", body_words(outcome), 3);
}

void tell_dkim(Teller& teller, const std::vector<dkim::Outcome>& outcomes) {
  teller.heading("DKIM", outcomes.empty() ? "no signature" : plural(outcomes.size(), "signature", "signatures"));
  for (std::size_t i = 0; i < std::min(outcomes.size(), kMaxShown); ++i) {
    tell_signature(teller, i + 1, outcomes[i]);
  }
  if (outcomes.size() > kMaxShown) {
    teller.line("and " + std::to_string(outcomes.size() - kMaxShown) + " more");
  }
}

void tell_arc(Teller& teller, const arc::Outcome& outcome) {
  if (outcome.status == arc::Status::None && outcome.instances == 0) {
    teller.heading("ARC", "no chain");
    return;
  }
  teller.heading(
      "ARC chain, " + plural(outcome.instances, "set", "sets"),
      result_words(teller.paint(), arc::to_string(outcome.status), in_words(outcome.reason), outcome.detail));
  if (outcome.failed_instance != 0) {
    teller.line("broken at instance " + std::to_string(outcome.failed_instance));
  }
  for (std::size_t i = 0; i < outcome.sealers.size(); ++i) {
    teller.line("instance " + std::to_string(i + 1) + " sealed by " + escape(outcome.sealers[i]));
  }
  if (outcome.oldest_pass) {
    teller.line(*outcome.oldest_pass == 0
                    ? "every hop's signature still verifies"
                    : "the message is unchanged since instance " + std::to_string(*outcome.oldest_pass));
  }
  if (outcome.status == arc::Status::Pass && !outcome.from_signed) {
    teller.line("From is not signed by the last hop: what the first hop claims says nothing of the author");
  }
  for (const arc::Claim& claim : outcome.claims) {
    std::string words = claim.method + '=' + claim.result;
    for (const auto& [name, value] : claim.properties) {
      words.append(" ").append(name).append("=").append(value);
    }
    teller.line("the first hop claims " + escape(words));
  }
}

std::string aligned_words(bool is_aligned) {
  return is_aligned ? "aligned" : "not aligned";
}

void tell_alignment(Teller& teller, const dmarc::Outcome& outcome, const Verdict& verdict) {
  const auto& spf = verdict.spf_mail_from;
  if (spf.status == spf::Status::Pass) {
    teller.line("SPF passes for " + escape(spf.domain) + ": " + aligned_words(outcome.spf_aligned) +
                (outcome.strict_spf ? " (aspf=s: must be equal)" : ""));
  } else {
    teller.line(std::string("SPF does not pass (") + spf::to_string(spf.status) + ')');
  }
  std::string passing;
  std::size_t count = 0;
  for (const dkim::Outcome& signature : verdict.dkim) {
    if (signature.status == dkim::Status::Pass && ++count <= kMaxShown) {
      passing += (passing.empty() ? "" : ", ") + escape(signature.domain);
    }
  }
  if (passing.empty()) {
    teller.line("no DKIM signature passes");
  } else {
    teller.line("DKIM passes for " + passing + ": " + aligned_words(outcome.dkim_aligned) +
                (outcome.strict_dkim ? " (adkim=s: must be equal)" : ""));
  }
}

void tell_author(Teller& teller, const dmarc::Outcome& outcome, const Verdict& verdict) {
  const std::string author = outcome.author ? ", author " + escape(outcome.author->str()) : "";
  teller.heading("DMARC" + author, result_words(teller.paint(), dmarc::to_string(outcome.status),
                                                in_words(outcome.reason), outcome.detail));
  for (const dmarc::WalkStep& step : outcome.walk) {
    std::string found = status_words(step.status, {});
    if (step.status == dns::Status::Found) {
      found = step.records == 0   ? "no DMARC record"
              : step.records == 1 ? quoted(step.record)
                                  : std::to_string(step.records) + " DMARC records, which count as none";
    }
    teller.line(escape(step.name) + " -> " + found);
  }
  if (outcome.policy_domain && outcome.published && outcome.policy) {
    std::string words =
        "policy of " + escape(outcome.policy_domain->str()) + ": " + dmarc::to_string(*outcome.published);
    if (outcome.testing) {
      words += std::string(", in test mode (t=y), so ") + dmarc::to_string(*outcome.policy);
    }
    teller.line(words);
  }
  if (outcome.organizational_domain) {
    teller.line("organizational domain: " + escape(outcome.organizational_domain->str()));
  }
  if (outcome.author) {
    tell_alignment(teller, outcome, verdict);
  }
  if (outcome.rfc7489) {
    teller.line(in_words(*outcome.rfc7489));
  }
}

void tell_connection(Teller& teller, const observe::Record& record) {
  const policy::Facts& facts = record.facts;
  teller.heading("Message",
                 plural(facts.size, "octet", "octets") + ", judged as of " + observe::to_rfc3339(record.time));
  teller.line(facts.client_ip ? "from client " + facts.client_ip->to_string() +
                                    (facts.helo.empty() ? "" : ", which calls itself " + escape(facts.helo))
                              : "client not given: no SPF, no reverse DNS");
  teller.line(facts.has_envelope ? "MAIL FROM <" + escape(facts.mail_from) + '>' : "no envelope given");
  for (std::size_t i = 0; i < std::min(facts.rcpt.size(), kMaxShown); ++i) {
    teller.line("RCPT TO <" + escape(facts.rcpt[i]) + '>');
  }
  for (const std::string& mailbox : record.verdict.from) {
    teller.line("From: " + escape(mailbox));
  }
  teller.line_if("List-Id: ", escape(record.verdict.list_id));
  teller.line_if("List-Post: ", escape(record.verdict.list_post_host));
  for (const Domain& domain : record.verdict.resent_from) {
    teller.line("Resent-From: " + escape(domain.str()));
  }
}

void tell_decision(Teller& teller, const policy::Decision& decision) {
  teller.heading("Decision", teller.paint().result(policy::to_string(decision.action)));
  teller.line("rule " + escape(decision.rule));
  if (decision.would) {
    teller.line(std::string("monitor mode: it would be ") + policy::to_string(*decision.would) + " if enforced");
  }
  if (decision.quarantine) {
    const policy::Quarantine& quarantine = *decision.quarantine;
    switch (quarantine.how) {
      case policy::QuarantineHow::Header:
        teller.line("marked with the field " + escape(quarantine.name) + ": " + escape(quarantine.value));
        break;
      case policy::QuarantineHow::Hold: teller.line("held in the MTA's queue"); break;
      case policy::QuarantineHow::Reject: teller.line("quarantined mail is refused"); break;
      case policy::QuarantineHow::Redirect: teller.line("sent to " + escape(quarantine.to) + " instead"); break;
    }
  }
  if (decision.reply) {
    teller.line("reply: " + std::to_string(decision.reply->code) + ' ' + escape(decision.reply->enhanced) + ' ' +
                escape(decision.reply->text));
  }
}

/// What the facts amount to.
std::string verdict_in_short(const Verdict& verdict, const policy::Decision& decision) {
  if (verdict.exceeded) {
    return std::string("the message passes a bound (") + to_string(*verdict.exceeded) + ") and was not verified";
  }
  const dmarc::Outcome& dmarc = verdict.dmarc;
  const std::string author = dmarc.author ? escape(dmarc.author->str()) : "the author";
  switch (dmarc.status) {
    case dmarc::Status::Pass: {
      const bool both = dmarc.spf_aligned && dmarc.dkim_aligned;
      return author + " is authenticated by " + (dmarc.dkim_aligned ? "DKIM" : "") + (both ? " and " : "") +
             (dmarc.spf_aligned ? "SPF" : "");
    }
    case dmarc::Status::None: return author + " publishes no DMARC policy, so nothing speaks against the message";
    case dmarc::Status::TempError: return "DNS did not let us find out whether the message is from " + author;
    case dmarc::Status::PermError: return in_words(dmarc.reason);
    case dmarc::Status::Fail: break;
  }
  std::string words = "nothing proves that the message is from " + author;
  if (dmarc.policy) {
    words += ", whose policy is " + std::string(dmarc::to_string(*dmarc.policy));
  }
  if (!decision.indirect.empty()) {
    words += "; but it may well have come by an indirect way";
  }
  return words;
}

std::string action_in_short(const policy::Decision& decision) {
  switch (decision.action) {
    case policy::Action::Accept: return "Accepted";
    case policy::Action::Reject: return "Rejected";
    case policy::Action::TempFail: return "Deferred";
    case policy::Action::Quarantine: return "Quarantined";
    case policy::Action::Discard: return "Discarded";
  }
  return "";
}

}  // namespace

std::string explain(const observe::Record& record, const UsedAnswers& answers, const Limits& limits,
                    const Paint& paint) {
  Teller teller(paint);
  const Verdict& verdict = record.verdict;
  tell_connection(teller, record);
  if (!verdict.exceeded) {
    tell_dns(teller, answers);
    tell_spf(teller, "MAIL FROM", verdict.spf_mail_from, limits);
    tell_spf(teller, "HELO", verdict.spf_helo, limits);
    if (verdict.iprev) {
      const iprev::Outcome& iprev = *verdict.iprev;
      teller.heading("Reverse DNS",
                     result_words(paint, iprev::to_string(iprev.status), in_words(iprev.status), iprev.name));
    }
    tell_dkim(teller, verdict.dkim);
    tell_arc(teller, verdict.arc);
    tell_author(teller, verdict.dmarc, verdict);
    for (const dmarc::Outcome& other : verdict.other_authors) {
      tell_author(teller, other, verdict);
    }
  }
  if (!record.decision.indirect.empty()) {
    teller.heading("Signs of an indirect way");
    for (const policy::Indirect evidence : record.decision.indirect) {
      teller.line(std::string(policy::to_string(evidence)) + ": " + in_words(evidence));
    }
  }
  teller.heading("Header field");
  teller.raw(header_field(record.authentication_results, "  "));
  tell_decision(teller, record.decision);
  teller.heading(action_in_short(record.decision), verdict_in_short(verdict, record.decision) + '.');
  return teller.take();
}

std::string explain(const spf::Outcome& outcome, const char* identity, const UsedAnswers& answers, const Limits& limits,
                    const Paint& paint) {
  Teller teller(paint);
  tell_dns(teller, answers);
  tell_spf(teller, identity, outcome, limits);
  teller.heading("Result", paint.result(spf::to_string(outcome.status)));
  return teller.take();
}

}  // namespace assay::cli
