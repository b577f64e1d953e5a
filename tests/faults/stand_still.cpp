// For tests alone, by LD_PRELOAD: makes the DNS thread or a callback stand still for as long as the file that
// ASSAY_STAND_STILL names says so. It is mapped, so that a test writes and reads it while the daemon runs.

#include <libmilter/mfapi.h>
#include <unbound.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "tests/faults/orders.h"

namespace {

using assay::test::map_orders;
using assay::test::real;

enum Where : std::uint32_t { Nowhere = 0, Dns = 1, Callback = 2 };

/// tests/e2e/faults.py has the same.
struct Orders {
  std::atomic<std::uint32_t> where;
  std::atomic<std::uint32_t> standing;  ///< Threads that do.
};

Orders none{};
Orders* orders = &none;

__attribute__((constructor)) void take_orders() {
  orders = map_orders("ASSAY_STAND_STILL", none);
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
