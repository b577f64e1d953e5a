#pragma once

#include <optional>
#include <string>

#include "config/settings.h"
#include "milter/inherited_socket.h"
#include "verify/base/parsed.h"

namespace assay::milter {

/// Lets libmilter listen where the MTA connects: on `inherited` if there is one, whatever `settings` say, else on
/// `settings.address`. A unix socket that nobody serves is replaced; a new one gets the configured mode and group
/// before anything but the owner can reach it. An inherited one keeps its mode, group and file. Returns where it
/// listens; the error says what is wrong.
[[nodiscard]] Parsed<std::string, std::string> open_listen_socket(const config::Socket& settings,
                                                                  const std::optional<InheritedSocket>& inherited);

}  // namespace assay::milter
