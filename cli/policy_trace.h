#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "policy/decision.h"
#include "policy/evaluate.h"
#include "policy/facts.h"
#include "policy/rules.h"
#include "verify/base/time.h"
#include "verify/verdict.h"

namespace assay::cli {

/// How one rule came out for one message.
struct TracedRule {
  std::string rule;
  policy::Truth truth = policy::Truth::False;  ///< The greatest of all recipients.
  bool expired = false;                        ///< Not asked.
  /// What each condition said and of what, a line for each author and class of recipients: "from_domain yes
  /// (example.com), client_ip no (198.51.100.7)". Not escaped; at most kMaxTracedConditions in each.
  std::vector<std::string> lines;
};

inline constexpr std::size_t kMaxTracedConditions = 40;
/// Authors and classes of recipients that are told of.
inline constexpr std::size_t kMaxTracedSubjects = 10;

/// The rules that were asked, in order, up to the one at which the search ended. Empty for mail of which no rule is
/// asked (local, or beyond a bound).
[[nodiscard]] std::vector<TracedRule> trace_rules(const Verdict& verdict, const policy::Facts& facts,
                                                  const std::vector<policy::Indirect>& evidence,
                                                  const policy::Rules& rules, Time now);

}  // namespace assay::cli
