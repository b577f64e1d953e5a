#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "verify/dns/answer.h"

namespace assay::resolver {

/// The longest that an answer is kept, whatever its TTL. There is no floor: an answer never outlives its own TTL, and
/// one with TTL 0 is not kept at all (RFC 1035 section 3.2.1).
inline constexpr std::chrono::seconds kMaxTtl{24 * 3600};
/// The longest that NoData or NxDomain is kept (RFC 2308 section 5 found one to three hours to work well).
inline constexpr std::chrono::seconds kMaxNegativeTtl{3 * 3600};
/// How long TempFail and Bogus are kept: the least that RFC 9520 section 3.2 asks for. It damps a storm of messages
/// that need one broken name, and delays the recovery of a name by no more than this.
inline constexpr std::chrono::seconds kFailureTtl{1};

/// The answers that servers gave, until their TTL ends: positive, negative and failed ones, each under its exact
/// question. (RFC 2308 section 5 lets NXDOMAIN stand for all types, and RFC 8020 for all names below; that is left to
/// the resolver asked. Servers exist that say NXDOMAIN to one type alone, RFC 4074 section 4.2, and an answer must not
/// depend on what was asked before it.)
/// Bounded in octets; the least recently used goes first. Thread-safe: each question belongs to one of a few shards
/// with a lock each. Time is an argument; it never runs backwards between calls.
class Cache {
 public:
  using Clock = std::chrono::steady_clock;

  /// Keeps at most `max_octets`, counted by octets_of. An answer that is larger than its shard is not kept.
  explicit Cache(std::size_t max_octets);

  /// Keeps `answer` as of `now`. Without a TTL it is not kept, and an older answer to the question is forgotten.
  void put(const dns::Question& question, const dns::AnswerPtr& answer, Clock::time_point now);

  /// The answer as it was put: the same object to everybody, with all that was read from it. Null if there is none.
  [[nodiscard]] dns::AnswerPtr cached(const dns::Question& question, Clock::time_point now);

  struct Usage {
    std::size_t entries = 0;
    std::size_t octets = 0;
  };
  [[nodiscard]] Usage usage() const;

  /// What keeping `answer` costs: its text, its vectors and the tables around it, in octets, rounded up.
  [[nodiscard]] static std::size_t octets_of(const dns::Question& question, const dns::Answer& answer) noexcept;
  /// A power of two, so that the upper bits of a hash choose.
  static constexpr std::size_t kShards = 16;

 private:
  using Order = std::list<const dns::Question*>;

  struct Entry {
    dns::AnswerPtr answer;
    Clock::time_point expires;
    std::size_t octets = 0;
    Order::iterator place;
  };

  struct Shard {
    mutable std::mutex mutex;
    // All guarded by mutex. `order` points to the keys of `entries`, the most recently used first.
    std::unordered_map<dns::Question, Entry> entries;
    Order order;
    std::size_t octets = 0;

    void drop(std::unordered_map<dns::Question, Entry>::iterator entry);
  };

  Shard& shard_of(const dns::Question& question);

  std::array<Shard, kShards> shards_;
  std::size_t max_shard_octets_;
};

}  // namespace assay::resolver
