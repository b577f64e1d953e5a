#pragma once

#include <chrono>
#include <cstdint>

#include "milter/runtime.h"
#include "observe/metrics.h"

namespace assay::milter {

/// How often the log tells of what happens over and over: a flood of mail must be none of lines.
inline constexpr std::chrono::minutes kTellInterval{1};

/// How much a counter grew since it was last told of, at most once in kTellInterval.
class Growth {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Growth(std::uint64_t count = 0) noexcept : told_(count) {}
  /// Zero if there is nothing to tell, or it is not time yet.
  [[nodiscard]] std::uint64_t due(std::uint64_t count, Clock::time_point now) noexcept;

 private:
  std::uint64_t told_;
  Clock::time_point next_{};
};

/// Tells the log what went amiss since the last look, in one line for each thing. One thread at a time.
class Teller {
 public:
  Teller(const RuntimeSource& source, const observe::Metrics& metrics);
  void look();

 private:
  void tell_excess(Growth::Clock::time_point now);
  void tell_lost_lines(Growth::Clock::time_point now);

  const RuntimeSource& source_;
  const observe::Metrics& metrics_;
  Growth messages_;
  Growth connections_;
  Growth lost_lines_;
};

}  // namespace assay::milter
