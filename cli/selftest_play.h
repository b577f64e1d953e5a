#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/selftest_attack.h"
#include "mta/milter_client.h"

namespace assay::cli {

/// What came of an attack.
struct Conversation {
  /// For each of its messages; absent for one that was not sent to its end.
  std::vector<std::optional<mta::Delivery>> messages;
  /// A harmless message behind them, over the same connection: the daemon still answers, and as always. Absent if the
  /// daemon ended the session.
  std::optional<mta::Delivery> after;
  std::optional<mta::Failure> failure;  ///< What ended the conversation before its time.
};

/// Where the daemon is, and how long it may take for one attack.
struct Target {
  std::string socket;
  std::chrono::seconds limit;
};

/// The queue id of an attack's messages, with which a log can be told from the selftest's part in it.
[[nodiscard]] std::string queue_id_of(const Attack& attack);

/// Speaks with the daemon as an MTA does. Nothing is delivered.
[[nodiscard]] Conversation play(const Attack& attack, const Target& target);

}  // namespace assay::cli
