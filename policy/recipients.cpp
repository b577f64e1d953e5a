#include "policy/recipients.h"

#include <set>
#include <string>

#include "policy/evaluate.h"
#include "policy/own_rules.h"

namespace assay::policy {
namespace {

void collect(const Condition& condition, std::vector<const Condition*>& tests) {
  for (const Condition& part : condition.parts) {
    collect(part, tests);
  }
  if (condition.kind == Condition::Kind::Test && is_about_recipients(condition.fact)) {
    tests.push_back(&condition);
  }
}

}  // namespace

std::vector<std::string_view> find_classes(const std::vector<std::string>& recipients, const Rules& rules, Time now) {
  if (recipients.empty()) {
    return {};
  }
  std::vector<const Condition*> tests;
  for (auto rule = rules.own.begin(); recipients.size() > 1 && rule != rules.own.end(); ++rule) {
    if (!is_expired(*rule, now)) {
      collect(rule->when, tests);
    }
  }
  std::vector<std::string_view> classes;
  std::set<std::vector<bool>> seen;
  std::vector<bool> truths(tests.size());
  for (const std::string& path : recipients) {
    const Recipient recipient(path);
    for (std::size_t i = 0; i < tests.size(); ++i) {
      truths[i] = holds_for(*tests[i], recipient);
    }
    if (seen.insert(truths).second) {
      classes.push_back(path);
    }
    if (tests.empty()) {
      break;
    }
  }
  return classes;
}

}  // namespace assay::policy
