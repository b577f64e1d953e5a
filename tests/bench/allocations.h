#pragma once

#include <cstdint>

namespace assay::bench {

/// Counts since the thread began. A program that links allocations.cpp counts its operator new.
struct Allocations {
  std::uint64_t calls = 0;    ///< operator new
  std::uint64_t octets = 0;   ///< asked for by them
  std::uint64_t openssl = 0;  ///< OPENSSL_malloc and _realloc
};
[[nodiscard]] Allocations allocations() noexcept;

/// Makes OpenSSL's own count as well. Before anything else of OpenSSL is used; false if it is too late.
bool count_openssl() noexcept;

}  // namespace assay::bench
