#include "milter/hangup.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

namespace assay::milter {
namespace {

std::atomic<bool> reloads{false};

}  // namespace

void reload_at_hangup() noexcept {
  reloads = true;
}

}  // namespace assay::milter

/// In place of the C library's, for libmilter, which alone calls it: the linker exports it because libmilter names it.
extern "C" __attribute__((visibility("default"))) int sigwait(const sigset_t* set, int* signal) {
  for (;;) {
    const int taken = sigwaitinfo(set, nullptr);
    if (taken == SIGHUP && assay::milter::reloads) {
      kill(getpid(), SIGUSR1);
    } else if (taken > 0) {
      *signal = taken;
      return 0;
    } else if (errno != EINTR) {
      return errno;
    }
  }
}
