// For tests alone, by LD_PRELOAD: makes the n-th call of a kind fail, once or from then on, as the file that
// ASSAY_FAULTS names says. It is mapped, so that a test arms and reads it while the daemon runs.

#include <openssl/err.h>
#include <openssl/evp.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "tests/faults/orders.h"

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming): glibc's names.
extern "C" {
// Its own, which need no lookup.
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming)

namespace {

using assay::test::map_orders;
using assay::test::real;

enum Kind : std::uint32_t { Nothing = 0, Memory = 1, Digest = 2, Signature = 3 };

/// tests/e2e/faults.py has the same.
struct Orders {
  std::atomic<std::uint32_t> kind;
  std::atomic<std::uint32_t> from_then_on;  ///< 0: that call alone.
  std::atomic<std::uint64_t> nth;           ///< From 1.
  std::atomic<std::uint64_t> calls;         ///< Of that kind, since it was armed.
  std::atomic<std::uint64_t> failed;
};

Orders none{};
Orders* orders = &none;

__attribute__((constructor)) void take_orders() {
  orders = map_orders("ASSAY_FAULTS", none);
}

bool shall_fail(Kind kind) noexcept {
  if (orders->kind.load(std::memory_order_acquire) != kind) {
    return false;
  }
  const std::uint64_t call = ++orders->calls;
  const std::uint64_t nth = orders->nth;
  const bool fails = orders->from_then_on != 0 ? call >= nth : call == nth;
  if (fails) {
    ++orders->failed;
  }
  return fails;
}

void* no_memory() noexcept {
  errno = ENOMEM;
  return nullptr;
}

/// The error that OpenSSL reports where it finds no memory.
int no_memory_for_openssl() {
  ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
  return 0;
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  return shall_fail(Memory) ? no_memory() : __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  return shall_fail(Memory) ? no_memory() : __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) {
  return shall_fail(Memory) ? no_memory() : __libc_realloc(block, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
  return shall_fail(Memory) ? no_memory() : __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return memalign(alignment, size);
}
int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  void* const made = memalign(alignment, size);
  if (made == nullptr) {
    return ENOMEM;
  }
  *block = made;
  return 0;
}

int EVP_DigestInit_ex2(EVP_MD_CTX* context, const EVP_MD* type, const OSSL_PARAM* parameters) {
  static auto* const next = real<decltype(EVP_DigestInit_ex2)>("EVP_DigestInit_ex2");
  return shall_fail(Digest) ? no_memory_for_openssl() : next(context, type, parameters);
}
int EVP_DigestUpdate(EVP_MD_CTX* context, const void* octets, std::size_t count) {
  static auto* const next = real<decltype(EVP_DigestUpdate)>("EVP_DigestUpdate");
  return shall_fail(Digest) ? no_memory_for_openssl() : next(context, octets, count);
}
int EVP_DigestFinal_ex(EVP_MD_CTX* context, unsigned char* value, unsigned* size) {
  static auto* const next = real<decltype(EVP_DigestFinal_ex)>("EVP_DigestFinal_ex");
  return shall_fail(Digest) ? no_memory_for_openssl() : next(context, value, size);
}
EVP_PKEY_CTX* EVP_PKEY_CTX_dup(const EVP_PKEY_CTX* context) {
  static auto* const next = real<decltype(EVP_PKEY_CTX_dup)>("EVP_PKEY_CTX_dup");
  return shall_fail(Signature) ? nullptr : next(context);
}
int EVP_PKEY_verify(EVP_PKEY_CTX* context, const unsigned char* signature, std::size_t count, const unsigned char* hash,
                    std::size_t size) {
  static auto* const next = real<decltype(EVP_PKEY_verify)>("EVP_PKEY_verify");
  return shall_fail(Signature) ? no_memory_for_openssl() : next(context, signature, count, hash, size);
}
int EVP_DigestVerify(EVP_MD_CTX* context, const unsigned char* signature, std::size_t count,
                     const unsigned char* octets, std::size_t size) {
  static auto* const next = real<decltype(EVP_DigestVerify)>("EVP_DigestVerify");
  return shall_fail(Signature) ? no_memory_for_openssl() : next(context, signature, count, octets, size);
}
}
