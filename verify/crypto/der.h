#pragma once

#include <cstdint>
#include <span>

#include "verify/base/parsed.h"

namespace assay::crypto {

/// The two numbers of an RSA public key as DER holds them: positive, in network byte order, without leading zero
/// octets. Views into the text they were read from.
struct RsaNumbers {
  std::span<const std::uint8_t> modulus;
  std::span<const std::uint8_t> exponent;
};

/// Reads RSAPublicKey (RFC 8017 appendix A.1.1) or SubjectPublicKeyInfo around it (RFC 5280 section 4.1, with the
/// algorithm rsaEncryption). Strict DER: shortest lengths and numbers, no octet left over at any level. A NULL
/// parameter beside the algorithm may be missing, as some key generators leave it out.
[[nodiscard]] Parsed<RsaNumbers> parse_rsa_key(std::span<const std::uint8_t> der);

}  // namespace assay::crypto
