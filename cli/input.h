#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/settings.h"
#include "verify/base/ip_address.h"
#include "verify/base/parsed.h"
#include "verify/base/time.h"

namespace assay::cli {

/// A value, or a sentence for the administrator that says what is wrong and how to mend it. It may hold text from the
/// command line: escape before writing (complain() does).
template <class T>
using Input = Parsed<T, std::string>;

/// A message that is larger is refused: no MTA takes one of this size, and it is held in memory.
inline constexpr std::size_t kMaxMessageOctets = std::size_t{200} << 20U;

/// Reads a whole file, or standard input for "-". At most `max_octets`.
[[nodiscard]] Input<std::string> read_file(const std::string& path, std::size_t max_octets = kMaxMessageOctets);

/// --now: seconds since 1970, or RFC 3339 with Z or an offset. Years 1970 to 9999; fractions of a second are dropped.
[[nodiscard]] Input<Time> parse_now(std::string_view text);
/// The number given for the option `name`: decimal digits alone, `least` to `most`.
[[nodiscard]] Input<std::uint64_t> parse_count(std::string_view name, std::string_view text, std::uint64_t least,
                                               std::uint64_t most);
/// The most messages that an option can name.
inline constexpr std::uint64_t kMaxCount = 1'000'000'000'000;

/// The system's clock, for a command without --now.
[[nodiscard]] Time current_time();

[[nodiscard]] Input<IpAddress> parse_client_ip(const std::string& text);

/// --zone and --dns as given.
struct DnsOptions {
  std::vector<std::string> zones;
  std::vector<std::string> servers;
};
/// `settings` with what the options replace: zone files answer alone, servers are asked alone; neither changes nothing.
[[nodiscard]] Input<resolver::Settings> apply(const DnsOptions& options, resolver::Settings settings);

/// This host's name, the default of authserv_id; "localhost" if it has none that can be one.
[[nodiscard]] std::string host_name();

/// Writes "assay: `text`" to standard error, escaped. Returns kExitUsage.
int complain(std::string_view text);

}  // namespace assay::cli
