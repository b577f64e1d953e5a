#include "tests/bench/allocations.h"

#include <openssl/crypto.h>

#include <cstdlib>
#include <new>

namespace assay::bench {
namespace {

// Of one thread each: the benchmarks that read them have no other.
thread_local Allocations counted;

void* openssl_malloc(std::size_t octets, const char* /*file*/, int /*line*/) {
  ++counted.openssl;
  return std::malloc(octets);
}
void* openssl_realloc(void* memory, std::size_t octets, const char* /*file*/, int /*line*/) {
  ++counted.openssl;
  return std::realloc(memory, octets);
}
void openssl_free(void* memory, const char* /*file*/, int /*line*/) {
  std::free(memory);
}

}  // namespace

Allocations allocations() noexcept {
  return counted;
}

bool count_openssl() noexcept {
  return CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) == 1;
}

}  // namespace assay::bench

// The replaceable ones; the others call these.
void* operator new(std::size_t octets) {
  ++assay::bench::counted.calls;
  assay::bench::counted.octets += octets;
  if (void* const memory = std::malloc(octets)) {
    return memory;
  }
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*octets*/) noexcept {
  std::free(memory);
}
