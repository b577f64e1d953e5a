#include "milter/forged_fields.h"

#include "verify/authres/parse.h"
#include "verify/base/text.h"

namespace assay::milter {

void ForgedFields::see(std::string_view name, std::string_view value) {
  constexpr std::string_view kResults = "Authentication-Results";
  if (iequals(name, kResults)) {
    ++results_seen_;
    if (!keeps_results_ && (is_too_costly(value) || authres::must_remove(value, own_ids_))) {
      add(kResults, results_seen_);
    }
    return;
  }
  for (std::size_t i = 0; i < added_.size(); ++i) {
    if (iequals(name, added_[i])) {
      ++added_seen_[i];
      if (!keeps_added_) {
        add(added_[i], added_seen_[i]);
      }
      return;
    }
  }
}

bool ForgedFields::is_too_costly(std::string_view value) {
  const std::string_view head = value.substr(0, value.find(';'));
  return !is_ascii(head) && ++international_ > kMaxInternational;
}

void ForgedFields::add(std::string_view name, std::size_t occurrence) {
  too_many_ = too_many_ || fields_.size() == kMax;
  if (!too_many_) {
    fields_.push_back({std::string(name), occurrence});
  }
}

}  // namespace assay::milter
