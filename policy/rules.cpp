#include "policy/rules.h"

#include <algorithm>

#include "verify/base/text.h"

namespace assay::policy {

std::vector<std::string> added_fields(const Rules& rules) {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    if (std::none_of(names.begin(), names.end(), [&name](const std::string& other) { return iequals(other, name); })) {
      names.push_back(name);
    }
  };
  for (const Rule& rule : rules.own) {
    if (rule.then.header) {
      add(rule.then.header->name);
    }
    const auto& form = rule.then.quarantine;
    if (form && form->how == QuarantineHow::Header && !iequals(form->name, rules.quarantine.name)) {
      add(form->name);
    }
  }
  return names;
}

}  // namespace assay::policy
