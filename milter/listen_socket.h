#pragma once

#include <string>

#include "config/settings.h"

namespace assay::milter {

/// Opens the socket on which the MTA connects: the one that systemd passed (LISTEN_FDS) if there is one, else
/// `settings.address`. A unix socket that nobody serves is replaced; a new one gets the configured mode and group
/// before anything but the owner can reach it. Empty text on success, else what is wrong.
[[nodiscard]] std::string open_listen_socket(const config::Socket& settings);

}  // namespace assay::milter
