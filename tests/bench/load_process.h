#pragma once

#include <cstdint>
#include <optional>

#include <sys/types.h>

namespace assay::bench {

/// What /proc and the process' CPU clock say of a daemon at one moment.
struct ProcessState {
  double cpu_us = 0;     ///< User and system time of all its threads, ended ones too; as exact as the scheduler.
  double user_us = 0;    ///< In clock ticks of 10 ms.
  double system_us = 0;  ///< In clock ticks of 10 ms.
  std::uint64_t rss_kib = 0;
  std::uint64_t peak_kib = 0;  ///< Since the last forget_peak().
  std::uint64_t threads = 0;
};

/// nullopt if there is no such process.
[[nodiscard]] std::optional<ProcessState> process_state(pid_t pid);
/// Lets the peak of resident memory start anew. Without the right to do so, it stays.
void forget_peak(pid_t pid);

}  // namespace assay::bench
