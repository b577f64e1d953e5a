#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "resolver/settings.h"
#include "verify/base/parsed.h"
#include "verify/dns/answer.h"

namespace assay::resolver {

/// How a backend fares, for readiness, the watchdog and metrics. Counters run from the backend's start.
struct Health {
  /// Since the backend's own thread last turned; a healthy one turns every second. Zero without a thread.
  std::chrono::milliseconds since_turn{0};
  /// Since the last answer that came from a server and was not TempFail; absent: none came yet.
  std::optional<std::chrono::milliseconds> since_success;
  /// Since the first of the failures (TempFail, or no answer in time) that no success has followed; absent: none.
  std::optional<std::chrono::milliseconds> failing_for;
  /// Since the last of these; absent: none.
  std::optional<std::chrono::milliseconds> since_failure;
  std::uint64_t failures_in_a_row = 0;

  std::uint64_t questions = 0;     ///< Calls of ask(), and those of cached() that had an answer.
  std::uint64_t cache_hits = 0;    ///< Of these, answered from the cache.
  std::uint64_t joined = 0;        ///< Of these, joined to an equal question under way.
  std::uint64_t refused = 0;       ///< Of these, TempFail at once: too many under way.
  std::uint64_t sent = 0;          ///< Given to the engine that asks servers, those asked afresh again.
  std::uint64_t fresh_starts = 0;  ///< Times that this engine was made anew: it had no answer for a time-out.
  std::uint64_t timeouts = 0;      ///< Callers told TempFail because no answer came in time.
  // Answers that came from servers, by status.
  std::uint64_t found = 0;
  std::uint64_t no_data = 0;
  std::uint64_t nx_domain = 0;
  std::uint64_t temp_fail = 0;
  std::uint64_t bogus = 0;

  std::size_t in_flight = 0;  ///< Questions the engine works on now.
  std::size_t held = 0;       ///< Questions that wait since many others about their domain are in flight.
  std::size_t cache_entries = 0;
  std::size_t cache_octets = 0;
};

/// A source of DNS answers for the whole process: libunbound behind the answer cache, or zone files. Thread-safe.
/// Destroying it answers all that is still under way with TempFail before the destructor returns (unless an
/// `on_answer` itself drops the last reference: then right after), so `on_answer` must not rely on the backend.
class Backend {
 public:
  using OnAnswer = std::function<void(dns::AnswerPtr)>;

  virtual ~Backend() = default;

  /// Answers `question` through `on_answer`, exactly once: at once on the caller's thread if the answer is at hand,
  /// else later on the backend's own thread, TempFail at the latest after Settings::timeout. Equal questions that are
  /// under way are asked once. `on_answer` is called without any lock held; it must not block and must not throw.
  /// Never asks what is not askable (NxDomain).
  virtual void ask(const dns::Question& question, OnAnswer on_answer) = 0;

  /// The answer if it is at hand: null if a server would have to be asked, or is being asked. Never waits.
  [[nodiscard]] virtual dns::AnswerPtr cached(const dns::Question& /*question*/) { return nullptr; }

  /// Whether one made now from the same Settings would ask the same sources. False if that cannot be told cheaply.
  [[nodiscard]] virtual bool is_up_to_date() const { return false; }

  /// Cheap enough for every scrape and every watchdog tick.
  [[nodiscard]] virtual Health health() const { return {}; }
};

/// Makes the backend that `settings` describe: zone files if any are named, else libunbound with the answer cache.
/// The error says in words what is wrong (a file that cannot be read, with its line; libunbound refusing an option).
[[nodiscard]] Parsed<std::shared_ptr<Backend>, std::string> make_backend(const Settings& settings);

}  // namespace assay::resolver
