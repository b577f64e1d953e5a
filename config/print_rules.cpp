#include "config/print_rules.h"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <type_traits>
#include <unordered_set>
#include <utility>

#include "config/print.h"
#include "config/rule_keys.h"

namespace assay::config {
namespace {

using policy::Condition;

/// One value alone, several in a list.
std::string print_values(const std::vector<std::string>& values) {
  return values.size() == 1 ? print_text(values.front()) : print_list(values, print_text);
}

std::string print_value(const Condition& test) {
  return std::visit(
      [](const auto& values) -> std::string {
        using T = std::decay_t<decltype(values)>;
        if constexpr (std::is_same_v<T, bool>) {
          return values ? "true" : "false";
        } else if constexpr (std::is_same_v<T, policy::AddressList>) {
          return print_values(values.addresses);
        } else if constexpr (std::is_same_v<T, policy::WordList>) {
          return print_values(values.words);
        } else if constexpr (std::is_same_v<T, policy::NameList>) {
          return print_values(values.written());
        } else {
          return print_values(values.written);
        }
      },
      test.values);
}

const char* key_of(const Condition& condition) {
  switch (condition.kind) {
    case Condition::Kind::All: return "all";
    case Condition::Kind::Any: return "any";
    case Condition::Kind::Not: return "not";
    case Condition::Kind::Test: break;
  }
  return policy::info(condition.fact).key;
}

/// `key: value`
std::string print_pair(const Condition& condition) {
  const std::string key = std::string(key_of(condition)) + ": ";
  switch (condition.kind) {
    case Condition::Kind::All:
    case Condition::Kind::Any: return key + print_list(condition.parts, print_condition);
    case Condition::Kind::Not: return key + print_condition(condition.parts.at(0));
    case Condition::Kind::Test: break;
  }
  return key + print_value(condition);
}

/// Whether the parts can stand beside each other in one map: more than one, each with a key of its own.
bool fits_a_map(const Condition& condition) {
  std::unordered_set<std::string> keys;
  for (const Condition& part : condition.parts) {
    if (!keys.insert(key_of(part)).second) {
      return false;
    }
  }
  return condition.kind == Condition::Kind::All && condition.parts.size() != 1;
}

using Pairs = std::vector<std::pair<const char*, std::string>>;

std::string print_map(const Pairs& pairs) {
  std::string text;
  for (const auto& [key, value] : pairs) {
    text += (text.empty() ? "" : ", ") + std::string(key) + ": " + value;
  }
  return "{" + text + "}";
}

std::string print_code(const policy::ReplyTemplate& reply) {
  std::string text = reply.code ? std::to_string(*reply.code) : "";
  if (!reply.enhanced.empty()) {
    text += (text.empty() ? "" : " ") + reply.enhanced;
  }
  return print_text(text);
}

void add_quarantine(const policy::Quarantine& quarantine, Pairs& pairs) {
  pairs.emplace_back("how", to_string(quarantine.how));
  if (quarantine.how == policy::QuarantineHow::Header) {
    pairs.emplace_back("name", print_text(quarantine.name));
    pairs.emplace_back("value", print_text(quarantine.value));
  }
  if (quarantine.how == policy::QuarantineHow::Redirect) {
    pairs.emplace_back("to", print_text(quarantine.to));
  }
}

/// The last day on which the rule counts.
std::string print_last_day(Time expires) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(expires) - std::chrono::days(1));
  constexpr std::size_t kOctets = 32;
  char text[kOctets];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

}  // namespace

std::string print_names(const policy::NameList& names) {
  return print_values(names.written());
}

std::string print_condition(const policy::Condition& condition) {
  if (!fits_a_map(condition)) {
    return "{" + print_pair(condition) + "}";
  }
  std::string text;
  for (const Condition& part : condition.parts) {
    text += (text.empty() ? "" : ", ") + print_pair(part);
  }
  return "{" + text + "}";
}

std::string print_then(const policy::Then& then) {
  Pairs pairs;
  if (then.quarantine) {
    add_quarantine(*then.quarantine, pairs);
  }
  if (!then.tag.empty()) {
    pairs.emplace_back("tag", print_text(then.tag));
  }
  if (then.header) {
    pairs.emplace_back("name", print_text(then.header->name));
    pairs.emplace_back("value", print_text(then.header->value));
  }
  if (then.reply.code || !then.reply.enhanced.empty()) {
    pairs.emplace_back("code", print_code(then.reply));
  }
  if (!then.reply.text.empty()) {
    pairs.emplace_back("text", print_text(then.reply.text));
  }
  const char* const word = !then.action                                            ? "continue"
                           : *then.action == policy::Action::Accept && then.header ? "add_header"
                                                                                   : to_string(*then.action);
  return pairs.empty() ? word : print_map({{word, print_map(pairs)}});
}

std::string print_rule(const policy::Rule& rule) {
  Pairs pairs{{"name", print_text(rule.name)}, {"when", print_condition(rule.when)}, {"then", print_then(rule.then)}};
  if (rule.observe) {
    pairs.emplace_back("observe", "true");
  }
  if (rule.unproven) {
    pairs.emplace_back("unproven", "true");
  }
  if (rule.expires) {
    pairs.emplace_back("expires", print_last_day(*rule.expires));
  }
  if (!rule.comment.empty()) {
    pairs.emplace_back("comment", print_text(rule.comment));
  }
  return print_map(pairs);
}

}  // namespace assay::config
