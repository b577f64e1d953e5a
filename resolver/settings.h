#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/base/ip_address.h"
#include "verify/base/parsed.h"

namespace assay::resolver {

/// A DNS server to ask.
struct Forwarder {
  IpAddress address;
  unsigned port = 53;
  friend bool operator==(const Forwarder&, const Forwarder&) = default;
};

/// Reads ADDRESS or ADDRESS@PORT: IPv4 or IPv6 without brackets, port 1 to 65535 in decimal.
[[nodiscard]] Parsed<Forwarder> parse_forwarder(std::string_view text);

/// Where answers come from (configuration: dns).
struct Settings {
  /// Servers to ask; absent: those of /etc/resolv.conf; empty: none, full recursion from the root.
  std::optional<std::vector<Forwarder>> forward;
  std::chrono::milliseconds timeout{5000};               ///< One lookup.
  std::chrono::milliseconds message_deadline{20000};     ///< All lookups of one message, from its end of data.
  bool dnssec = false;                                   ///< Validate, from the keys in trust_anchor.
  std::vector<std::string> zones;                        ///< Not empty: answer from these RFC 1035 files alone.
  std::size_t cache_octets = std::size_t{16} << 20U;     ///< Bound on the answer cache, what was read included.
  std::string trust_anchor = "/usr/share/dns/root.key";  ///< DS or DNSKEY records of the root, for dnssec.
  std::string resolv_conf = "/etc/resolv.conf";          ///< Read when forward is absent.
  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace assay::resolver
