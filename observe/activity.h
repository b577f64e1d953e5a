#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "observe/recent_count.h"
#include "observe/record.h"
#include "verify/dns/timed.h"

namespace assay::observe {

inline constexpr std::size_t kActions = 5;
inline constexpr std::size_t kDmarcResults = 5;

/// Since the start, and lately. The windows end with the second of the report.
struct Count {
  std::uint64_t total = 0;
  std::uint64_t ten_seconds = 0;
  std::uint64_t minute = 0;
};

struct RuleCount {
  std::string rule;
  Count count;
};

/// A message that did not simply pass. Strings come from mail: escape before writing.
struct Refusal {
  Time time{};
  std::string queue_id;
  policy::Action action = policy::Action::Reject;
  std::string rule;
  std::string from_domain;  ///< Empty without a usable From field.
  std::string client;       ///< Address; empty without.
  dmarc::Status dmarc = dmarc::Status::None;
  bool local = false;  ///< `dmarc` then says nothing.
  int reply_code = 0;  ///< 0 without a reply.
};

/// Answers that took long, by name.
struct SlowName {
  dns::Question question;
  dns::Status status = dns::Status::TempFail;  ///< Of the newest.
  std::chrono::milliseconds longest{0};
  std::uint64_t times = 0;
};

/// What went on, for people who look at the running daemon.
struct ActivityReport {
  std::array<Count, kActions> actions{};     ///< By policy::Action.
  std::array<Count, kActions> would{};       ///< By Decision::would.
  std::array<Count, kDmarcResults> dmarc{};  ///< By dmarc::Status, of messages that are not local.
  std::uint64_t local = 0;                   ///< Messages that were not verified.
  std::vector<RuleCount> rules;              ///< The busiest of the last minute first, then of all time.
  std::uint64_t rules_omitted = 0;           ///< Messages of rules beyond kMaxRulesCounted.
  std::vector<SlowName> slow;                ///< The slowest first.
  std::vector<Refusal> refusals;             ///< The newest first.
};

/// Remembers what went on lately, within bounds whatever mail comes. Thread-safe.
class Activity {
 public:
  /// Counts one message as one of the second `now`, not of the one in which it ended: since then it may have waited for
  /// DNS. `slow` are its answers that took kSlow or more.
  void note(const Record& record, const std::vector<dns::Timed>& slow, Time now);
  [[nodiscard]] ActivityReport report(Time now) const;

 private:
  struct Counter {
    std::uint64_t total = 0;
    RecentCount recent;
    void add(Time at);
    [[nodiscard]] Count at(Time now) const;
  };
  struct Slow {
    Time time{};
    dns::Timed answer;
  };

  void note_rule(const Record& record, Time now);
  void note_refusal(const Record& record);
  [[nodiscard]] std::vector<SlowName> slow_names(Time now) const;

  mutable std::mutex mutex_;  ///< Guards all below.
  std::array<Counter, kActions> actions_;
  std::array<Counter, kActions> would_;
  std::array<Counter, kDmarcResults> dmarc_;
  std::uint64_t local_ = 0;
  std::map<std::string, Counter, std::less<>> rules_;
  std::uint64_t rules_omitted_ = 0;
  std::deque<Refusal> refusals_;
  std::deque<Slow> slow_;
};

/// From when on an answer is remembered as slow.
inline constexpr std::chrono::milliseconds kSlow{100};
/// How long it is.
inline constexpr std::chrono::minutes kSlowMemory{5};
/// Names of rules that are told apart; a configuration may have more, and reloads bring others.
inline constexpr std::size_t kMaxRulesCounted = 256;
/// Messages that did not pass which are remembered.
inline constexpr std::size_t kMaxRefusals = 50;
/// Slow answers that are remembered.
inline constexpr std::size_t kMaxSlowAnswers = 256;
/// Slow answers of one message that are: its sender's servers may all be slow, and must not hide everybody else's.
inline constexpr std::size_t kMaxSlowOfMessage = 8;

}  // namespace assay::observe
