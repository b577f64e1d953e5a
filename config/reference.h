#pragma once

#include <optional>
#include <string>

namespace assay::config {

/// Every key with what may be written, its bounds, its default and its meaning, for a terminal of 80 columns. With
/// `path` ("dns", "dns.timeout") that key and those below it; empty if there is no such key.
[[nodiscard]] std::string reference_text(const std::optional<std::string>& path = std::nullopt);

/// The same as a manual page, assay.yaml(5), in the macros of man(7).
[[nodiscard]] std::string reference_man();

/// The key that was probably meant by an unknown path.
[[nodiscard]] std::optional<std::string> suggest_path(const std::string& path);

}  // namespace assay::config
