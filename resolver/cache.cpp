#include "resolver/cache.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "resolver/parsed_octets.h"
#include "resolver/question_hash.h"

namespace assay::resolver {
namespace {

using std::chrono::seconds;

seconds lifetime(const dns::Answer& answer) {
  switch (answer.status) {
    case dns::Status::Found: return std::min(answer.ttl, kMaxTtl);
    case dns::Status::NoData:
    case dns::Status::NxDomain: return std::min(answer.ttl, kMaxNegativeTtl);
    case dns::Status::TempFail:
    case dns::Status::Bogus: return kFailureTtl;
  }
  return seconds(0);
}

/// What the allocator adds to a piece of memory: its header, and what rounding up wastes.
constexpr std::size_t kAllocation = 16;

/// What a string costs beside the object: those of up to 15 octets lie inside it.
std::size_t octets_of_text(const std::string& text) {
  constexpr std::size_t kInside = 15;
  return text.capacity() > kInside ? text.capacity() + kAllocation : 0;
}

template <class T>
std::size_t octets_of_vector(const std::vector<T>& items) {
  return items.capacity() == 0 ? 0 : items.capacity() * sizeof(T) + kAllocation;
}

}  // namespace

Cache::Cache(std::size_t max_octets)
    : max_shard_octets_(max_octets / kShards), max_protected_octets_(max_shard_octets_ / 100 * kProtectedPercent) {}

std::size_t Cache::octets_of(const dns::Question& question, const dns::Answer& answer) noexcept {
  // Nodes of the table and of the list, their share of the buckets, the count of shared_ptr, the allocator's headers.
  constexpr std::size_t kTables = 128;
  std::size_t octets = kTables + sizeof(Entry) + sizeof(dns::Answer) + parsed_octets(question, answer);
  octets += octets_of_text(question.name) + octets_of_text(answer.detail);
  octets += octets_of_vector(answer.texts) + octets_of_vector(answer.names) + octets_of_vector(answer.exchanges) +
            octets_of_vector(answer.addresses);
  for (const std::string& text : answer.texts) {
    octets += octets_of_text(text);
  }
  for (const std::string& name : answer.names) {
    octets += octets_of_text(name);
  }
  for (const dns::MailExchange& exchange : answer.exchanges) {
    octets += octets_of_text(exchange.host);
  }
  return octets;
}

Cache::Shard& Cache::shard_of(std::uint64_t hash) {
  // The table inside a shard uses the hash modulo a prime, so the upper bits are free.
  constexpr unsigned kShift = 60;  // 64 bits - log2(kShards)
  static_assert(kShards == std::size_t{1} << (64U - kShift));
  return shards_[hash >> kShift];
}

void Cache::Shard::drop(Entries::iterator entry) {
  octets -= entry->octets;
  table.erase(entry);
  if (entry->is_protected) {
    protected_octets -= entry->octets;
    protected_entries.erase(entry);
  } else {
    probation.erase(entry);
  }
}

void Cache::Shard::protect(Entries::iterator entry, std::size_t max_protected) {
  if (entry->is_protected) {
    protected_entries.splice(protected_entries.begin(), protected_entries, entry);
    return;
  }
  protected_entries.splice(protected_entries.begin(), probation, entry);
  entry->is_protected = true;
  protected_octets += entry->octets;
  while (protected_octets > max_protected) {
    const auto last = std::prev(protected_entries.end());
    last->is_protected = false;
    protected_octets -= last->octets;
    probation.splice(probation.begin(), protected_entries, last);
  }
}

void Cache::put(const dns::Question& question, const dns::AnswerPtr& answer, Clock::time_point now) {
  const seconds life = lifetime(*answer);
  const std::size_t octets = octets_of(question, *answer);
  const std::uint64_t hash = question_hash(question);
  Shard& shard = shard_of(hash);
  bool was_protected = false;
  const std::lock_guard lock(shard.mutex);
  if (const auto old = shard.table.find(Sought{question, hash}); old != shard.table.end()) {
    was_protected = (*old)->is_protected;
    shard.drop(*old);
  }
  if (life <= seconds(0) || octets > max_shard_octets_ - max_protected_octets_) {
    return;
  }
  // There is one on probation as long as there is too much: the protected ones and this one fit together.
  while (shard.octets + octets > max_shard_octets_) {
    shard.drop(std::prev(shard.probation.end()));
  }
  Entries fresh;
  fresh.push_front({question, hash, answer, now + life, octets, false});
  shard.table.insert(fresh.begin());
  shard.probation.splice(shard.probation.begin(), fresh);
  shard.octets += octets;
  if (was_protected) {
    shard.protect(shard.probation.begin(), max_protected_octets_);
  }
}

dns::AnswerPtr Cache::cached(const dns::Question& question, Clock::time_point now) {
  const std::uint64_t hash = question_hash(question);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.table.find(Sought{question, hash});
  if (found == shard.table.end()) {
    return nullptr;
  }
  const Entries::iterator entry = *found;
  if (entry->expires <= now) {
    // It keeps its place for the answer that will replace it.
    return nullptr;
  }
  shard.protect(entry, max_protected_octets_);
  return entry->answer;
}

Cache::Usage Cache::usage() const {
  Usage usage;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    usage.entries += shard.table.size();
    usage.octets += shard.octets;
  }
  return usage;
}

}  // namespace assay::resolver
