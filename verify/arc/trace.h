#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "verify/arc/set.h"
#include "verify/dkim/trace.h"

namespace assay::arc {

/// How far a signature was looked at. NotMade: something before it ended the verification.
enum class Check : std::uint8_t { NotMade, Holds, Broken };

/// One ARC set, for people.
struct SetTrace {
  std::size_t results = 0;  ///< Fields of each kind with this instance; one each in a sound set.
  std::size_t message_signatures = 0;
  std::size_t seals = 0;
  std::optional<ChainValidation> chain_validation;  ///< cv=; absent unless there is one seal.

  /// Absent if the structure of the chain is broken, or if this one was not to be verified.
  std::optional<dkim::Trace> message_signature;
  std::optional<dkim::Trace> relaxed_signature;  ///< The second reading of one without c=.
  std::optional<dkim::Trace> seal;
  Check signature_state = Check::NotMade;  ///< Holds if one reading does.
  Check seal_state = Check::NotMade;
};

/// What became of each set of a chain, collected only when asked for.
struct Trace {
  std::vector<SetTrace> sets;  ///< Instance 1 first.
};

}  // namespace assay::arc
