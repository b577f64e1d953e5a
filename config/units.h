#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "verify/base/parsed.h"

namespace assay::config {

// A whole number and its unit without a space: 500ms, 5s, 2m, 1h; 512B, 64KiB, 1MiB, 2GiB. The unit is never implied,
// and the ambiguous ones (k, kB, M, MB) are refused.

[[nodiscard]] Parsed<std::chrono::milliseconds> parse_duration(std::string_view text);
[[nodiscard]] Parsed<std::uint64_t> parse_size(std::string_view text);

/// With the largest unit that divides the value; a duration never in minutes or hours, which read worse: 90s, 1500ms.
/// parse_... of it gives the value back.
[[nodiscard]] std::string format_duration(std::chrono::milliseconds value);
[[nodiscard]] std::string format_size(std::uint64_t octets);

}  // namespace assay::config
