#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "verify/base/parsed.h"

namespace assay {

/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (::ffff:192.0.2.1) becomes IPv4 on entry, since SPF, iprev and
/// network matching must all treat it so (RFC 7208 section 5). A value.
class IpAddress {
 public:
  enum class Family : std::uint8_t { V4, V6 };

  /// Text of RFC 4291 section 2.2 or a dotted quad without leading zeros. No brackets, no zone, no "IPv6:" prefix.
  [[nodiscard]] static Parsed<IpAddress> parse(std::string_view text);
  /// Network byte order.
  [[nodiscard]] static IpAddress from_v4(std::span<const std::uint8_t, 4> octets) noexcept;
  [[nodiscard]] static IpAddress from_v6(std::span<const std::uint8_t, 16> octets) noexcept;

  [[nodiscard]] Family family() const noexcept { return family_; }
  [[nodiscard]] bool is_v4() const noexcept { return family_ == Family::V4; }
  /// 4 or 16 octets in network byte order; valid while the object lives.
  [[nodiscard]] std::span<const std::uint8_t> octets() const noexcept;
  /// Whether the first `prefix_bits` bits equal those of `network`; false across families. `prefix_bits` is at most
  /// 32 or 128, by family; beyond that it counts as that.
  [[nodiscard]] bool is_in(const IpAddress& network, unsigned prefix_bits) const noexcept;
  /// RFC 5952 text.
  [[nodiscard]] std::string to_string() const;
  /// The owner name of its PTR record, without a trailing dot: 1.2.0.192.in-addr.arpa, or 32 nibbles and ip6.arpa.
  [[nodiscard]] std::string reverse_name() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> octets_{};
  Family family_ = Family::V4;
};

/// An address block: ADDRESS/PREFIX, or an address alone for exactly that one.
struct IpNetwork {
  IpAddress address;
  unsigned prefix_bits = 0;

  /// Bits beyond the prefix may be set and are ignored.
  [[nodiscard]] static Parsed<IpNetwork> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& ip) const noexcept { return ip.is_in(address, prefix_bits); }
  friend bool operator==(const IpNetwork&, const IpNetwork&) = default;
};

}  // namespace assay
