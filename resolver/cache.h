#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_set>

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
/// Bounded in octets. Eviction is a segmented LRU (Karedla, Love and Wherry, 1994): an answer is on probation until it
/// is asked for again, and only those on probation are dropped, the least recently used first. So names that are asked
/// once, however many, only drop one another, and never what messages use again and again. An answer that replaces a
/// protected one, expired or not, is protected.
/// Thread-safe: each question belongs to one of a few shards with a lock each. The hash is keyed (question_hash), so
/// that nobody can choose names that fill one bucket or one shard. Time is an argument; it never runs backwards between
/// calls.
class Cache {
 public:
  using Clock = std::chrono::steady_clock;

  /// Keeps at most `max_octets`, counted by octets_of. An answer that is larger than the share of a
  /// shard that is not for protected ones is not kept.
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

  /// What keeping `answer` costs: its text, its vectors, what will be read from it (parsed_octets) and the tables
  /// around it, in octets, rounded up.
  [[nodiscard]] static std::size_t octets_of(const dns::Question& question, const dns::Answer& answer) noexcept;
  /// A power of two, so that the upper bits of a hash choose.
  static constexpr std::size_t kShards = 16;
  /// The share of a shard that protected answers may fill, percent. What is used least among them goes back on
  /// probation.
  static constexpr std::size_t kProtectedPercent = 80;

 private:
  struct Entry {
    dns::Question question;
    std::uint64_t hash = 0;
    dns::AnswerPtr answer;
    Clock::time_point expires;
    std::size_t octets = 0;
    bool is_protected = false;
  };
  using Entries = std::list<Entry>;

  /// What the table is searched for.
  struct Sought {
    const dns::Question& question;
    std::uint64_t hash;
  };
  struct HashOf {
    using is_transparent = void;
    std::size_t operator()(const Sought& sought) const noexcept { return sought.hash; }
    std::size_t operator()(Entries::const_iterator entry) const noexcept { return entry->hash; }
  };
  struct Same {
    using is_transparent = void;
    bool operator()(Entries::const_iterator a, Entries::const_iterator b) const noexcept { return a == b; }
    bool operator()(const Sought& sought, Entries::const_iterator entry) const noexcept {
      return sought.hash == entry->hash && sought.question == entry->question;
    }
    bool operator()(Entries::const_iterator entry, const Sought& sought) const noexcept {
      return (*this)(sought, entry);
    }
  };

  struct Shard {
    mutable std::mutex mutex;
    // All guarded by mutex. Both lists have the most recently used first.
    Entries probation;
    Entries protected_entries;
    std::unordered_set<Entries::iterator, HashOf, Same> table;
    std::size_t octets = 0;
    std::size_t protected_octets = 0;

    void drop(Entries::iterator entry);
    /// Puts what was asked for again in front of the protected ones, of which at most `max_protected` octets stay.
    void protect(Entries::iterator entry, std::size_t max_protected);
  };

  Shard& shard_of(std::uint64_t hash);

  std::array<Shard, kShards> shards_;
  std::size_t max_shard_octets_;
  std::size_t max_protected_octets_;
};

}  // namespace assay::resolver
