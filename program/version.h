#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verify/base/library_version.h"

namespace assay::program {

/// What --version prints, without the last line end: first a line of `program` and its version alone, then how it was
/// built, then the libraries that it runs with. One that is not of the version that it was built with says both.
[[nodiscard]] std::string version_text(std::string_view program, const std::vector<LibraryVersion>& libraries);

}  // namespace assay::program
