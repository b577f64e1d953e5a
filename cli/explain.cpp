#include "cli/explain.h"

#include <algorithm>
#include <cstdint>

#include "cli/advice.h"
#include "cli/fold_field.h"
#include "cli/reasons.h"
#include "cli/summary.h"
#include "cli/tell.h"
#include "cli/teller.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

/// "from client 192.0.2.1, which calls itself mx.example.com"
std::string client_words(const policy::Facts& facts) {
  return "from client " + facts.client_ip->to_string() +
         (facts.helo.empty() ? "" : ", which calls itself " + escape(facts.helo));
}

/// Envelope and header fields.
void tell_names(Teller& teller, const observe::Record& record) {
  const policy::Facts& facts = record.facts;
  teller.line(facts.has_envelope ? "MAIL FROM <" + escape(facts.mail_from) + '>' : "no envelope given");
  for (std::size_t i = 0; i < std::min(facts.rcpt.size(), kMaxShown); ++i) {
    teller.line("RCPT TO <" + escape(facts.rcpt[i]) + '>');
  }
  teller.rest(facts.rcpt.size());
  const auto& from = record.verdict.from;
  for (std::size_t i = 0; i < std::min(from.size(), kMaxShown); ++i) {
    teller.line("From: " + escape(from[i]));
  }
  teller.rest(from.size());
  teller.line_if("List-Id: ", escape(record.verdict.list_id));
  teller.line_if("List-Post: ", escape(record.verdict.list_post_host));
  for (const Domain& domain : record.verdict.resent_from) {
    teller.line("Resent-From: " + escape(domain.str()));
  }
}

void tell_connection(Teller& teller, const observe::Record& record) {
  const policy::Facts& facts = record.facts;
  teller.heading("Message",
                 plural(facts.size, "octet", "octets") + ", judged as of " + observe::to_rfc3339(record.time));
  teller.line(facts.client_ip ? client_words(facts) : "client not given: no SPF, no reverse DNS");
  tell_names(teller, record);
}

/// As above, of a message that came through assayd.
void tell_recorded_connection(Teller& teller, const observe::Record& record) {
  const policy::Facts& facts = record.facts;
  teller.heading("Message" + (facts.queue_id.empty() ? "" : ' ' + escape(facts.queue_id)),
                 plural(facts.size, "octet", "octets") + ", judged at " + observe::to_rfc3339(record.time) +
                     (record.settings.empty() ? "" : " by configuration " + escape(record.settings)));
  teller.line(facts.client_ip ? client_words(facts) : "the MTA named no client address: no SPF, no reverse DNS");
  teller.line_if("the MTA knows the client as ", escape(facts.client_name));
  teller.line_if("the client logged in as ", escape(facts.authenticated));
  teller.line_if("encrypted by ", escape(facts.tls));
  tell_names(teller, record);
}

/// How a message is marked: a record does not hold the field.
enum class Marking : std::uint8_t { Known, NotRecorded };

void tell_decision(Teller& teller, const policy::Decision& decision, Marking marking) {
  teller.heading("Decision", teller.paint().result(policy::to_string(decision.action)));
  teller.line("rule " + escape(decision.rule));
  if (decision.would) {
    const bool is_same_rule = decision.would_rule.empty() || decision.would_rule == decision.rule;
    teller.line(is_same_rule
                    ? std::string("monitor mode: it would be ") + policy::to_string(*decision.would) + " if enforced"
                    : "rule " + escape(decision.would_rule) + " is observed: it would be " +
                          policy::to_string(*decision.would) + " if enforced");
  }
  for (const std::string& tag : decision.tags) {
    teller.line("tag " + escape(tag));
  }
  for (const policy::HeaderField& field : decision.headers) {
    teller.line("adds the field " + escape(field.name) + ": " + escape(field.value));
  }
  for (const std::string& rule : decision.undecided) {
    teller.line("rule " + escape(rule) + " could not be decided: a check that it asks for failed for now");
  }
  if (decision.override) {
    teller.line("otherwise than the domain owner asks: " + escape(decision.override->type) + ", " +
                escape(decision.override->comment));
  }
  if (decision.unproven) {
    teller.line("accepted without proof, as the rule says (unproven: true)");
  }
  if (decision.mixed_recipients) {
    teller.line("the recipients by themselves would not all fare like this");
  }
  if (decision.quarantine) {
    const policy::Quarantine& quarantine = *decision.quarantine;
    switch (quarantine.how) {
      case policy::QuarantineHow::Header:
        teller.line(marking == Marking::Known
                        ? "marked with the field " + escape(quarantine.name) + ": " + escape(quarantine.value)
                        : "marked with the field of policy.quarantine");
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

/// What each method found.
void tell_results(Teller& teller, const Verdict& verdict, const Limits& limits, bool canonical) {
  tell_spf(teller, "MAIL FROM", verdict.spf_mail_from, limits);
  tell_spf(teller, "HELO", verdict.spf_helo, limits);
  if (verdict.iprev) {
    const iprev::Outcome& iprev = *verdict.iprev;
    teller.heading("Reverse DNS",
                   result_words(teller.paint(), iprev::to_string(iprev.status), in_words(iprev.status), iprev.name));
  }
  tell_dkim(teller, verdict.dkim, canonical);
  tell_arc(teller, verdict.arc, canonical);
  tell_dmarc(teller, verdict.dmarc, verdict);
  for (const dmarc::Outcome& other : verdict.other_authors) {
    tell_dmarc(teller, other, verdict);
  }
}

void tell_indirect(Teller& teller, const policy::Decision& decision) {
  if (decision.indirect.empty()) {
    return;
  }
  teller.heading("Signs of an indirect way");
  for (const policy::Indirect evidence : decision.indirect) {
    teller.line(std::string(policy::to_string(evidence)) + ": " + in_words(evidence));
  }
}

/// Why nothing was verified, although the record has results; empty if it was. What stands there then is no finding.
std::string why_not_verified(const observe::Record& record) {
  if (record.facts.local) {
    return "local or authenticated mail is not verified";
  }
  // Rules of the configuration cannot have these names together with no author and no reason.
  const dmarc::Outcome& dmarc = record.verdict.dmarc;
  if (dmarc.status != dmarc::Status::TempError || dmarc.author || dmarc.reason != dmarc::Reason::None) {
    return {};
  }
  if (record.decision.rule == policy::kInternalError) {
    return "assayd failed on the message, which was not verified; its log says at what (internal error)";
  }
  if (record.decision.rule == policy::kForgedResults) {
    return "the message has too many fields that only this site may write, and was not verified";
  }
  return {};
}

/// A sentence below the last heading.
void tell_advice(Teller& teller, const std::string& sentence) {
  teller.line_if("", sentence, 0);
}

}  // namespace

std::string explain(const observe::Record& record, const UsedAnswers& answers, const Limits& limits, const Paint& paint,
                    bool canonical) {
  Teller teller(paint);
  const Verdict& verdict = record.verdict;
  tell_connection(teller, record);
  if (!verdict.exceeded) {
    tell_dns(teller, answers, verdict.dns_queries);
    tell_results(teller, verdict, limits, canonical);
  }
  tell_indirect(teller, record.decision);
  teller.heading("Header field");
  teller.raw(header_field(record.authentication_results, "  "));
  tell_decision(teller, record.decision, Marking::Known);
  teller.heading(action_in_short(record.decision), verdict_in_short(verdict, record.decision) + '.');
  tell_advice(teller, advice(verdict, record.facts, limits));
  return teller.take();
}

std::string explain_recorded(const observe::Record& record, const Paint& paint) {
  const Limits limits;
  const Verdict& verdict = record.verdict;
  const std::string unverified = why_not_verified(record);
  const bool has_results = unverified.empty() && !verdict.exceeded;
  Teller teller(paint);
  tell_recorded_connection(teller, record);
  if (has_results) {
    if (verdict.dns_queries != 0) {
      teller.heading("DNS", plural(verdict.dns_queries, "question", "questions") + ", whose answers no record holds");
    }
    tell_results(teller, verdict, limits, false);
  }
  tell_indirect(teller, record.decision);
  if (!record.authentication_results.empty()) {
    teller.heading("Header field");
    teller.raw(header_field(fold_field(record.authentication_results), "  "));
  }
  tell_decision(teller, record.decision, Marking::NotRecorded);
  for (const std::string& note : record.notes) {
    teller.line("note: " + escape(note));
  }
  teller.heading(action_in_short(record.decision),
                 (unverified.empty() ? verdict_in_short(verdict, record.decision) : unverified) + '.');
  if (has_results) {
    tell_advice(teller, advice(verdict, record.facts, limits));
  }
  return teller.take();
}

std::string explain(const spf::Outcome& outcome, const char* identity, const IpAddress& client,
                    const UsedAnswers& answers, const Limits& limits, const Paint& paint) {
  Teller teller(paint);
  tell_dns(teller, answers, answers.size());
  tell_spf(teller, identity, outcome, limits);
  teller.heading("Result", paint.result(spf::to_string(outcome.status)));
  tell_advice(teller, advice(outcome, client, limits));
  return teller.take();
}

}  // namespace assay::cli
