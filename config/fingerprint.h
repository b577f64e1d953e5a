#pragma once

#include <string>

#include "config/settings.h"

namespace assay::config {

/// The first 12 hex digits of the SHA-256 of to_yaml(settings) and of the files of names that it refers to: equal for
/// files that mean the same, whatever their layout, comments and units.
[[nodiscard]] std::string fingerprint(const Settings& settings);

}  // namespace assay::config
