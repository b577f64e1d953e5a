#include "milter/service_manager.h"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <ctime>

#include "verify/base/escape.h"

namespace assay::milter {
namespace {

/// A line end would begin another assignment.
std::string status_line(const std::string& status) {
  return "\nSTATUS=" + escape(status);
}

void notify(const std::string& assignments) {
  // That nobody listens, or cannot be reached, must not keep the daemon from its work.
  static_cast<void>(sd_notify(0, assignments.c_str()));
}

}  // namespace

void notify_ready(const std::string& status) {
  notify("READY=1" + status_line(status));
}

void notify_reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  constexpr std::int64_t kMicroseconds = 1'000'000;
  constexpr std::int64_t kNanosecondsInMicrosecond = 1000;
  // By the time systemd tells this reload from one that was asked for later (Type=notify-reload).
  const std::int64_t usec = now.tv_sec * kMicroseconds + now.tv_nsec / kNanosecondsInMicrosecond;
  notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec));
}

void notify_stopping(std::chrono::seconds at_most, const std::string& status) {
  notify("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(std::chrono::microseconds(at_most).count()) +
         status_line(status));
}

void notify_status(const std::string& status) {
  notify("STATUS=" + escape(status));
}

void feed_watchdog() {
  notify("WATCHDOG=1");
}

std::optional<std::chrono::microseconds> take_watchdog(std::string& problem) {
  std::uint64_t usec = 0;
  const int enabled = sd_watchdog_enabled(1, &usec);
  if (enabled < 0) {
    problem = "WATCHDOG_USEC or WATCHDOG_PID in the environment is no number: no watchdog is fed";
  }
  return enabled > 0 ? std::optional(std::chrono::microseconds(usec)) : std::nullopt;
}

}  // namespace assay::milter
