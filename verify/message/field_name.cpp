#include "verify/message/field_name.h"

#include <cstring>

#include "verify/base/text.h"

namespace assay::message {
namespace {

constexpr std::size_t kKeyOctets = sizeof(std::uint64_t);

/// The octets, as many as there are, in lower case.
std::uint64_t key(std::string_view octets) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, octets.data(), octets.size());
  constexpr std::uint64_t kOnes = ~std::uint64_t{0} / 0xFFU;
  constexpr std::uint64_t kHighBits = kOnes * 0x80U;
  // Each octet by itself: sums that pass 0x7F set its high bit.
  const std::uint64_t low_bits = word & ~kHighBits;
  const std::uint64_t is_from_a = low_bits + kOnes * (0x80U - 'A');
  const std::uint64_t is_beyond_z = low_bits + kOnes * (0x7FU - 'Z');
  const std::uint64_t is_upper = is_from_a & ~is_beyond_z & ~word & kHighBits;
  return word | (is_upper >> 2U);
}

}  // namespace

FieldName::FieldName(std::string_view text) noexcept : text_(text) {
  keys_.head = key(text.substr(0, kKeyOctets));
  keys_.tail = text.size() > kKeyOctets ? key(text.substr(text.size() - kKeyOctets)) : 0;
}

std::strong_ordering FieldName::compare_middles(std::string_view a, std::string_view b) noexcept {
  for (std::size_t i = kKeyOctets; i + kKeyOctets < a.size(); ++i) {
    if (const auto order = to_lower(a[i]) <=> to_lower(b[i]); order != 0) {
      return order;
    }
  }
  return std::strong_ordering::equal;
}

}  // namespace assay::message
