#pragma once

#include <string>

namespace assay::config {

/// The JSON Schema (2020-12) of the configuration file, from the table of options: config/schema.json. It refuses
/// nothing that the loader takes, but for numbers and booleans of YAML that stand for a text: quote them. It cannot say
/// all that the loader checks.
[[nodiscard]] std::string schema_text();

}  // namespace assay::config
