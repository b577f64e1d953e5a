#include "cli/policy_run.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "config/suggest.h"
#include "policy/decide.h"
#include "resolver/lookups.h"
#include "verify/message/split.h"

namespace assay::cli {
namespace {

std::vector<std::string> one_or_none(std::string text) {
  return text.empty() ? std::vector<std::string>{} : std::vector<std::string>{std::move(text)};
}

template <class Items, class ToText>
std::vector<std::string> texts(const Items& items, ToText to_text) {
  std::vector<std::string> out;
  std::transform(items.begin(), items.end(), std::back_inserter(out), to_text);
  return out;
}

/// The name among those of the configuration's rules that was probably meant.
std::string hint_for(const std::string& name, const policy::Rules& rules) {
  const auto names = texts(rules.own, [](const policy::Rule& rule) { return rule.name; });
  if (std::find(names.begin(), names.end(), name) != names.end()) {
    return {};
  }
  const auto nearest = config::suggest(name, names);
  return nearest ? "no rule has this name; did you mean \"" + *nearest + "\"?" : std::string();
}

}  // namespace

std::vector<std::string> part_of(const policy::Decision& decision, const std::string& key) {
  if (key == "action") {
    return {to_string(decision.action)};
  }
  if (key == "rule") {
    return {decision.rule};
  }
  if (key == "would") {
    return one_or_none(decision.would ? to_string(*decision.would) : "");
  }
  if (key == "would_rule") {
    return one_or_none(decision.would_rule);
  }
  if (key == "quarantine") {
    return one_or_none(decision.quarantine ? to_string(decision.quarantine->how) : "");
  }
  if (key == "code") {
    return one_or_none(decision.reply ? std::to_string(decision.reply->code) : "");
  }
  if (key == "text") {
    return one_or_none(decision.reply ? decision.reply->text : "");
  }
  if (key == "tags") {
    return decision.tags;
  }
  if (key == "headers") {
    return texts(decision.headers, [](const policy::HeaderField& field) { return field.name + ": " + field.value; });
  }
  if (key == "observed") {
    return texts(decision.observed, [](const policy::Observed& observed) { return observed.rule; });
  }
  if (key == "undecided") {
    return decision.undecided;
  }
  if (key == "indirect") {
    return texts(decision.indirect, [](policy::Indirect found) { return std::string(to_string(found)); });
  }
  if (key == "override") {
    return one_or_none(decision.override ? decision.override->type : "");
  }
  return {};
}

CaseRunner::CaseRunner(config::Settings settings, Time now) : settings_(std::move(settings)), now_(now) {}

Input<CaseResult> CaseRunner::run(const PolicyCase& one) {
  if (const auto* const message = std::get_if<MessageGiven>(&one.given)) {
    return run_message(one, *message);
  }
  return judge_facts(one, std::get<Assumed>(one.given));
}

CaseResult CaseRunner::judge_facts(const PolicyCase& one, const Assumed& assumed) const {
  const Time now = one.time.value_or(now_);
  CaseResult result;
  result.one = &one;
  result.decision = assumed.evidence
                        ? policy::decide(assumed.verdict, assumed.facts, *assumed.evidence, settings_.policy, now)
                        : policy::decide(assumed.verdict, assumed.facts, settings_.policy, now);
  result.mismatches = compare(one, result.decision);
  result.trace = trace_rules(assumed.verdict, assumed.facts, result.decision.indirect, settings_.policy, now);
  return result;
}

Input<CaseResult> CaseRunner::run_message(const PolicyCase& one, const MessageGiven& given) {
  if (!engine_ || zones_ != given.zones) {
    config::Settings settings = settings_;
    auto dns = apply(DnsOptions{given.zones, {}}, settings.dns);
    if (!dns) {
      return failure(dns.error());
    }
    settings.dns = *std::move(dns);
    auto engine = make_engine(std::move(settings));
    if (!engine) {
      return failure(engine.error());
    }
    engine_ = *std::move(engine);
    zones_ = given.zones;
  }
  const auto text = read_file(given.message);
  if (!text) {
    return failure(text.error());
  }
  Mail mail{given.facts, message::split(*text), one.time.value_or(now_)};
  mail.facts.size = text->size();
  resolver::Lookups lookups(engine_->backend);
  const observe::Record record = judge(*engine_, mail, lookups, false);
  CaseResult result;
  result.one = &one;
  result.decision = record.decision;
  result.mismatches = compare(one, record.decision);
  result.trace = trace_rules(record.verdict, record.facts, record.decision.indirect, settings_.policy, record.time);
  return result;
}

std::vector<Mismatch> CaseRunner::compare(const PolicyCase& one, const policy::Decision& decision) const {
  std::vector<Mismatch> mismatches;
  for (const Expectation& expectation : one.expect) {
    auto seen = part_of(decision, expectation.key);
    if (seen == expectation.wanted) {
      continue;
    }
    const bool names_rule = expectation.key == "rule" || expectation.key == "would_rule";
    std::string hint =
        names_rule && !expectation.wanted.empty() ? hint_for(expectation.wanted.front(), settings_.policy) : "";
    mismatches.push_back({&expectation, std::move(seen), std::move(hint)});
  }
  return mismatches;
}

}  // namespace assay::cli
