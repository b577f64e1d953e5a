#pragma once

#include <string>

namespace assay::config {

/// The annotated example, every key at its default, from the table of options: config/assay.yaml.
[[nodiscard]] std::string example_text();

}  // namespace assay::config
