#pragma once

#include <string_view>

namespace assay::config {

/// The JSON schema of the configuration file: config/schema.json.
[[nodiscard]] std::string_view schema_text();
/// The annotated example, every key at its default: config/assay.yaml.
[[nodiscard]] std::string_view example_text();

}  // namespace assay::config
