#pragma once

#include <memory>
#include <string>

#include "verify/crypto/digest.h"

typedef struct evp_pkey_st EVP_PKEY;

namespace assay::bench {

/// A key pair for messages that are made for a benchmark.
class SigningKey {
 public:
  /// `exponent` is the public one, odd.
  [[nodiscard]] static SigningKey rsa(unsigned bits, unsigned long long exponent = 65537);
  [[nodiscard]] static SigningKey ed25519();

  /// Of a=.
  [[nodiscard]] const char* algorithm() const noexcept;
  /// The text of its record in DNS.
  [[nodiscard]] std::string record() const;
  /// b= over a SHA-256 hash, in base64.
  [[nodiscard]] std::string sign(const crypto::DigestValue& hash) const;

 private:
  explicit SigningKey(EVP_PKEY* key);

  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace assay::bench
