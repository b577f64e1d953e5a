#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"

// What the example, the reference and the schema say of an option in words.

namespace assay::config {

/// How a value is written: `TIME`, `enforce | monitor`, `[DOMAIN, ...]`; empty for a map that nothing can stand for.
[[nodiscard]] std::string written(const Form& form);
/// "10ms to 60s"; empty if there are no bounds.
[[nodiscard]] std::string bounds(const Form& form);
/// What the option means, and its bounds.
[[nodiscard]] std::string about_with_bounds(const Option& option);

/// The words of a text on lines of at most `columns` octets; a longer word has a line of its own.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t columns);

}  // namespace assay::config
