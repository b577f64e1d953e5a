#pragma once

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace assay::test {

/// The file that the environment names, mapped, so that a test writes and reads it while the daemon runs; `none` where
/// there is no such file.
template <class Orders>
Orders* map_orders(const char* variable, Orders& none) {
  const char* const path = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): there is one thread yet.
  const int file = path == nullptr ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) {
    return &none;
  }
  void* const mapped = mmap(nullptr, sizeof(Orders), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  return mapped == MAP_FAILED ? &none : static_cast<Orders*>(mapped);
}

/// The function that the preloaded one stands in for.
template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace assay::test
