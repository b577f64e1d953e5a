#pragma once

#include <optional>
#include <string>

#include "policy/condition.h"
#include "policy/decision.h"
#include "verify/base/time.h"

namespace assay::policy {

/// What a client is told, where a rule says more than the default. The text may hold {from_domain}, {reason} and
/// {rule}; after they are filled in it is US-ASCII on one line, cut at kMaxReplyOctets.
struct ReplyTemplate {
  std::optional<int> code;  ///< 4xx for tempfail, 5xx for a refusal.
  std::string enhanced;     ///< "5.7.1"; empty for the default.
  std::string text;         ///< Empty for the default.
  friend bool operator==(const ReplyTemplate&, const ReplyTemplate&) = default;
};

/// What a rule does.
struct Then {
  std::optional<Action> action = Action::Accept;  ///< nullopt: `continue`, the search goes on.
  ReplyTemplate reply;                            ///< Reject, TempFail, and Quarantine by Reject.
  std::optional<Quarantine> quarantine;           ///< Quarantine otherwise than Rules::quarantine says.
  std::optional<HeaderField> header;              ///< `add_header` (with Accept), or with `continue`.
  std::string tag;                                ///< With `continue`: recorded.
  friend bool operator==(const Then&, const Then&) = default;
};

/// One rule of the administrator's.
struct Rule {
  std::string name;  ///< [A-Za-z0-9._-], at most kMaxRuleNameOctets; no two rules have the same.
  Condition when;
  Then then;
  bool observe = false;   ///< Recorded and stamped, but not done.
  bool unproven = false;  ///< The administrator knows that what it accepts can be forged.
  /// The first second at which it counts no more; nullopt for never.
  std::optional<Time> expires;
  std::string comment;
  Place place;  ///< Of its name.
  friend bool operator==(const Rule&, const Rule&) = default;
};

inline constexpr std::size_t kMaxRules = 1000;
inline constexpr std::size_t kMaxRuleNameOctets = 64;
inline constexpr std::size_t kMaxTagOctets = 64;
inline constexpr std::size_t kMaxReplyOctets = 400;

}  // namespace assay::policy
