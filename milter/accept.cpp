#include "milter/accept.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <limits>
#include <thread>
#include <utility>

namespace assay::milter {
namespace {

/// For DNS: two times (an old resolver and a new one, in a reload) 4,096 sockets for UDP and 64 for TCP. And some for
/// the log, files that are read, the metrics.
constexpr std::size_t kReserve = 2 * (4096 + 64) + 64;
/// No more connections than that in any case: one that stands still in mid-packet holds a thread of libmilter. The unit
/// allows as many tasks.
constexpr std::size_t kMaxConnections = 16'384;
/// Where the system has no memory or descriptor for a connection, which libmilter would ask for again at once.
constexpr std::chrono::milliseconds kNap{20};

std::atomic<bool> has_stopped{false};
// Of this thread: another that accepts connections, like that of the metrics, goes on and has no ceiling.
thread_local bool serves_mtas = false;
thread_local int the_ceiling = std::numeric_limits<int>::max();
thread_local std::function<void()> tell_refused;

/// What accept(2) reports of a connection that is gone already, so that the next may be fine.
bool is_of_the_connection(int error) {
  constexpr std::array kErrors{ENETDOWN, EPROTO,       ENOPROTOOPT, EHOSTDOWN,  ENONET,
                               EPERM,    EHOSTUNREACH, EOPNOTSUPP,  ENETUNREACH};
  return std::find(kErrors.begin(), kErrors.end(), error) != kErrors.end();
}

bool is_of_the_system(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

std::size_t raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return 0;
  }
  const rlim_t wanted = std::min<rlim_t>(limit.rlim_max, kMaxFiles);
  if (limit.rlim_cur < wanted) {
    const rlimit raised{wanted, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) {
      limit.rlim_cur = wanted;
    }
  }
  return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, kMaxFiles));
}

int connection_ceiling(std::size_t max_files) noexcept {
  return static_cast<int>(std::min(max_files - std::min(kReserve, max_files / 2), kMaxConnections));
}

void bound_connections(int ceiling, std::function<void()> on_refused) {
  serves_mtas = true;
  the_ceiling = ceiling;
  tell_refused = std::move(on_refused);
}

void stop_accepting() noexcept {
  has_stopped = true;
}

}  // namespace assay::milter

/// In place of the C library's, for libmilter too: the linker exports it because libmilter names it.
extern "C" __attribute__((visibility("default"))) int accept(int listener, sockaddr* address, socklen_t* size) {
  using namespace assay::milter;
  if (has_stopped && serves_mtas) {
    // libmilter, which holds a lock here that its own stop needs, asks again at once.
    std::this_thread::sleep_for(kNap);
    errno = ECONNABORTED;
    return -1;
  }
  const int connection = accept4(listener, address, size, SOCK_CLOEXEC);
  if (connection < 0) {
    const int error = errno;
    if (is_of_the_system(error)) {
      std::this_thread::sleep_for(kNap);
    }
    errno = is_of_the_connection(error) ? ECONNABORTED : error;
    return -1;
  }
  // Descriptors are given out lowest first: this number says how many are open at least.
  if (connection >= the_ceiling) {
    close(connection);
    tell_refused();
    errno = ECONNABORTED;
    return -1;
  }
  return connection;
}
