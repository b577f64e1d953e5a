#include "policy/own_rules.h"

#include <algorithm>
#include <utility>

namespace assay::policy {
namespace {

/// A rule that may decide, by what follows it.
struct Candidate {
  Ruling ruling;
  bool is_unknown = false;
  bool is_observed = false;
  /// How much had been found when it was asked.
  std::size_t tags = 0;
  std::size_t headers = 0;
  std::size_t observed = 0;
  std::size_t undecided = 0;
};

void take_continue(Findings& findings, const Then& then) {
  if (!then.tag.empty() && std::find(findings.tags.begin(), findings.tags.end(), then.tag) == findings.tags.end()) {
    findings.tags.push_back(then.tag);
  }
  if (then.header) {
    findings.headers.push_back(*then.header);
  }
}

/// `findings` hold what follows the candidate; afterwards what holds of both.
void settle(Findings& findings, const Candidate& candidate, const Rules& rules) {
  if (candidate.is_observed) {
    // In force it would give way to what follows.
    if (severity(candidate.ruling, rules) < severity(findings.ruling, rules)) {
      findings.observed[candidate.observed - 1].action = findings.ruling.action;
    }
    return;
  }
  if (!candidate.is_unknown) {
    if (severity(candidate.ruling, rules) >= severity(findings.ruling, rules)) {
      findings.ruling = candidate.ruling;
      findings.tags.resize(candidate.tags);
      findings.headers.resize(candidate.headers);
      findings.observed.resize(candidate.observed);
      findings.undecided.resize(candidate.undecided);
    }
    return;
  }
  if (must_defer(candidate.ruling, findings.ruling, rules)) {
    findings.ruling = {Ground::Undecided, Action::TempFail, candidate.ruling.rule, candidate.ruling.author};
  }
}

}  // namespace

Match match(const Rule& rule, const Message& message, const Recipient* recipient, const Rules& rules) {
  Truth all = Truth::True;
  Truth any = Truth::False;
  Match match;
  const auto ask = [&](const dmarc::Outcome& author) {
    const Truth truth = evaluate(rule.when, {message, author, recipient, rules.trusted_sealers, rule.when});
    all = std::min(all, truth);
    any = std::max(any, truth);
    if (truth == Truth::True && match.author == nullptr) {
      match.author = &author;
    }
  };
  ask(message.verdict.dmarc);
  for (const dmarc::Outcome& other : message.verdict.other_authors) {
    ask(other);
  }
  match.truth = rule.then.action == Action::Accept ? all : any;
  match.is_partial = any == Truth::True && all != Truth::True;
  if (match.author == nullptr) {
    match.author = &message.verdict.dmarc;
  }
  return match;
}

bool is_expired(const Rule& rule, Time now) noexcept {
  return rule.expires && now >= *rule.expires;
}

Findings ask_rules(const Message& message, const Recipient* recipient, const Rules& rules, Time now, const Rest& rest) {
  Findings findings;
  findings.ruling = rest.ruling;
  std::vector<Candidate> candidates;
  bool is_decided = false;
  for (const Rule& rule : rules.own) {
    if (is_expired(rule, now)) {
      continue;
    }
    const Match found = match(rule, message, recipient, rules);
    if (found.truth == Truth::False) {
      continue;
    }
    const bool is_unknown = found.truth == Truth::Unknown;
    if (is_unknown) {
      findings.undecided.push_back(rule.name);
    }
    if (!rule.then.action) {
      if (!is_unknown && !rule.observe) {
        take_continue(findings, rule.then);
      }
      continue;
    }
    if (rule.observe && is_unknown) {
      continue;
    }
    const Ruling ruling{Ground::OwnRule, *rule.then.action, &rule, found.author};
    if (rule.observe) {
      findings.observed.push_back({rule.name, ruling.action});
      if (!found.is_partial) {
        continue;
      }
    }
    if (!is_unknown && !found.is_partial) {
      findings.ruling = ruling;
      if (rule.then.header) {
        findings.headers.push_back(*rule.then.header);
      }
      is_decided = true;
      break;
    }
    candidates.push_back({ruling, is_unknown, rule.observe, findings.tags.size(), findings.headers.size(),
                          findings.observed.size(), findings.undecided.size()});
  }
  if (!is_decided) {
    findings.undecided.insert(findings.undecided.end(), rest.undecided.begin(), rest.undecided.end());
  }
  std::for_each(candidates.rbegin(), candidates.rend(),
                [&](const Candidate& candidate) { settle(findings, candidate, rules); });
  return findings;
}

}  // namespace assay::policy
