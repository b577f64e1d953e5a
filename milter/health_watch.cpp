#include "milter/health_watch.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "milter/internal_error.h"
#include "milter/service_manager.h"
#include "observe/log.h"

namespace assay::milter {
namespace {

constexpr std::chrono::microseconds kMostBetweenLooks{1'000'000};
constexpr std::chrono::microseconds kLeastBetweenLooks{10'000};
constexpr int kLooksForTheWatchdog = 4;
/// How often systemd hears a status that changed.
constexpr std::chrono::seconds kStatusInterval{5};

}  // namespace

void HealthWatch::take(const Health& health) {
  std::string why = why_stuck(health);
  if (why.empty() && feed_) {
    feed_();
  }
  if (why.empty() && !stuck_.empty()) {
    observe::log_info("works again, after " + std::exchange(stuck_, {}));
  } else if (!why.empty() && stuck_.empty()) {
    observe::log_error("stuck: " + why + (feed_ ? "; the watchdog is not fed" : ""));
    stuck_ = std::move(why);
  }
  if (const bool silent = is_dns_silent(health.dns); silent != is_silent_) {
    is_silent_ = silent;
    if (silent) {
      observe::log_warn("dns: nothing but failures for " +
                        std::to_string(*health.dns.failing_for / std::chrono::seconds(1)) +
                        " s; what needs a lookup is a temporary error until a server answers" +
                        (health.has_other_servers ? kOtherServers : ""));
    } else {
      observe::log_info(health.dns.failing_for     ? "dns: nothing was asked for a minute"
                        : health.dns.since_success ? "dns: a server answers again"
                                                   : "dns: a reload made the resolver anew, which has not failed yet");
    }
  }
}

std::chrono::microseconds look_interval(std::optional<std::chrono::microseconds> watchdog) {
  return watchdog ? std::clamp(*watchdog / kLooksForTheWatchdog, kLeastBetweenLooks, kMostBetweenLooks)
                  : kMostBetweenLooks;
}

void watch_health(const HealthSource& health, std::optional<std::chrono::microseconds> watchdog,
                  const std::function<std::string(const Health&)>& status) {
  HealthWatch watch(watchdog ? feed_watchdog : std::function<void()>());
  std::string told;
  auto next_status = std::chrono::steady_clock::now() + kStatusInterval;
  for (;;) {
    std::this_thread::sleep_for(look_interval(watchdog));
    try {
      const Health now_is = health.look();
      watch.take(now_is);
      if (const auto now = std::chrono::steady_clock::now(); now >= next_status) {
        next_status = now + kStatusInterval;
        if (std::string text = status(now_is); text != told) {
          notify_status(text);
          told = std::move(text);
        }
      }
    } catch (...) {
      report_internal_error("watching how the daemon fares");
    }
  }
}

}  // namespace assay::milter
