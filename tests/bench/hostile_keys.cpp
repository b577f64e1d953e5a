#include "tests/bench/hostile_keys.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

namespace assay::bench {
namespace {

using Context = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

void expect(bool holds) {
  if (!holds) {
    throw std::runtime_error("OpenSSL cannot make a key or a signature");
  }
}

std::string base64(const std::vector<std::uint8_t>& octets) {
  std::string text(4 * ((octets.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), octets.data(), static_cast<int>(octets.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace

SigningKey::SigningKey(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {
  expect(key != nullptr);
}

SigningKey SigningKey::rsa(unsigned bits, unsigned long long exponent) {
  const Context context(EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nullptr), EVP_PKEY_CTX_free);
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(BN_new(), BN_free);
  EVP_PKEY* key = nullptr;
  expect(context != nullptr && number != nullptr && BN_set_word(number.get(), exponent) == 1 &&
         EVP_PKEY_keygen_init(context.get()) == 1 &&
         EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits)) == 1 &&
         EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), number.get()) == 1 &&
         EVP_PKEY_generate(context.get(), &key) == 1);
  return SigningKey(key);
}

SigningKey SigningKey::ed25519() {
  return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

const char* SigningKey::algorithm() const noexcept {
  return EVP_PKEY_is_a(key_.get(), "RSA") == 1 ? "rsa-sha256" : "ed25519-sha256";
}

std::string SigningKey::record() const {
  if (EVP_PKEY_is_a(key_.get(), "RSA") != 1) {
    std::vector<std::uint8_t> raw(32);
    std::size_t size = raw.size();
    expect(EVP_PKEY_get_raw_public_key(key_.get(), raw.data(), &size) == 1);
    return "v=DKIM1; k=ed25519; p=" + base64(raw);
  }
  std::vector<std::uint8_t> der(static_cast<std::size_t>(i2d_PUBKEY(key_.get(), nullptr)));
  std::uint8_t* out = der.data();
  expect(i2d_PUBKEY(key_.get(), &out) > 0);
  return "v=DKIM1; k=rsa; p=" + base64(der);
}

std::string SigningKey::sign(const crypto::DigestValue& hash) const {
  std::vector<std::uint8_t> signature(4096);
  std::size_t size = signature.size();
  if (EVP_PKEY_is_a(key_.get(), "RSA") == 1) {
    const Context context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr), EVP_PKEY_CTX_free);
    expect(context != nullptr && EVP_PKEY_sign_init(context.get()) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()) == 1 &&
           EVP_PKEY_sign(context.get(), signature.data(), &size, hash.octets.data(), hash.size) == 1);
  } else {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    expect(context != nullptr &&
           EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key_.get(), nullptr) == 1 &&
           EVP_DigestSign(context.get(), signature.data(), &size, hash.octets.data(), hash.size) == 1);
  }
  signature.resize(size);
  return base64(signature);
}

}  // namespace assay::bench
