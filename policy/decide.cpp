#include "policy/decide.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "policy/evaluate.h"
#include "policy/indirect.h"
#include "policy/override.h"
#include "policy/own_rules.h"
#include "policy/proof.h"
#include "policy/published.h"
#include "policy/recipients.h"
#include "policy/reply.h"

namespace assay::policy {
namespace {

/// Asks the rules for each class of recipients; `mixed` is set if they do not all fare the same. A milter cannot split
/// a message, so one of them decides, its tags and header fields included.
Findings ask_for_recipients(const Message& message, const Rules& rules, Time now, const Rest& rest, bool& mixed) {
  const std::vector<std::string_view> classes = find_classes(message.facts.rcpt, rules, now);
  if (classes.empty()) {
    return ask_rules(message, nullptr, rules, now, rest);
  }
  std::vector<Findings> all;
  all.reserve(classes.size());
  for (const std::string_view path : classes) {
    const Recipient recipient(path);
    all.push_back(ask_rules(message, &recipient, rules, now, rest));
  }
  const auto is_milder = [&rules](const Findings& a, const Findings& b) {
    return severity(a.ruling, rules) < severity(b.ruling, rules);
  };
  const auto is_harsher = [&is_milder](const Findings& a, const Findings& b) { return is_milder(b, a); };
  // The first of several that are alike.
  const auto chosen = rules.mixed_recipients == MixedRecipients::Strictest
                          ? std::min_element(all.begin(), all.end(), is_harsher)
                          : std::min_element(all.begin(), all.end(), is_milder);
  mixed = std::any_of(all.begin(), all.end(), [&chosen](const Findings& other) { return other != *chosen; });
  return std::move(*chosen);
}

/// In monitor mode nothing is done to the message; what would be is told.
void monitor(Decision& decision, const Ruling& ruling) {
  if (ruling.action != Action::Accept) {
    decision.would = ruling.action;
    decision.would_rule = name_of(ruling);
  }
}

void enforce(Decision& decision, const Ruling& ruling, std::vector<HeaderField> headers, const Verdict& verdict,
             const Rules& rules) {
  decision.action = ruling.action;
  if (refuses(ruling, rules)) {
    decision.reply = make_reply(ruling, verdict);
  } else if (ruling.action != Action::Discard) {
    decision.headers = std::move(headers);
  }
  if (ruling.action == Action::Quarantine) {
    decision.quarantine = quarantine_of(ruling, rules);
  }
  if (!decision.observed.empty() && decision.observed.front().action != decision.action) {
    decision.would = decision.observed.front().action;
    decision.would_rule = decision.observed.front().rule;
  }
}

}  // namespace

Decision decide(const Verdict& verdict, const Facts& facts, const Rules& rules, Time now) {
  const bool may_be_indirect = !facts.local && !verdict.exceeded && verdict.dmarc.status == dmarc::Status::Fail;
  return decide(verdict, facts, may_be_indirect ? find_indirect(verdict, facts) : std::vector<Indirect>{}, rules, now);
}

Decision decide(const Verdict& verdict, const Facts& facts, std::vector<Indirect> evidence, const Rules& rules,
                Time now) {
  Decision decision;
  if (facts.local) {
    decision.rule = name_of({Ground::Local});
    return decision;
  }
  Findings findings;
  Rest rest;
  if (verdict.exceeded) {
    // Nothing is known of the message that a rule could ask about.
    findings.ruling = {Ground::Exceeded, rules.exceeded};
  } else {
    rest = judge_published(verdict, rules, !evidence.empty());
    const Message message(verdict, facts, evidence);
    findings = ask_for_recipients(message, rules, now, rest, decision.mixed_recipients);
  }
  const Ruling& ruling = findings.ruling;
  decision.rule = name_of(ruling);
  decision.unproven = ruling.ground == Ground::OwnRule && ruling.action == Action::Accept && ruling.rule->unproven &&
                      !is_proven(*ruling.rule);
  decision.override = find_override(ruling, verdict, evidence, rules, rest.chain);
  decision.tags = std::move(findings.tags);
  decision.observed = std::move(findings.observed);
  decision.undecided = std::move(findings.undecided);
  if (rules.mode == Mode::Monitor) {
    monitor(decision, ruling);
  } else {
    enforce(decision, ruling, std::move(findings.headers), verdict, rules);
  }
  decision.indirect = std::move(evidence);
  return decision;
}

}  // namespace assay::policy
