#include "verify/base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>

#include "verify/base/text.h"

namespace assay {
namespace {

using V4Octets = std::array<std::uint8_t, 4>;
using V6Octets = std::array<std::uint8_t, 16>;

constexpr unsigned kV4Bits = 32;
constexpr unsigned kV6Bits = 128;
constexpr unsigned kMappedBits = 96;  ///< Length of the prefix ::ffff:0:0 (RFC 4291 section 2.5.5.2).

/// A decimal number from 0 to `max`, at most three digits, without leading zeros.
std::optional<unsigned> read_number(std::string_view text, unsigned max) noexcept {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0')) {
    return std::nullopt;
  }
  unsigned value = 0;
  for (const char c : text) {
    if (!is_digit(c)) {
      return std::nullopt;
    }
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value <= max ? std::optional(value) : std::nullopt;
}

/// Four decimal octets. Leading zeros are refused since readers disagree whether they mean octal.
std::optional<V4Octets> read_v4(std::string_view text) noexcept {
  V4Octets octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const std::size_t dot = text.find('.');
    const bool is_last = i + 1 == octets.size();
    if ((dot == std::string_view::npos) != is_last) {
      return std::nullopt;
    }
    const auto value = read_number(text.substr(0, dot), 255);
    if (!value) {
      return std::nullopt;
    }
    octets[i] = static_cast<std::uint8_t>(*value);
    text.remove_prefix(is_last ? text.size() : dot + 1);
  }
  return octets;
}

std::optional<V6Octets> read_v6(std::string_view text) noexcept {
  // inet_pton wants a terminated string; whatever it might read beyond RFC 4291 (a zone, a NUL) is kept from it.
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  const auto is_address_char = [](char c) {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f') || c == ':' || c == '.';
  };
  if (text.size() >= buffer.size() || !std::all_of(text.begin(), text.end(), is_address_char)) {
    return std::nullopt;
  }
  std::copy(text.begin(), text.end(), buffer.begin());
  V6Octets octets{};
  if (inet_pton(AF_INET6, buffer.data(), octets.data()) != 1) {
    return std::nullopt;
  }
  return octets;
}

bool is_mapped(std::span<const std::uint8_t, 16> octets) noexcept {
  return std::all_of(octets.begin(), octets.begin() + 10, [](std::uint8_t o) { return o == 0; }) &&
         octets[10] == 0xFFU && octets[11] == 0xFFU;
}

void clear_beyond(V6Octets& octets, unsigned prefix_bits) noexcept {
  for (unsigned bit = prefix_bits; bit < kV6Bits; ++bit) {
    octets[bit / 8] = static_cast<std::uint8_t>(octets[bit / 8] & ~(0x80U >> (bit % 8)));
  }
}

constexpr std::string_view kHexDigits = "0123456789abcdef";

void append_group(std::string& out, unsigned group) {
  bool started = false;
  for (const unsigned shift : {12U, 8U, 4U, 0U}) {
    const unsigned digit = (group >> shift) & 0x0FU;
    started = started || digit != 0 || shift == 0;
    if (started) {
      out += kHexDigits[digit];
    }
  }
}

std::string v4_text(std::span<const std::uint8_t> octets) {
  std::string out;
  for (const std::uint8_t octet : octets) {
    if (!out.empty()) {
      out += '.';
    }
    out += std::to_string(octet);
  }
  return out;
}

std::string v6_text(std::span<const std::uint8_t> octets) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = (static_cast<unsigned>(octets[2 * i]) << 8U) | octets[2 * i + 1];
  }
  // RFC 5952 section 4.2: the longest run of two or more zero groups becomes "::", the first of equally long ones.
  std::size_t best = groups.size();
  std::size_t best_length = 1;
  for (std::size_t i = 0; i < groups.size();) {
    std::size_t end = i;
    while (end < groups.size() && groups[end] == 0) {
      ++end;
    }
    if (end - i > best_length) {
      best = i;
      best_length = end - i;
    }
    i = end == i ? i + 1 : end;
  }
  std::string out;
  for (std::size_t i = 0; i < groups.size();) {
    if (i == best) {
      out += "::";
      i += best_length;
      continue;
    }
    if (!out.empty() && out.back() != ':') {
      out += ':';
    }
    append_group(out, groups[i++]);
  }
  return out;
}

}  // namespace

Parsed<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find(':') == std::string_view::npos) {
    if (const auto octets = read_v4(text)) {
      return from_v4(*octets);
    }
    return parse_error("not an IPv4 address");
  }
  if (const auto octets = read_v6(text)) {
    return from_v6(*octets);
  }
  return parse_error("not an IPv6 address");
}

IpAddress IpAddress::from_v4(std::span<const std::uint8_t, 4> octets) noexcept {
  IpAddress ip;
  std::copy(octets.begin(), octets.end(), ip.octets_.begin());
  return ip;
}

IpAddress IpAddress::from_v6(std::span<const std::uint8_t, 16> octets) noexcept {
  if (is_mapped(octets)) {
    return from_v4(octets.last<4>());
  }
  IpAddress ip;
  ip.family_ = Family::V6;
  std::copy(octets.begin(), octets.end(), ip.octets_.begin());
  return ip;
}

std::span<const std::uint8_t> IpAddress::octets() const noexcept {
  return std::span(octets_).first(is_v4() ? 4 : 16);
}

bool IpAddress::is_in(const IpAddress& network, unsigned prefix_bits) const noexcept {
  if (family_ != network.family_) {
    return false;
  }
  const unsigned bits = std::min(prefix_bits, is_v4() ? kV4Bits : kV6Bits);
  const std::size_t whole = bits / 8;
  if (!std::equal(octets_.begin(), octets_.begin() + static_cast<std::ptrdiff_t>(whole), network.octets_.begin())) {
    return false;
  }
  const unsigned rest = bits % 8;
  return rest == 0 || ((octets_[whole] ^ network.octets_[whole]) >> (8U - rest)) == 0;
}

std::string IpAddress::to_string() const {
  return is_v4() ? v4_text(octets()) : v6_text(octets());
}

std::string IpAddress::reverse_name() const {
  constexpr std::size_t kLongest = 72;  // 32 nibbles, their dots, "ip6.arpa"
  const auto own = octets();
  std::string name;
  name.reserve(is_v4() ? kLongest / 2 : kLongest);
  for (std::size_t i = own.size(); i-- > 0;) {
    if (is_v4()) {
      name += std::to_string(own[i]) + '.';
    } else {
      name += {kHexDigits[own[i] & 0x0FU], '.', kHexDigits[own[i] >> 4U], '.'};
    }
  }
  name += is_v4() ? "in-addr.arpa" : "ip6.arpa";
  return name;
}

Parsed<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view address_text = text.substr(0, slash);
  auto address = IpAddress::parse(address_text);
  if (!address) {
    return failure(std::move(address.error()));
  }
  if (slash == std::string_view::npos) {
    return IpNetwork{*address, address->is_v4() ? kV4Bits : kV6Bits};
  }
  const bool is_written_as_v6 = address_text.find(':') != std::string_view::npos;
  const auto prefix_bits = read_number(text.substr(slash + 1), is_written_as_v6 ? kV6Bits : kV4Bits);
  if (!prefix_bits) {
    return parse_error("not a prefix length", slash + 1);
  }
  if (!is_written_as_v6 || !address->is_v4()) {
    return IpNetwork{*address, *prefix_bits};
  }
  if (*prefix_bits >= kMappedBits) {
    return IpNetwork{*address, *prefix_bits - kMappedBits};
  }
  // The block reaches beyond the mapped addresses, so it is one of IPv6; without the bits that do not count, its
  // address is no mapped one any more.
  V6Octets octets = *read_v6(address_text);
  clear_beyond(octets, *prefix_bits);
  return IpNetwork{IpAddress::from_v6(octets), *prefix_bits};
}

}  // namespace assay
