#include "policy/rules.h"

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

namespace assay::policy {
namespace {

Rule adding(std::string name) {
  Rule rule;
  rule.then.header = HeaderField{std::move(name), "yes"};
  return rule;
}

Rule quarantining(QuarantineHow how, std::string name) {
  Rule rule;
  rule.then.action = Action::Quarantine;
  rule.then.quarantine = Quarantine{how, std::move(name), "yes", {}};
  return rule;
}

}  // namespace

TEST_CASE("policy/rules: the fields that rules add, each once whatever its letter case", "[policy][rules]") {
  Rules rules;
  rules.own = {adding("X-Partner"), Rule{}, adding("x-PARTNER"), quarantining(QuarantineHow::Header, "X-Suspect")};
  rules.own[2].observe = true;
  CHECK(added_fields(rules) == std::vector<std::string>{"X-Partner", "X-Suspect"});
}

TEST_CASE("policy/rules: the field of every quarantine, and of one that is done otherwise, is not theirs",
          "[policy][rules]") {
  Rules rules;
  rules.quarantine.name = "X-Spam-Flag";
  rules.own = {quarantining(QuarantineHow::Header, "x-spam-flag"), quarantining(QuarantineHow::Hold, "X-Held")};
  CHECK(added_fields(rules).empty());
}

}  // namespace assay::policy
