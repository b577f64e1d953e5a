#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "verify/base/time.h"

namespace assay::observe {

/// How often something happened within the last minute, second by second. A clock that is set back loses what it
/// repeats, no more. Not thread-safe.
class RecentCount {
 public:
  static constexpr std::chrono::seconds kWindow{60};

  void add(Time at) {
    Second& second = slot(at);
    if (second.at != at) {
      second = {at, 0};
    }
    ++second.count;
  }

  /// Of the `window` that ends with the second `now`; at most kWindow.
  [[nodiscard]] std::uint64_t within(std::chrono::seconds window, Time now) const {
    std::uint64_t count = 0;
    for (const Second& second : seconds_) {
      if (second.at <= now && second.at > now - window) {
        count += second.count;
      }
    }
    return count;
  }

 private:
  struct Second {
    Time at{};
    std::uint64_t count = 0;
  };

  [[nodiscard]] Second& slot(Time at) {
    const auto count = at.time_since_epoch().count() % kWindow.count();
    return seconds_.at(static_cast<std::size_t>(count < 0 ? count + kWindow.count() : count));
  }

  std::array<Second, kWindow.count()> seconds_{};
};

}  // namespace assay::observe
