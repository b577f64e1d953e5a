#pragma once

#include <string>
#include <vector>

#include "policy/condition.h"
#include "policy/facts.h"
#include "policy/rules.h"
#include "verify/base/time.h"
#include "verify/verdict.h"

namespace assay::policy {

/// What a policy asks that redact_local_parts() takes away: addresses of recipients, login names, and names where the
/// message had none in the place of one. Pure.
class LocalPartQuestions {
 public:
  /// `rules` must outlive the object.
  explicit LocalPartQuestions(const Rules& rules);

  /// Whether the decision on a message, of which only this is left, may be another than on the message itself. Exact
  /// for recipients and logins: whatever the rules name that may have stood there is tried. Costs a decision for each
  /// login, and one more for each domain of recipients, that a rule names.
  [[nodiscard]] bool matter_to(const Verdict& verdict, const Facts& facts, Time now) const;

 private:
  void collect(const Condition& condition);
  [[nodiscard]] bool asks(Fact fact) const noexcept;
  [[nodiscard]] bool lacks_name(const Verdict& verdict, const Facts& facts) const;
  [[nodiscard]] bool matter_to_recipients(const Verdict& verdict, const Facts& facts, Time now) const;

  const Rules& rules_;
  std::vector<Fact> facts_;             ///< That are asked for.
  std::vector<std::string> addresses_;  ///< Of recipients, whole ones.
  std::vector<std::string> logins_;
};

}  // namespace assay::policy
