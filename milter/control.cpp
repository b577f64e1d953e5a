#include "milter/control.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <exception>

#include "milter/session.h"
#include "observe/control_request.h"
#include "observe/control_socket.h"
#include "observe/log.h"

namespace assay::milter {
namespace {

Time now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

observe::DnsStatus dns_status(const resolver::Health& health) {
  return {health.since_success,
          health.failing_for,
          {{"questions", health.questions},
           {"cache_hits", health.cache_hits},
           {"joined", health.joined},
           {"sent", health.sent},
           {"refused", health.refused},
           {"timeouts", health.timeouts},
           {"found", health.found},
           {"no_data", health.no_data},
           {"nx_domain", health.nx_domain},
           {"temp_fail", health.temp_fail},
           {"bogus", health.bogus},
           {"failures_in_a_row", health.failures_in_a_row},
           {"in_flight", health.in_flight},
           {"held", health.held},
           {"cache_entries", health.cache_entries},
           {"cache_octets", health.cache_octets}}};
}

}  // namespace

Control::Control(const RuntimeSource& source, const Gate& gate, const observe::Metrics& metrics,
                 const HealthSource& health, std::string configuration)
    : source_(source),
      gate_(gate),
      metrics_(metrics),
      health_(health),
      configuration_(std::move(configuration)),
      since_(now()) {}

Control::~Control() = default;

std::string Control::open(const std::string& address, std::string listen) {
  listen_ = std::move(listen);
  const auto descriptor = observe::open_control_socket(observe::control_path(address));
  if (!descriptor) {
    return "control: cannot open " + descriptor.error() +
           ". assay status, top and tail do not work until it is mended; `control: off` does without them";
  }
  try {
    server_ = std::make_unique<observe::ControlServer>(*descriptor,
                                                       [this](std::string_view request) { return answer(request); });
    serving_.store(server_.get(), std::memory_order_release);
  } catch (const std::exception& error) {
    ::close(*descriptor);
    return std::string("control: cannot start its thread: ") + error.what();
  }
  return {};
}

void Control::note(const observe::Record& record, const std::vector<dns::Timed>& slow) noexcept {
  try {
    activity_.note(record, slow, now());
  } catch (...) {
    // No memory to remember it by; the log and the metrics have it.
  }
  if (auto* const server = serving_.load(std::memory_order_acquire)) {
    server->publish(record);
  }
}

void Control::reloaded(const observe::LastReload& reload) noexcept {
  const std::lock_guard lock(reload_mutex_);
  try {
    reload_ = reload;
  } catch (...) {
    // No memory for the words: the log has them.
    reload_ = observe::LastReload{reload.time, reload.outcome, {}};
  }
}

observe::DaemonStatus Control::status() const {
  const auto runtime = source_.current();
  const config::Settings& settings = runtime->settings;
  observe::DaemonStatus status;
  status.version = ASSAY_VERSION;
  status.pid = ::getpid();
  status.since = since_;
  status.now = now();
  status.listen = listen_;
  status.settings = settings.fingerprint;
  status.configuration = configuration_;
  status.monitor = settings.policy.mode == policy::Mode::Monitor;
  status.log = observe::log_in_force();
  const Health health = health_.look();
  status.draining = health.is_draining;
  status.unfit = why_not_ready(health);
  status.in_flight = gate_.in_flight();
  status.messages_limit = settings.messages;
  status.connections = Session::open();
  status.dns = dns_status(health.dns);
  status.bounds_exceeded = metrics_.bounds_exceeded();
  status.lost_log_lines = observe::lost_log_lines();
  status.loses_log_lines = health.loses_log_lines;
  if (const auto* const server = serving_.load(std::memory_order_acquire)) {
    const auto counts = server->counts();
    status.control_clients = counts.clients;
    status.control_tails = counts.tails;
    status.control_lost = counts.lost;
  }
  const std::lock_guard lock(reload_mutex_);
  status.reload = reload_;
  return status;
}

observe::ControlReply Control::answer(std::string_view request) const {
  auto asked = observe::read_control_request(request);
  if (!asked) {
    return {observe::control_error(asked.error()), std::nullopt};
  }
  switch (asked->command) {
    case observe::ControlRequest::Command::Status: {
      const observe::DaemonStatus its = status();
      return {observe::status_json(its, activity_.report(its.now)), std::nullopt};
    }
    case observe::ControlRequest::Command::Top: {
      const observe::DaemonStatus its = status();
      return {observe::top_json(its, activity_.report(its.now)), std::nullopt};
    }
    case observe::ControlRequest::Command::Tail: return {observe::kTailBegins, std::move(asked->filter)};
  }
  return {observe::control_error("unknown command"), std::nullopt};
}

}  // namespace assay::milter
