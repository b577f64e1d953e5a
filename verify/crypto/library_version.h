#pragma once

#include "verify/base/library_version.h"

namespace assay::crypto {

/// OpenSSL's.
[[nodiscard]] LibraryVersion library_version();

}  // namespace assay::crypto
