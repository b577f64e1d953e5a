#pragma once

#include <string>
#include <string_view>

#include "verify/base/parsed.h"

namespace assay::observe {

/// Where the running daemon answers questions, by default.
inline constexpr const char* kDefaultControl = "unix:/run/assay/control.sock";

/// The path in `address`, which is "unix:PATH" or a path by itself.
[[nodiscard]] std::string control_path(std::string_view address);

/// Opens a unix socket at `path` that listens, with mode 0660 before anybody can connect. One that nobody serves is
/// replaced; one that somebody does, or a file of another kind, is left alone. The descriptor does not block. The error
/// says in words what is wrong and how to mend it.
[[nodiscard]] Parsed<int, std::string> open_control_socket(const std::string& path);

/// Connects to the socket at `path`, which somebody serves. The error says in words why not, and what to do.
[[nodiscard]] Parsed<int, std::string> connect_control_socket(const std::string& path);

}  // namespace assay::observe
