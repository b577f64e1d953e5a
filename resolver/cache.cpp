#include "resolver/cache.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

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

/// What a string costs: those of up to 15 octets lie inside the object.
std::size_t octets_of_string(const std::string& text) {
  constexpr std::size_t kInside = 15;
  constexpr std::size_t kAllocation = 16;
  return sizeof(std::string) + (text.capacity() > kInside ? text.capacity() + kAllocation : 0);
}

}  // namespace

Cache::Cache(std::size_t max_octets) : max_shard_octets_(max_octets / kShards) {}

std::size_t Cache::octets_of(const dns::Question& question, const dns::Answer& answer) noexcept {
  // Nodes of the table and of the list, their share of the buckets, the count of shared_ptr, the allocator's headers.
  constexpr std::size_t kTables = 128;
  std::size_t octets = kTables + sizeof(Entry) + sizeof(dns::Question) + sizeof(dns::Answer);
  octets += octets_of_string(question.name) + octets_of_string(answer.detail);
  for (const std::string& text : answer.texts) {
    octets += octets_of_string(text);
  }
  for (const std::string& name : answer.names) {
    octets += octets_of_string(name);
  }
  for (const dns::MailExchange& exchange : answer.exchanges) {
    octets += sizeof(dns::MailExchange) + octets_of_string(exchange.host);
  }
  return octets + answer.addresses.size() * sizeof(IpAddress);
}

Cache::Shard& Cache::shard_of(const dns::Question& question) {
  // The table inside a shard uses the hash modulo a prime, so mixing and taking the upper bits keeps both even.
  constexpr std::uint64_t kMix = 0x9E37'79B9'7F4A'7C15U;
  constexpr unsigned kShift = 60;  // 64 bits - log2(kShards)
  static_assert(kShards == std::size_t{1} << (64U - kShift));
  return shards_[(std::hash<dns::Question>{}(question)*kMix) >> kShift];
}

void Cache::Shard::drop(std::unordered_map<dns::Question, Entry>::iterator entry) {
  octets -= entry->second.octets;
  order.erase(entry->second.place);
  entries.erase(entry);
}

void Cache::put(const dns::Question& question, const dns::AnswerPtr& answer, Clock::time_point now) {
  const seconds life = lifetime(*answer);
  const std::size_t octets = octets_of(question, *answer);
  Shard& shard = shard_of(question);
  const std::lock_guard lock(shard.mutex);
  if (const auto old = shard.entries.find(question); old != shard.entries.end()) {
    shard.drop(old);
  }
  if (life <= seconds(0) || octets > max_shard_octets_) {
    return;
  }
  while (shard.octets + octets > max_shard_octets_) {
    shard.drop(shard.entries.find(*shard.order.back()));
  }
  const auto [entry, added] = shard.entries.try_emplace(question, Entry{answer, now + life, octets, {}});
  shard.order.push_front(&entry->first);
  entry->second.place = shard.order.begin();
  shard.octets += octets;
}

dns::AnswerPtr Cache::cached(const dns::Question& question, Clock::time_point now) {
  Shard& shard = shard_of(question);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.entries.find(question);
  if (found == shard.entries.end()) {
    return nullptr;
  }
  Entry& entry = found->second;
  if (entry.expires <= now) {
    shard.drop(found);
    return nullptr;
  }
  shard.order.splice(shard.order.begin(), shard.order, entry.place);
  return entry.answer;
}

Cache::Usage Cache::usage() const {
  Usage usage;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    usage.entries += shard.entries.size();
    usage.octets += shard.octets;
  }
  return usage;
}

}  // namespace assay::resolver
