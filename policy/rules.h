#pragma once

#include <cstdint>

#include "policy/decision.h"

namespace assay::policy {

enum class Mode : std::uint8_t { Enforce, Monitor };

/// What happens for each published policy when DMARC fails (configuration: policy.published).
struct Published {
  Action reject = Action::Reject;
  Action quarantine = Action::Quarantine;
  Action none = Action::Accept;
  friend bool operator==(const Published&, const Published&) = default;
};

/// The administrator's policy, immutable once loaded. Ordered rules of the administrator's own come here later.
struct Rules {
  Mode mode = Mode::Enforce;
  Published published;
  Action indirect = Action::Quarantine;  ///< A failing p=reject message with evidence of an indirect flow; counts only
                                         ///< where it is no harsher than published.reject.
  Action temperror = Action::Accept;     ///< DMARC could not be evaluated.
  Action bad_from = Action::Reject;      ///< From missing, repeated, unparsable or with too many domains.
  Action exceeded = Action::Reject;      ///< limits.exceeded: a bound was passed and the message is not verified.
  Quarantine quarantine;
  friend bool operator==(const Rules&, const Rules&) = default;
};

}  // namespace assay::policy
