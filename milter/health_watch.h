#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "milter/health.h"

namespace assay::milter {

/// Watches how the daemon fares: the log tells when it is stuck and when DNS is silent, and when no more; systemd's
/// watchdog is fed unless it is stuck. One thread at a time.
class HealthWatch {
 public:
  /// `feed` feeds the watchdog; empty: there is none.
  explicit HealthWatch(std::function<void()> feed) : feed_(std::move(feed)) {}

  /// Throws what the log throws for want of memory; the watchdog is fed before.
  void take(const Health& health);

 private:
  std::function<void()> feed_;
  std::string stuck_;
  bool is_silent_ = false;
};

/// How often to look: often enough that one look at a bad moment, or one that comes late, does not make a watchdog
/// bark that waits for `watchdog` (sd_watchdog_enabled(3) asks for half of it at most), and once a second without one.
[[nodiscard]] std::chrono::microseconds look_interval(std::optional<std::chrono::microseconds> watchdog);

/// Watches for ever, on the calling thread; tells systemd every few seconds what `status` says. All
/// must live as long as the process.
[[noreturn]] void watch_health(const HealthSource& health, std::optional<std::chrono::microseconds> watchdog,
                               const std::function<std::string(const Health&)>& status);

}  // namespace assay::milter
