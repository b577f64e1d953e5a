#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/input.h"

namespace assay::cli {

/// How many messages: since the start, in the last ten seconds, in the last minute.
struct ViewCount {
  std::uint64_t total = 0;
  std::uint64_t ten_seconds = 0;
  std::uint64_t minute = 0;
};

/// What `assay status` and `assay top` show of a running assayd: its answer, read. assayd escapes its texts; what would
/// still not be fit for a terminal, of another peer, is escaped here.
struct DaemonView {
  struct Refusal {
    std::string time, queue_id, action, rule, from_domain, client_ip, dmarc;
    std::uint64_t reply = 0;
  };
  struct SlowName {
    std::string name, type, status;
    std::uint64_t longest_ms = 0;
    std::uint64_t times = 0;
  };
  using Named = std::vector<std::pair<std::string, std::uint64_t>>;

  std::string version, since, now, listen, file, settings, mode, log_target, log_format;
  std::uint64_t pid = 0;
  std::vector<std::string> problems;
  std::string reload_time, reload_outcome;  ///< Empty: none since the start.
  std::uint64_t in_flight = 0, messages_limit = 0, connections = 0, lost_log_lines = 0, local = 0;
  std::vector<std::pair<std::string, ViewCount>> messages, would, dmarc;
  Named bounds_exceeded, dns;
  std::optional<std::uint64_t> dns_since_success_ms, dns_failing_for_ms;
  std::uint64_t clients = 0, tails = 0, lost = 0;
  // Of `top` alone.
  std::vector<std::pair<std::string, ViewCount>> rules;
  std::uint64_t rules_omitted = 0;
  std::vector<SlowName> slow;
  std::vector<Refusal> refusals;

  [[nodiscard]] std::uint64_t dns_count(std::string_view name) const;
};

/// Reads the answer to "status" or "top". What it does not know is skipped, what is missing is empty or 0.
[[nodiscard]] Input<DaemonView> read_daemon_view(const std::string& line);

/// "3d 04:05:06", "04:05:06".
[[nodiscard]] std::string duration_words(std::uint64_t seconds);
/// Seconds from one time of the answer to a later one; 0 if one cannot be read.
[[nodiscard]] std::uint64_t seconds_between(const std::string& earlier, const std::string& later);
/// "1.5 s", "120 ms".
[[nodiscard]] std::string milliseconds_words(std::uint64_t milliseconds);

}  // namespace assay::cli
