#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace assay::resolver {

/// How long servers took to answer, in ranges.
struct AnswerTimes {
  /// The upper ends of all ranges but the last, which has none.
  static constexpr std::array<std::chrono::milliseconds, 13> kUpTo{
      {std::chrono::milliseconds(1), std::chrono::milliseconds(2), std::chrono::milliseconds(5),
       std::chrono::milliseconds(10), std::chrono::milliseconds(20), std::chrono::milliseconds(50),
       std::chrono::milliseconds(100), std::chrono::milliseconds(200), std::chrono::milliseconds(500),
       std::chrono::milliseconds(1000), std::chrono::milliseconds(2000), std::chrono::milliseconds(5000),
       std::chrono::milliseconds(10'000)}};

  std::array<std::uint64_t, kUpTo.size() + 1> answers{};  ///< In each range, an end belonging to the lower one.
  std::chrono::nanoseconds sum{0};                        ///< Of all answers.

  void add(std::chrono::nanoseconds time) noexcept {
    std::size_t range = 0;
    while (range < kUpTo.size() && time > kUpTo[range]) {
      ++range;
    }
    ++answers[range];
    sum += time;
  }
};

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
  AnswerTimes times;  ///< Of these, from when the engine got the question.

  std::size_t in_flight = 0;  ///< Questions the engine works on now.
  std::size_t held = 0;       ///< Questions that wait since many others about their domain are in flight.
  std::size_t cache_entries = 0;
  std::size_t cache_octets = 0;
};

}  // namespace assay::resolver
