#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/settings.h"

namespace assay::resolver {

/// The servers of a resolv.conf as libunbound writes addresses: those of its nameserver lines, or 127.0.0.1 if it has
/// none (resolv.conf(5)). A line that names no address is passed over, as the C library does. Pure.
[[nodiscard]] std::vector<std::string> servers_of_resolv_conf(std::string_view text);

/// `forwarder` as libunbound writes it: ADDRESS@PORT.
[[nodiscard]] std::string to_unbound(const Forwarder& forwarder);

/// UDP sockets that libunbound may have open at once, and so its questions on the wire, for a process that may open
/// `max_files` files: a quarter of them, 16 to kMaxInFlight. What has none waits in libunbound until one is free, which
/// behind silent servers is long.
[[nodiscard]] std::size_t udp_sockets(std::size_t max_files) noexcept;

/// The configuration of libunbound, in unbound.conf(5) format. `servers` empty: full recursion from the root.
/// `settings.trust_anchor` must hold no '"' and no line end.
[[nodiscard]] std::string unbound_config(const Settings& settings, const std::vector<std::string>& servers,
                                         std::size_t sockets);

}  // namespace assay::resolver
