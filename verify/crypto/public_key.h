#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "verify/base/parsed.h"
#include "verify/crypto/digest.h"
#include "verify/crypto/key_work.h"

namespace assay::crypto {

/// A public key ready to verify. Immutable; one object may be used by several threads at once.
class PublicKey {
 public:
  enum class Kind : std::uint8_t { Rsa, Ed25519 };

  /// RSA in DER, either SubjectPublicKeyInfo or RSAPublicKey (RFC 6376 section 3.6.1 names one, its examples the
  /// other). Rejects: trailing octets, an even or negative modulus or exponent, an exponent below 3 or over 64 bits, a
  /// modulus of more than 16,384 bits. Read by a small DER reader and EVP_PKEY_fromdata, which costs a tenth of
  /// d2i_PUBKEY.
  [[nodiscard]] static Parsed<std::shared_ptr<const PublicKey>> from_rsa_der(std::span<const std::uint8_t> der);
  /// The raw 32 octets of RFC 8463 section 4.
  [[nodiscard]] static Parsed<std::shared_ptr<const PublicKey>> from_ed25519(std::span<const std::uint8_t> octets);

  ~PublicKey();
  PublicKey(const PublicKey&) = delete;
  PublicKey& operator=(const PublicKey&) = delete;

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  /// Bits of the RSA modulus; 256 for Ed25519.
  [[nodiscard]] unsigned bits() const noexcept { return bits_; }

  /// What one verification costs: verify/crypto/key_work.h.
  [[nodiscard]] unsigned work() const noexcept { return work_; }

  /// Whether `signature` signs `digest`: PKCS #1 v1.5 for RSA (RFC 8301), PureEdDSA over the digest for Ed25519 (RFC
  /// 8463 section 3). False for any malformed signature.
  [[nodiscard]] bool verify(Hash hash, const DigestValue& digest, std::span<const std::uint8_t> signature) const;

 private:
  struct Handle;
  PublicKey(Kind kind, unsigned bits, unsigned work, std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
  Kind kind_;
  unsigned bits_;
  unsigned work_;
};

}  // namespace assay::crypto
