#pragma once

#include <vector>

#include "verify/base/library_version.h"

namespace assay::resolver {

/// Those that ask and read DNS: ldns and libunbound.
[[nodiscard]] std::vector<LibraryVersion> library_versions();

}  // namespace assay::resolver
