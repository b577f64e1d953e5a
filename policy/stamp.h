#pragma once

#include <string>

#include "policy/decision.h"
#include "policy/facts.h"
#include "verify/authres/format.h"

namespace assay::policy {

/// What the Authentication-Results field of a message says besides its Verdict: for the daemon and the tool alike.
[[nodiscard]] authres::Stamp make_stamp(const std::string& authserv_id, const Facts& facts, const Decision& decision);

}  // namespace assay::policy
