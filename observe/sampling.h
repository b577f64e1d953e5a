#pragma once

#include "observe/record.h"

namespace assay::observe {

/// Whether nobody would look for the message: it was accepted since nothing was found against it, by no rule, trusted
/// chain or other exception; all checks could be made, within their bounds; RFC 7489, where it is asked, says no other;
/// and nothing is noted. Only of such messages
/// may a log leave some out (configuration: log.sample).
[[nodiscard]] bool is_ordinary(const Record& record);

}  // namespace assay::observe
