#include "config/rule_words.h"

#include <algorithm>
#include <array>
#include <utility>

#include "config/wording.h"
#include "policy/condition.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::config {
namespace {

/// Words that other programs have for ours.
std::optional<std::string> translate(std::string_view word) {
  constexpr std::array<std::pair<const char*, const char*>, 25> kWords{{
      {"allow", "accept"},
      {"permit", "accept"},
      {"ok", "accept"},
      {"pass", "accept"},
      {"deny", "reject"},
      {"block", "reject"},
      {"refuse", "reject"},
      {"bounce", "reject"},
      {"defer", "tempfail"},
      {"greylist", "tempfail"},
      {"drop", "discard"},
      {"tag", "continue"},
      {"if", "when"},
      {"match", "when"},
      {"action", "then"},
      {"do", "then"},
      {"id", "name"},
      {"ip", "client_ip"},
      {"from", "from_domain"},
      {"mail_from", "mail_from_domain"},
      {"sender", "mail_from_domain"},
      {"recipient", "rcpt"},
      {"sealer", "arc_sealer"},
      {"or", "any"},
      {"and", "all"},
  }};
  const auto* const found =
      std::find_if(kWords.begin(), kWords.end(), [word](const auto& pair) { return iequals(word, pair.first); });
  return found != kWords.end() ? std::optional<std::string>(found->second) : std::nullopt;
}

}  // namespace

std::vector<std::string> names_of(const std::vector<RuleKey>& keys) {
  std::vector<std::string> names;
  names.reserve(keys.size());
  for (const RuleKey& key : keys) {
    names.push_back(key.key);
  }
  return names;
}

bool is_among(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> rule_names() {
  return names_of(rule_keys());
}

std::vector<std::string> action_words() {
  std::vector<std::string> words;
  words.reserve(action_keys().size());
  for (const ActionKey& action : action_keys()) {
    words.push_back(action.key.key);
  }
  return words;
}

std::vector<std::string> condition_names() {
  std::vector<std::string> names;
  names.reserve(condition_keys().size() + joining_keys().size());
  for (const ConditionKey& condition : condition_keys()) {
    names.push_back(condition.key.key);
  }
  for (const RuleKey& key : joining_keys()) {
    names.push_back(key.key);
  }
  return names;
}

std::vector<std::string> actions_with(std::string_view parameter) {
  std::vector<std::string> words;
  for (const ActionKey& action : action_keys()) {
    if (is_among(names_of(action.parameters), parameter)) {
      words.push_back(action.key.key);
    }
  }
  return words;
}

std::string which_word(std::string_view word, const std::vector<std::string>& known) {
  if (std::string meant = did_you_mean(word, known); !meant.empty()) {
    return meant;
  }
  const auto translated = translate(word);
  return translated && is_among(known, *translated) ? "; did you mean " + quote(*translated) + "?" : "";
}

std::optional<std::string> as_condition(std::string_view text) {
  const auto at = text.find('=');
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string key(trim_wsp(text.substr(0, at)));
  const auto value = trim_wsp(text.substr(
      text.find_first_not_of('=', at) == std::string_view::npos ? text.size() : text.find_first_not_of('=', at)));
  if (!policy::find_fact(key)) {
    return std::nullopt;
  }
  return key + ": " + (value.empty() ? "VALUE" : escape(value, kMaxQuotedOctets));
}

}  // namespace assay::config
