#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace assay::observe {

/// `text` on one line of valid UTF-8, as escape() makes it but with each backslash left single: for text of which parts
/// have been through escape() already, or that holds quoting of its own. At most `max_octets` of it.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max_octets);

}  // namespace assay::observe
