#pragma once

#include <string>
#include <vector>

#include "policy/decision.h"
#include "policy/evaluate.h"
#include "policy/published.h"
#include "policy/rules.h"
#include "policy/ruling.h"
#include "verify/base/time.h"

namespace assay::policy {

/// How a rule stands to a message.
struct Match {
  /// A rule that accepts must match for all author domains, any other for at least one.
  Truth truth = Truth::False;
  bool is_partial = false;                 ///< It matches for some authors, but not for all.
  const dmarc::Outcome* author = nullptr;  ///< The first for which it matches; the deciding one if for none.
};
[[nodiscard]] Match match(const Rule& rule, const Message& message, const Recipient* recipient, const Rules& rules);

/// Whether the rule counts no more (its `expires` is reached).
[[nodiscard]] bool is_expired(const Rule& rule, Time now) noexcept;

/// What the administrator's rules say of a message for one recipient.
struct Findings {
  Ruling ruling;
  std::vector<std::string> tags;
  std::vector<HeaderField> headers;
  std::vector<Observed> observed;
  std::vector<std::string> undecided;
  friend bool operator==(const Findings&, const Findings&) = default;
};

/// Asks the rules in order; the first that matches decides, `rest` if none does.
///
/// A rule that matches for some authors only does not speak for the others: it decides unless what follows is harsher.
/// One that is left unknown does not decide: tempfail if `rules.temperror` is, or if it is milder than what follows and
/// that refuses the message; otherwise what follows.
[[nodiscard]] Findings ask_rules(const Message& message, const Recipient* recipient, const Rules& rules, Time now,
                                 const Rest& rest);

}  // namespace assay::policy
