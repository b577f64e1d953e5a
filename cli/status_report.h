#pragma once

#include <string>

#include "cli/daemon_view.h"
#include "cli/paint.h"

namespace assay::cli {

/// What `assay status` prints: a line for each subject, what is wrong last.
[[nodiscard]] std::string status_report(const DaemonView& view, const Paint& paint);

/// "in force since 14:05:09Z" of the last reload, or that there was none.
[[nodiscard]] std::string reload_words(const DaemonView& view);
/// "95 % from the cache, 3 under way, last answer 2 s ago".
[[nodiscard]] std::string dns_words(const DaemonView& view);

}  // namespace assay::cli
