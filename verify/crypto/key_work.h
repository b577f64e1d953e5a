#pragma once

namespace assay::crypto {

// What one verification with a key costs the CPU, in those with an RSA key of 1024 bits and the exponent 65537. Such a
// one takes some 4 us with OpenSSL 3.0; the others were measured against it.

inline constexpr unsigned kEd25519Work = 26;

/// The modulus counts by its square. Each bit of the exponent squares once, and a long one multiplies, too: one of 64
/// bits costs five times as much as 65537.
[[nodiscard]] constexpr unsigned rsa_work(unsigned modulus_bits, unsigned exponent_bits = 17) noexcept {
  constexpr unsigned kUnitBits = 1024;
  constexpr unsigned kExponentBits = 12;
  const unsigned size = (modulus_bits + kUnitBits - 1) / kUnitBits;
  const unsigned times = exponent_bits / kExponentBits;
  return size * size * (times == 0 ? 1 : times);
}

}  // namespace assay::crypto
