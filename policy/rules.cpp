#include "policy/rules.h"

#include <algorithm>

#include "verify/base/text.h"

namespace assay::policy {

std::vector<std::string> added_fields(const Rules& rules) {
  std::vector<std::string> names;
  for (const Rule& rule : rules.own) {
    const auto is_same = [&rule](const std::string& name) { return iequals(name, rule.then.header->name); };
    if (rule.then.header && std::none_of(names.begin(), names.end(), is_same)) {
      names.push_back(rule.then.header->name);
    }
  }
  return names;
}

}  // namespace assay::policy
