#include "verify/crypto/public_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <bit>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

#include "verify/crypto/der.h"

namespace assay::crypto {
namespace {

constexpr unsigned kMaxModulusBits = 16'384;
constexpr unsigned kMaxExponentBits = 64;  ///< Also what OpenSSL allows for a modulus above 3,072 bits.
constexpr std::size_t kEd25519KeyOctets = 32;
constexpr std::size_t kEd25519SignatureOctets = 64;

struct FreeKey {
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct FreeKeyContext {
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
struct FreeDigestContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeKeyContext>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeDigestContext>;

/// Leaves the thread's OpenSSL error queue empty: a malformed key or signature is an answer, not an error that some
/// later caller should find there.
struct ErrorQueueGuard {
  ErrorQueueGuard() = default;
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
  ~ErrorQueueGuard() { ERR_clear_error(); }
};

/// Throws if OpenSSL refused for want of memory: that says nothing of a key, which would be kept with its answer, nor
/// of a signature. Empties the error queue.
void throw_if_out_of_memory() {
  for (unsigned long error = ERR_get_error(); error != 0; error = ERR_get_error()) {
    if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE) {
      throw std::bad_alloc();
    }
  }
}

unsigned bit_length(std::span<const std::uint8_t> number) {
  return static_cast<unsigned>(8 * (number.size() - 1)) + static_cast<unsigned>(std::bit_width(number.front()));
}

bool is_odd(std::span<const std::uint8_t> number) {
  return (number.back() & 1U) != 0;
}

/// OSSL_PARAM holds integers in the machine's byte order.
std::vector<std::uint8_t> in_native_order(std::span<const std::uint8_t> number) {
  std::vector<std::uint8_t> octets(number.begin(), number.end());
  if constexpr (std::endian::native == std::endian::little) {
    std::reverse(octets.begin(), octets.end());
  }
  return octets;
}

Key make_rsa_key(const RsaNumbers& numbers) {
  auto modulus = in_native_order(numbers.modulus);
  auto exponent = in_native_order(numbers.exponent);
  std::array<OSSL_PARAM, 3> parameters{OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, modulus.data(), modulus.size()),
                                       OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, exponent.data(), exponent.size()),
                                       OSSL_PARAM_construct_end()};
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  if (context == nullptr) {
    throw std::runtime_error("OpenSSL has no RSA");
  }
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.data()) != 1) {
    return nullptr;
  }
  return Key(key);
}

const EVP_MD* signature_hash(Hash hash) {
  switch (hash) {
    case Hash::Sha256: return EVP_sha256();
    case Hash::Sha1: return EVP_sha1();
  }
  return nullptr;
}

/// A context that is ready to verify PKCS #1 v1.5 signatures; null if OpenSSL refuses, as its security level or policy
/// may for SHA-1.
KeyContext make_rsa_verifier(EVP_PKEY* key, Hash hash) {
  KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (context == nullptr || EVP_PKEY_verify_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
      EVP_PKEY_CTX_set_signature_md(context.get(), signature_hash(hash)) != 1) {
    return nullptr;
  }
  return context;
}

}  // namespace

/// Never changed once made. The context is only ever the source of a copy, which OpenSSL allows to several threads: it
/// counts references atomically and writes nothing else to the source.
struct PublicKey::Handle {
  Key key;
  /// For RSA with SHA-256. Copying it costs a hundredth of a verification, making one a fifth.
  KeyContext sha256_verifier;
};

PublicKey::PublicKey(Kind kind, unsigned bits, unsigned work, std::unique_ptr<Handle> handle)
    : handle_(std::move(handle)), kind_(kind), bits_(bits), work_(work) {}

PublicKey::~PublicKey() = default;

Parsed<std::shared_ptr<const PublicKey>> PublicKey::from_rsa_der(std::span<const std::uint8_t> der) {
  const ErrorQueueGuard guard;
  const auto numbers = parse_rsa_key(der);
  if (!numbers) {
    return failure(numbers.error());
  }
  // RFC 6376 section 8.13: odd values cost the verifier alone.
  const unsigned bits = bit_length(numbers->modulus);
  if (bits > kMaxModulusBits) {
    return parse_error("an RSA modulus of more than 16384 bits");
  }
  if (bit_length(numbers->exponent) > kMaxExponentBits) {
    return parse_error("an RSA exponent of more than 64 bits");
  }
  if (!is_odd(numbers->modulus) || !is_odd(numbers->exponent) || bit_length(numbers->exponent) < 2) {
    return parse_error("an RSA modulus or exponent that is even or too small");
  }
  auto handle = std::make_unique<Handle>(Handle{make_rsa_key(*numbers), nullptr});
  if (handle->key != nullptr) {
    handle->sha256_verifier = make_rsa_verifier(handle->key.get(), Hash::Sha256);
  }
  if (handle->sha256_verifier == nullptr) {
    throw_if_out_of_memory();
    return parse_error("an RSA key that OpenSSL refuses");
  }
  return std::shared_ptr<const PublicKey>(
      new PublicKey(Kind::Rsa, bits, rsa_work(bits, bit_length(numbers->exponent)), std::move(handle)));
}

Parsed<std::shared_ptr<const PublicKey>> PublicKey::from_ed25519(std::span<const std::uint8_t> octets) {
  const ErrorQueueGuard guard;
  if (octets.size() != kEd25519KeyOctets) {
    return parse_error("an Ed25519 key that is not 32 octets");
  }
  auto handle = std::make_unique<Handle>(
      Handle{Key(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, octets.data(), octets.size())), nullptr});
  if (handle->key == nullptr) {
    throw_if_out_of_memory();
    return parse_error("an Ed25519 key that OpenSSL refuses");
  }
  return std::shared_ptr<const PublicKey>(new PublicKey(Kind::Ed25519, 256, kEd25519Work, std::move(handle)));
}

bool PublicKey::verify(Hash hash, const DigestValue& digest, std::span<const std::uint8_t> signature) const {
  const ErrorQueueGuard guard;
  switch (kind_) {
    case Kind::Rsa: {
      const KeyContext context(hash == Hash::Sha256 ? KeyContext(EVP_PKEY_CTX_dup(handle_->sha256_verifier.get()))
                                                    : make_rsa_verifier(handle_->key.get(), hash));
      if (context == nullptr && hash == Hash::Sha256) {
        throw std::bad_alloc();  // A copy has no other reason to fail.
      }
      if (context != nullptr &&
          EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.octets.data(), digest.size) == 1) {
        return true;
      }
      if (ERR_peek_error() == 0) {
        throw std::bad_alloc();  // It always says why, if it has memory for that.
      }
      throw_if_out_of_memory();
      return false;
    }
    case Kind::Ed25519: {
      if (signature.size() != kEd25519SignatureOctets) {
        return false;
      }
      const DigestContext context(EVP_MD_CTX_new());
      if (context == nullptr || EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr,
                                                        handle_->key.get(), nullptr) != 1) {
        throw std::bad_alloc();  // A key that was made can be used.
      }
      const auto is_right = [&] {
        return EVP_DigestVerify(context.get(), signature.data(), signature.size(), digest.octets.data(), digest.size) ==
               1;
      };
      if (is_right()) {
        return true;
      }
      throw_if_out_of_memory();
      // For this algorithm OpenSSL 3.0 may have had no memory for a hash and not say so: a mismatch must be found
      // twice, while there is memory for one.
      if (DigestContext(EVP_MD_CTX_new()) == nullptr) {
        throw std::bad_alloc();
      }
      return is_right();
    }
  }
  return false;
}

}  // namespace assay::crypto
