// For tests alone, by LD_PRELOAD: makes the DNS thread or a callback stand still for as long as the file that
// ASSAY_STAND_STILL names says so. It is mapped, so that a test writes and reads it while the daemon runs.

#include <dlfcn.h>
#include <fcntl.h>
#include <libmilter/mfapi.h>
#include <sys/mman.h>
#include <unbound.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <thread>

namespace {

enum Where : std::uint32_t { Nowhere = 0, Dns = 1, Callback = 2 };

/// tests/e2e/faults.py has the same.
struct Orders {
  std::atomic<std::uint32_t> where;
  std::atomic<std::uint32_t> standing;  ///< Threads that do.
};

Orders none{};
Orders* orders = &none;

__attribute__((constructor)) void take_orders() {
  const char* const path = std::getenv("ASSAY_STAND_STILL");  // NOLINT(concurrency-mt-unsafe): there is one thread yet.
  const int file = path == nullptr ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (file >= 0) {
    void* const mapped = mmap(nullptr, sizeof(Orders), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED) {
      orders = static_cast<Orders*>(mapped);
    }
  }
}

void stand_if_told(Where here) {
  if (orders->where != here) {
    return;
  }
  ++orders->standing;
  while (orders->where == here) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  --orders->standing;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

/// Called by the DNS thread at each turn.
int ub_poll(ub_ctx* context) {
  static auto* const next = real<decltype(ub_poll)>("ub_poll");
  stand_if_told(Dns);
  return next(context);
}

/// Called in the callback for MAIL FROM, first of all.
char* smfi_getsymval(SMFICTX* context, char* name) {
  static auto* const next = real<decltype(smfi_getsymval)>("smfi_getsymval");
  stand_if_told(Callback);
  return next(context, name);
}
}
