#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "observe/activity.h"
#include "observe/log.h"
#include "observe/reload.h"
#include "verify/base/time.h"

namespace assay::observe {

/// How the resolver fares: resolver::Health in the words of the answer.
struct DnsStatus {
  std::optional<std::chrono::milliseconds> since_success;
  std::optional<std::chrono::milliseconds> failing_for;
  std::vector<std::pair<const char*, std::uint64_t>> counters;
};

/// The running daemon, as `assay status` shows it. Plain data.
struct DaemonStatus {
  std::string version;
  std::int64_t pid = 0;
  Time since{};
  Time now{};
  std::string listen;
  std::string settings;       ///< Fingerprint of the configuration in force.
  std::string configuration;  ///< The file.
  bool monitor = false;
  LogOptions log;  ///< In force.
  bool draining = false;
  std::string unfit;  ///< Why mail had better go elsewhere for now, in words; empty if it may come.
  std::size_t in_flight = 0;
  std::size_t messages_limit = 0;  ///< limits.messages
  std::size_t connections = 0;
  std::optional<LastReload> reload;  ///< Absent: none since the start.
  DnsStatus dns;
  std::vector<std::pair<const char*, std::uint64_t>> bounds_exceeded;
  std::uint64_t lost_log_lines = 0;
  bool loses_log_lines = false;  ///< Lately.
  std::size_t control_clients = 0;
  std::size_t control_tails = 0;
  std::uint64_t control_lost = 0;
};

/// What an administrator should look at, in words; empty if all is well.
[[nodiscard]] std::vector<std::string> problems_of(const DaemonStatus& status);

/// The answer to "status": one JSON object on one line. All strings pass escape().
[[nodiscard]] std::string status_json(const DaemonStatus& status, const ActivityReport& activity);
/// The answer to "top": the same with "rules", "slow_dns" and "refusals", at most kMaxTopRows of each.
[[nodiscard]] std::string top_json(const DaemonStatus& status, const ActivityReport& activity);

inline constexpr std::size_t kMaxTopRows = 50;
/// Problems of a reload that are told: there may be a hundred.
inline constexpr std::size_t kMaxToldProblems = 5;

/// "schema" of these answers.
inline constexpr unsigned kStatusSchema = 1;

}  // namespace assay::observe
