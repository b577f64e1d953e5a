#include "milter/health.h"

#include <memory>

#include "observe/log.h"

namespace assay::milter {
namespace {

std::string to_seconds(std::chrono::milliseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

}  // namespace

std::string why_stuck(const Health& health) {
  if (health.dns.since_turn > kDnsTurnBound) {
    return "the DNS thread has stood still for " + to_seconds(health.dns.since_turn);
  }
  if (health.oldest_callback > health.message_deadline + kCallbackGrace) {
    return "a callback has run for " + to_seconds(health.oldest_callback) + ", beyond dns.message_deadline and " +
           to_seconds(kCallbackGrace);
  }
  return {};
}

std::string why_not_ready(const Health& health) {
  if (health.is_draining) {
    return "draining";
  }
  if (std::string why = why_stuck(health); !why.empty()) {
    return why;
  }
  return is_dns_silent(health.dns) ? "no DNS server has answered for " + to_seconds(*health.dns.failing_for) +
                                         (health.has_other_servers ? kOtherServers : "")
                                   : std::string();
}

bool is_dns_silent(const resolver::Health& dns) {
  return dns.failing_for && dns.since_failure && *dns.since_failure <= kSilenceKnown &&
         *dns.failing_for - *dns.since_failure >= kDnsSilence;
}

HealthSource::HealthSource(const RuntimeSource& runtime, const Gate& gate, const CallbackAges& callbacks)
    : runtime_(runtime), gate_(gate), callbacks_(callbacks), lost_log_lines_(observe::lost_log_lines()) {}

Health HealthSource::look() const {
  const auto runtime = runtime_.current();
  const auto deadline = runtime->settings.dns.message_deadline.count();
  auto longest = longest_deadline_.load(std::memory_order_relaxed);
  while (longest < deadline && !longest_deadline_.compare_exchange_weak(longest, deadline, std::memory_order_relaxed)) {
  }
  Health health;
  health.dns = runtime->dns->health();
  health.oldest_callback = callbacks_.oldest();
  health.message_deadline = std::chrono::milliseconds(longest_deadline_.load(std::memory_order_relaxed));
  health.is_draining = gate_.is_closed();
  health.has_other_servers = is_dns_silent(health.dns) && !runtime->dns->is_up_to_date();
  health.loses_log_lines = loses_log_lines();
  return health;
}

bool HealthSource::loses_log_lines() const {
  using Clock = std::chrono::steady_clock;
  const auto now = Clock::now();
  const std::uint64_t lost = observe::lost_log_lines();
  if (lost_log_lines_.exchange(lost, std::memory_order_relaxed) < lost) {
    lost_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  const Clock::rep lost_at = lost_at_.load(std::memory_order_relaxed);
  return lost_at != 0 && now - Clock::time_point(Clock::duration(lost_at)) < kLossTold;
}

}  // namespace assay::milter
