#pragma once

#include <cstdint>
#include <vector>

#include "policy/decision.h"
#include "policy/names.h"
#include "policy/rule.h"

namespace assay::policy {

enum class Mode : std::uint8_t { Enforce, Monitor };

/// What happens for each published policy when DMARC fails (configuration: policy.published).
struct Published {
  Action reject = Action::Reject;
  Action quarantine = Action::Quarantine;
  Action none = Action::Accept;
  friend bool operator==(const Published&, const Published&) = default;
};

/// What decides when the recipients of one message would fare differently: a milter cannot split it.
enum class MixedRecipients : std::uint8_t { Strictest, MostLenient };

/// The administrator's policy, immutable once loaded.
struct Rules {
  Mode mode = Mode::Enforce;
  std::vector<Rule> own;  ///< In order: the first that matches decides (configuration: policy.rules).
  MixedRecipients mixed_recipients = MixedRecipients::Strictest;
  NameList trusted_sealers;    ///< arc.trusted_sealers
  bool allow_discard = false;  ///< Whether any action may be Discard.
  Published published;
  Action indirect = Action::Quarantine;  ///< A failing p=reject message with evidence of an indirect flow; counts only
                                         ///< where it is no harsher than published.reject.
  Action temperror = Action::Accept;     ///< DMARC could not be evaluated.
  Action bad_from = Action::Reject;      ///< From missing, repeated, unparsable or with too many domains.
  Action exceeded = Action::Reject;      ///< limits.exceeded: a bound was passed and the message is not verified.
  Quarantine quarantine;
  friend bool operator==(const Rules&, const Rules&) = default;
};

/// The names of the fields that own rules add, in force or observed, each once whatever its letter case: those of
/// add_header and continue, and those by which a rule marks what it quarantines. Not the common one of `quarantine`,
/// which filters elsewhere write, too.
[[nodiscard]] std::vector<std::string> added_fields(const Rules& rules);

}  // namespace assay::policy
