#pragma once

#include <cstddef>
#include <string>

#include "verify/base/parsed.h"

namespace assay::resolver {

/// The whole file, a pipe included. The error is a sentence that names the file: it cannot be read, or holds more than
/// `max_octets`.
[[nodiscard]] Parsed<std::string, std::string> read_file(const std::string& path, std::size_t max_octets);

}  // namespace assay::resolver
