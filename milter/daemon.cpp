#include "milter/daemon.h"

#include <libmilter/mfapi.h>
#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "config/lint.h"
#include "milter/accept.h"
#include "milter/background.h"
#include "milter/callback_ages.h"
#include "milter/callbacks.h"
#include "milter/control.h"
#include "milter/end_process.h"
#include "milter/gate.h"
#include "milter/hangup.h"
#include "milter/health.h"
#include "milter/health_watch.h"
#include "milter/inherited_socket.h"
#include "milter/internal_error.h"
#include "milter/listen_socket.h"
#include "milter/macro_pairs.h"
#include "milter/planner.h"
#include "milter/runtime.h"
#include "milter/service_manager.h"
#include "milter/teller.h"
#include "observe/http_endpoint.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "observe/reload.h"
#include "policy/lint.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::milter {
namespace {

/// The largest packet taken from the MTA, octets. libmilter's default of 64 KiB makes it hang up on a longer header
/// line, and an MTA that is told to accept then would deliver the message unverified. What is too long for
/// limits.header_bytes must arrive to be refused.
constexpr std::size_t kMaxPacketOctets = std::size_t{16} << 20U;
/// Threads that work out the next DNS questions.
constexpr unsigned kPlannerThreads = 2;
/// How often the daemon looks whether memory that a load left behind can go back to the system, and whether there is
/// something to tell.
constexpr std::chrono::seconds kLookInterval{5};
/// libmilter writes the reply to the last message after the callback, when the gate counts it as gone.
constexpr std::chrono::seconds kReplyGrace{1};
/// What a stop may take beyond stop_timeout, that grace and a slow log included.
constexpr std::chrono::seconds kStopMargin{10};

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') {
    return "localhost";
  }
  return name.data();
}

Time now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

sigset_t daemon_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGUSR2);
  return set;
}

/// Signals are taken by one thread each of ours and of libmilter (SIGHUP, which milter/hangup.cpp makes SIGUSR1 of,
/// SIGTERM, SIGINT), so every other thread must block them; a thread inherits that from the one that starts it.
void block_signals() {
  sigset_t set = daemon_signals();
  for (const int signal : {SIGHUP, SIGTERM, SIGINT, SIGPIPE}) {
    sigaddset(&set, signal);
  }
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

static_assert(config::kMaxSample == observe::kMaxSample, "records that are written must be readable");

observe::LogOptions log_options(const config::Log& log) {
  observe::LogOptions options;
  options.json = log.format == config::Log::Format::Json;
  options.level = log.level;
  options.target = log.target;
  options.sample = log.sample;
  return options;
}

bool open_log(const config::Log& log) {
  std::string error;
  if (observe::open_log(log_options(log), error)) {
    return true;
  }
  observe::log_error("log: " + error);
  return false;
}

void make_rules_known(const config::Settings& settings, observe::Metrics& metrics) {
  std::vector<std::string> names;
  for (const policy::Rule& rule : settings.policy.own) {
    names.push_back(rule.name);
  }
  metrics.know_rules(names);
}

/// Reads the configuration again. What is wrong with it goes into `problems`.
observe::Reload load_again(RuntimeSource& source, observe::Metrics& metrics, std::vector<std::string>& problems) {
  problems = source.load();
  if (!problems.empty()) {
    observe::reopen_log();
    return observe::Reload::Refused;
  }
  const auto runtime = source.current();
  make_rules_known(runtime->settings, metrics);
  std::string error;
  if (observe::open_log(log_options(runtime->settings.log), error)) {
    return observe::Reload::Done;
  }
  observe::reopen_log();
  problems.push_back("log: " + error + "; lines go where they went before, to " + observe::log_in_force().target +
                     ". Mend that and reload again");
  return observe::Reload::Partly;
}

/// What a reload changed that only a start can put in force.
void tell_of_next_start(const config::Settings& before, const config::Settings& after) {
  for (const auto& [key, has_changed] : {std::pair("listen", before.listen.address != after.listen.address),
                                         std::pair("metrics.listen", before.metrics_listen != after.metrics_listen),
                                         std::pair("control", before.control != after.control)}) {
    if (has_changed) {
      observe::log_warn(std::string("reload: ") + key + " changed; that takes effect at the next start");
    }
  }
}

void tell_of_reload(const observe::LastReload& reload, const std::string& settings) {
  for (const std::string& problem : reload.problems) {
    observe::log_error("reload: " + problem);
  }
  switch (reload.outcome) {
    case observe::Reload::Done: observe::log_info("reload: configuration " + settings + " is in force"); break;
    case observe::Reload::Partly:
      observe::log_error("reload: configuration " + settings + " is in force but for its log");
      break;
    case observe::Reload::Refused:
      observe::log_error("reload: configuration refused, the running one stays in force");
      break;
    case observe::Reload::Failed:
      observe::log_error("reload: broke off, configuration " + settings + " is in force");
      break;
  }
}

void reload(RuntimeSource& source, observe::Metrics& metrics, Control& control) {
  const auto before = source.current();
  observe::LastReload ended{now(), observe::Reload::Failed, {}};
  try {
    notify_reloading();
    ended.outcome = load_again(source, metrics, ended.problems);
  } catch (...) {
    // No memory, or no thread for a new resolver: that must not end a daemon that serves.
    report_internal_error("reload");
  }
  const auto after = source.current();
  // Whoever sees it counted, or reads in the log how it ended, finds the same there.
  control.reloaded(ended);
  metrics.reloaded(ended.outcome);
  try {
    tell_of_next_start(before->settings, after->settings);
    tell_of_reload(ended, after->settings.fingerprint);
    notify_ready("configuration " + after->settings.fingerprint + " is in force" +
                 (ended.outcome == observe::Reload::Partly ? " but for its log" : ""));
  } catch (...) {
    report_internal_error("telling of a reload");
    notify_ready({});  // So short that it takes no memory.
  }
}

std::string draining(const Gate& gate) {
  return "draining: " + std::to_string(gate.in_flight()) + " messages in flight";
}

/// What `systemctl status` shows of a daemon that serves on `address`.
std::string status_text(const std::string& address, const RuntimeSource& source, const Gate& gate,
                        const Health& health) {
  if (health.is_draining) {
    return draining(gate);
  }
  const std::string why = why_not_ready(health);
  return (why.empty() ? "" : "NOT READY, " + why + "; ") + "serves on " + address + ", configuration " +
         source.current()->settings.fingerprint + ": " + std::to_string(gate.in_flight()) + " messages in flight, " +
         std::to_string(gate.entered()) + " since the start";
}

void drain(const RuntimeSource& source, Gate& gate, bool socket_stays) {
  const auto timeout = source.current()->settings.stop_timeout;
  gate.close();
  notify_stopping(timeout + kStopMargin, draining(gate));
  try {
    observe::log_info(draining(gate));
    if (!gate.wait_until_empty(timeout)) {
      observe::log_warn("draining: " + std::to_string(gate.in_flight()) + " messages were still in flight after " +
                        std::to_string(timeout.count()) + " s");
    }
  } catch (...) {
    report_internal_error("draining");
    static_cast<void>(gate.wait_until_empty(timeout));
  }
  if (socket_stays) {
    stop_accepting();  // What comes from here on is for the next process, which this one makes place for.
  }
  std::this_thread::sleep_for(kReplyGrace);
  observe::log_info("drained: stopping");
  // No smfi_stop(): it waits up to five seconds for its listener to look up, and nothing is left to do.
  observe::flush_log();
  end_process(0);
}

/// Gives back what the allocator keeps of messages that are gone, once after each load, while no message is in flight:
/// it holds up whoever allocates for some milliseconds. What a resolver leaves behind that a reload replaced, its cache
/// above all, goes back at once, for a busy host may never be without a message.
class Trimmer {
 public:
  Trimmer(const RuntimeSource& source, const Gate& gate) : source_(source), gate_(gate), dns_(source.current()->dns) {}

  void look() {
    const std::uint64_t entered = gate_.entered();
    if (dns_.expired() || (entered != trimmed_at_ && gate_.in_flight() == 0)) {
      malloc_trim(0);
      trimmed_at_ = entered;
      dns_ = source_.current()->dns;
    }
  }

 private:
  const RuntimeSource& source_;
  const Gate& gate_;
  std::uint64_t trimmed_at_ = 0;
  std::weak_ptr<const resolver::Backend> dns_;
};

/// Every kLookInterval, however often signals come.
void look(Trimmer& trimmer, Teller& teller) {
  trimmer.look();
  try {
    teller.look();
  } catch (...) {
    report_internal_error("telling of what went amiss");
  }
}

void take_signals(RuntimeSource& source, Gate& gate, observe::Metrics& metrics, Control& control, bool socket_stays) {
  using Clock = std::chrono::steady_clock;
  const sigset_t set = daemon_signals();
  Trimmer trimmer(source, gate);
  Teller teller(source, metrics);
  auto next_look = Clock::now() + kLookInterval;
  for (;;) {
    const auto left = std::max(std::chrono::nanoseconds(0), std::chrono::nanoseconds(next_look - Clock::now()));
    const timespec wait{left / std::chrono::seconds(1), (left % std::chrono::seconds(1)).count()};
    const int signal = sigtimedwait(&set, nullptr, &wait);
    if (signal == SIGUSR1) {
      reload(source, metrics, control);
    } else if (signal == SIGUSR2) {
      drain(source, gate, socket_stays);
    }
    if (Clock::now() >= next_look) {
      look(trimmer, teller);
      next_look = Clock::now() + kLookInterval;
    }
  }
}

void report(const std::vector<std::string>& problems) {
  for (const std::string& problem : problems) {
    static_cast<void>(std::fprintf(stderr, "assayd: %s\n", problem.c_str()));
  }
}

/// A daemon that cannot start says so where its log goes, and to whoever started it.
int refuse_to_start(const config::Log& log, const std::string& why) {
  observe::log_error(why);
  observe::flush_log();
  if (log.target != "stderr") {
    report({why});
  }
  return 1;
}

/// Of an inherited socket and one that is configured only one can be served, and `configured` may be waited for in
/// vain.
void tell_inherited(const std::string& configured, const std::string& address) {
  const std::string text = "listen: serves on " + address + ", the socket that was passed (LISTEN_FDS)";
  if (configured == address || istarts_with(configured, "fd:")) {
    observe::log_info(text);
  } else {
    observe::log_warn(text + "; " + configured + " of the configuration is not opened");
  }
}

observe::Moment moment_of(const RuntimeSource& source, const Gate& gate, const Planner& planner) {
  const auto runtime = source.current();
  const Planner::Load planned = planner.load();
  return {gate.in_flight(), planned.waiting, planned.dropped, runtime->dns->health(), runtime->settings.fingerprint};
}

std::string why_not_ready(const HealthSource& health, bool serves) {
  return serves ? why_not_ready(health.look()) : "starting";
}

RuntimeSource make_source(const CommandLine& line) {
  return {line.config, Overrides{line.listen, line.zones}, host_name(),
          line.config_given ? WhenAbsent::Fail : WhenAbsent::UseDefaults};
}

}  // namespace

int check_configuration(const CommandLine& line) {
  RuntimeSource source = make_source(line);
  const std::vector<std::string> problems = source.load();
  report(problems);
  if (!problems.empty()) {
    return 1;
  }
  const config::Settings& settings = source.current()->settings;
  int status = 0;
  for (const policy::LintFinding& finding :
       policy::lint(settings.policy, {now(), settings.local.networks, settings.local.skip_authenticated})) {
    report({escape(config::to_string(finding))});
    if (policy::info(finding.kind).severity == policy::Severity::Error) {
      status = 1;
    }
  }
  return status;
}

int run_daemon(const CommandLine& line) {
  // Both are for the process that was started, not for the one that goes on in the background.
  const auto inherited = take_inherited_socket();
  std::string watchdog_problem;
  const auto watchdog = take_watchdog(watchdog_problem);
  Background background;
  if (!line.foreground) {
    background.start();
  }
  block_signals();
  reload_at_hangup();
  const std::size_t max_files = raise_file_limit();  // Before the resolver looks how many sockets it may have.
  // Static: libmilter's threads may still run when this function returns.
  static RuntimeSource source = make_source(line);
  static Gate gate;
  const std::vector<std::string> problems = source.load();
  if (!problems.empty()) {
    report(problems);
    return 1;
  }
  auto runtime = source.current();  // A reload may replace it at any time from here on.
  const config::Settings& settings = runtime->settings;
  if (!open_log(settings.log)) {
    return 1;
  }
  if (!inherited) {
    return refuse_to_start(settings.log, inherited.error());
  }
  static Planner planner(kPlannerThreads);
  static CallbackAges ages;
  static const HealthSource health(source, gate, ages);
  static std::atomic<bool> serves{false};
  static observe::Metrics metrics(ASSAY_VERSION, [] { return moment_of(source, gate, planner); });
  make_rules_known(settings, metrics);
  static Control control(source, gate, metrics, health, line.config);
  static_cast<void>(smfi_setmaxdatasize(kMaxPacketOctets));
  if (!register_callbacks(Services{source, planner, gate, metrics, &control}, ages)) {
    return refuse_to_start(settings.log, "libmilter refuses the callbacks");
  }
  // Before the MTA can connect: what refuses the start must not cut off a message.
  static observe::HttpEndpoint endpoint({[] { return metrics.text(); }, [] { return why_stuck(health.look()); },
                                         [] { return why_not_ready(health, serves); }});
  if (!settings.metrics_listen.empty()) {
    if (const std::string error = endpoint.serve(settings.metrics_listen); !error.empty()) {
      return refuse_to_start(settings.log, error);
    }
    observe::log_info("metrics are served on http://" + settings.metrics_listen + "/metrics");
  }
  if (!reads_macros_in_pairs()) {
    observe::log_warn(
        "this libmilter reads its packets in another way than assayd knows: who may connect to the socket "
        "may be able to end assayd by a packet of macros");
  }
  bound_connections(connection_ceiling(max_files), [] { metrics.exceeded(observe::Excess::Connections); });
  const auto opened = open_listen_socket(settings.listen, *inherited);
  if (!opened) {
    return refuse_to_start(settings.log, opened.error());
  }
  static const std::string address = *opened;
  if (*inherited) {
    tell_inherited(settings.listen.address, address);
  }
  if (!settings.control.empty()) {
    // Mail comes first: without this socket nothing is lost but the view of it.
    if (const std::string problem = control.open(settings.control, address); !problem.empty()) {
      observe::log_warn(problem);
    }
  }
  const bool socket_stays = inherited->has_value();
  std::thread(take_signals, std::ref(source), std::ref(gate), std::ref(metrics), std::ref(control), socket_stays)
      .detach();
  std::thread(watch_health, std::cref(health), watchdog, [](const Health& fares) {
    return status_text(address, source, gate, fares);
  }).detach();
  observe::log_info("assayd " ASSAY_VERSION " serves on " + address + " as " + settings.authserv_id +
                    ", configuration " + settings.fingerprint);
  if (!watchdog_problem.empty()) {
    observe::log_warn(watchdog_problem);
  }
  if (geteuid() == 0) {
    observe::log_warn("assayd runs as root: a hole in it would give hostile mail this host; let it be another user");
  }
  if (background.started() && settings.log.target == "stderr") {
    observe::log_warn("log.target is stderr, which ends here for a daemon in the background: name a file or syslog");
  }
  observe::flush_log();  // A daemon in the background has no stderr from here on.
  background.ready();
  serves = true;
  notify_ready(status_text(address, source, gate, health.look()));
  runtime.reset();  // Held any longer, its resolver and cache would outlive the reload that replaces them.
  const int served = smfi_main();
  notify_stopping(kStopMargin, "stopped");
  observe::log_info("stopped");
  observe::flush_log();
  end_process(served == MI_SUCCESS ? 0 : 1);
}

}  // namespace assay::milter
