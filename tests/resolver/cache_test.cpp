#include "resolver/cache.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "resolver/question_hash.h"
#include "tests/support/catch.h"

namespace assay::resolver {
namespace {

using dns::Question;
using dns::Status;
using dns::Type;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Question kQuestion{"a.test", Type::TXT};
constexpr std::size_t kRoomy = std::size_t{1} << 20U;

dns::AnswerPtr make(Status status, seconds ttl, const std::string& text = "x") {
  auto answer = std::make_shared<dns::Answer>();
  answer->status = status;
  answer->ttl = ttl;
  if (status == Status::Found) {
    answer->texts.push_back(text);
  }
  return answer;
}

/// Any point in time: the cache knows no other clock than the one it is given.
const Cache::Clock::time_point kStart{seconds(1'000'000)};

TEST_CASE("resolver/cache: an answer lives as long as its TTL, within the bound of its kind", "[resolver][cache]") {
  struct Row {
    const char* name;
    Status status;
    seconds ttl;
    seconds life;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"found", Status::Found, seconds(300), seconds(300)},
           {"found, one second", Status::Found, seconds(1), seconds(1)},
           {"found, TTL 0", Status::Found, seconds(0), seconds(0)},
           {"found, at the bound", Status::Found, kMaxTtl, kMaxTtl},
           {"found, over the bound", Status::Found, kMaxTtl + seconds(1), kMaxTtl},
           {"no data", Status::NoData, seconds(60), seconds(60)},
           {"no data without SOA", Status::NoData, seconds(0), seconds(0)},
           {"no data, over the bound", Status::NoData, kMaxNegativeTtl + seconds(1), kMaxNegativeTtl},
           {"no such name", Status::NxDomain, seconds(60), seconds(60)},
           {"no such name, over the bound", Status::NxDomain, seconds(1'000'000), kMaxNegativeTtl},
           {"failure", Status::TempFail, seconds(0), kFailureTtl},
           {"failure, whatever it claims", Status::TempFail, seconds(300), kFailureTtl},
           {"bogus", Status::Bogus, seconds(300), kFailureTtl},
       }) {
    CAPTURE(row.name);
    Cache cache(kRoomy);
    cache.put(kQuestion, make(row.status, row.ttl), kStart);
    const auto last = kStart + row.life - milliseconds(1);
    if (row.life > seconds(0)) {
      REQUIRE(cache.cached(kQuestion, last) != nullptr);
      CHECK(cache.cached(kQuestion, last)->status == row.status);
    }
    CHECK(cache.cached(kQuestion, kStart + row.life) == nullptr);
    // Its place is for the answer that comes next.
    cache.put(kQuestion, make(Status::Found, seconds(60)), kStart + row.life);
    CHECK(cache.cached(kQuestion, kStart + row.life)->status == Status::Found);
    CHECK(cache.usage().entries == 1);
  }
}

TEST_CASE("resolver/cache: everybody gets the same object, with what was read from it", "[resolver][cache]") {
  Cache cache(kRoomy);
  const auto answer = make(Status::Found, seconds(10));
  cache.put(kQuestion, answer, kStart);
  CHECK(cache.cached(kQuestion, kStart) == answer);
  CHECK(cache.cached(kQuestion, kStart + milliseconds(1100)) == answer);
  CHECK(cache.cached(kQuestion, kStart + milliseconds(9999)) == answer);
}

TEST_CASE("resolver/cache: each question has its own answer; no name speaks for another (RFC 4074 section 4.2)",
          "[resolver][cache]") {
  Cache cache(kRoomy);
  cache.put({"a.test", Type::AAAA}, make(Status::NxDomain, seconds(60)), kStart);
  CHECK(cache.cached({"a.test", Type::AAAA}, kStart) != nullptr);
  CHECK(cache.cached({"a.test", Type::A}, kStart) == nullptr);
  CHECK(cache.cached({"b.a.test", Type::AAAA}, kStart) == nullptr);
}

TEST_CASE("resolver/cache: a newer answer replaces the older, also when it is not kept itself", "[resolver][cache]") {
  Cache cache(kRoomy);
  cache.put(kQuestion, make(Status::Found, seconds(300), "old"), kStart);
  cache.put(kQuestion, make(Status::Found, seconds(300), "new"), kStart + seconds(1));
  CHECK(cache.cached(kQuestion, kStart + seconds(1))->texts[0] == "new");
  CHECK(cache.usage().entries == 1);
  cache.put(kQuestion, make(Status::Found, seconds(0), "now"), kStart + seconds(2));
  CHECK(cache.cached(kQuestion, kStart + seconds(2)) == nullptr);
}

TEST_CASE("resolver/cache: an answer as large as the share of those on probation is kept, one octet more is not",
          "[resolver][cache]") {
  // Strings of this length take what they need and no more in the standard library at hand; octets_of knows.
  const auto answer = make(Status::Found, seconds(60), std::string(1000, 'x'));
  const std::size_t octets = Cache::octets_of(kQuestion, *answer);
  CHECK(octets > 1000);
  constexpr std::size_t kShares = 100 / (100 - Cache::kProtectedPercent);
  // A multiple of 100 octets, so that the shares are whole.
  const std::size_t shard = (octets * kShares + 99) / 100 * 100;
  const std::size_t share = shard / kShares;
  const auto padded = make(Status::Found, seconds(60), std::string(1000 + share - octets, 'x'));
  REQUIRE(Cache::octets_of(kQuestion, *padded) == share);
  const auto larger = make(Status::Found, seconds(60), std::string(1001 + share - octets, 'x'));
  REQUIRE(Cache::octets_of(kQuestion, *larger) == share + 1);
  Cache cache(shard * Cache::kShards);
  cache.put(kQuestion, padded, kStart);
  CHECK(cache.cached(kQuestion, kStart) != nullptr);
  CHECK(cache.usage().octets == share);
  cache.put(kQuestion, larger, kStart);
  CHECK(cache.cached(kQuestion, kStart) == nullptr);
  CHECK(cache.usage().octets == 0);
}

TEST_CASE("resolver/cache: never more octets than allowed, whatever is put", "[resolver][cache]") {
  constexpr std::size_t kMax = 100'000;
  Cache cache(kMax);
  std::size_t most = 0;
  for (int i = 0; i < 5000; ++i) {
    cache.put({std::to_string(i) + ".test", Type::TXT},
              make(Status::Found, seconds(300), std::string(static_cast<std::size_t>(i % 700), 'x')), kStart);
    most = std::max(most, cache.usage().octets);
  }
  CHECK(most <= kMax);
  // It is used well, too.
  CHECK(most > kMax * 8 / 10);
  CHECK(cache.usage().entries > 20);
}

TEST_CASE("resolver/cache: with room for N answers of a shard, the N+1st drops the least recently used",
          "[resolver][cache]") {
  const auto answer = make(Status::Found, seconds(300));
  const std::size_t octets = Cache::octets_of({"0000.test", Type::TXT}, *answer);
  // Names that meet in one shard.
  constexpr std::size_t kRoom = 10;
  std::vector<Question> together;
  for (int i = 0; together.size() < kRoom + 1; ++i) {
    const Question question{std::to_string(10'000 + i).substr(1) + ".test", Type::TXT};
    if (question_hash(question) >> 60U == 0) {
      together.push_back(question);
    }
  }
  Cache cache(kRoom * octets * Cache::kShards);
  for (std::size_t i = 0; i < kRoom; ++i) {
    cache.put(together[i], answer, kStart);
  }
  CHECK(cache.usage().entries == kRoom);
  CHECK(cache.cached(together[0], kStart) != nullptr);  // Now the second is the one not used for longest.
  cache.put(together[kRoom], answer, kStart);
  CHECK(cache.usage().entries == kRoom);
  for (std::size_t i = 0; i <= kRoom; ++i) {
    CAPTURE(i);
    CHECK((cache.cached(together[i], kStart) != nullptr) == (i != 1));
  }
}

/// A name for each number, all of one length.
Question numbered(const std::string& kind, int number) {
  return {kind + std::to_string(100'000 + number) + ".test", Type::TXT};
}

TEST_CASE("resolver/cache: names that are asked once do not drop those that are used", "[resolver][cache]") {
  const auto answer = make(Status::Found, seconds(300));
  const std::size_t octets = Cache::octets_of(numbered("hot", 0), *answer);
  constexpr int kHot = 500;
  constexpr int kRoom = 1600;
  Cache cache(kRoom * octets);
  for (int i = 0; i < kHot; ++i) {
    cache.put(numbered("hot", i), answer, kStart);
    REQUIRE(cache.cached(numbered("hot", i), kStart) != nullptr);  // Asked for again once is enough.
  }
  int lost = 0;
  for (int i = 0; i < 10 * kRoom; ++i) {
    cache.put(numbered("one", i), answer, kStart);
    if (i % 1000 == 999) {
      for (int hot = 0; hot < kHot; hot += 7) {
        lost += cache.cached(numbered("hot", hot), kStart) == nullptr ? 1 : 0;
      }
    }
  }
  for (int i = 0; i < kHot; ++i) {
    lost += cache.cached(numbered("hot", i), kStart) == nullptr ? 1 : 0;
  }
  CHECK(lost == 0);
  CHECK(cache.usage().octets <= kRoom * octets);
}

TEST_CASE("resolver/cache: an answer that replaces a used one is safe from such names at once", "[resolver][cache]") {
  const auto answer = make(Status::Found, seconds(300));
  constexpr int kRoom = 1600;
  Cache cache(kRoom * Cache::octets_of(numbered("hot", 0), *answer));
  const Question hot = numbered("hot", 0);
  const Question cold = numbered("hot", 1);
  cache.put(hot, answer, kStart);
  static_cast<void>(cache.cached(hot, kStart));
  // Expired, asked again, answered anew.
  const auto later = kStart + seconds(300);
  CHECK(cache.cached(hot, later) == nullptr);
  cache.put(hot, answer, later);
  cache.put(cold, answer, later);
  for (int i = 0; i < 10 * kRoom; ++i) {
    cache.put(numbered("one", i), answer, later);
  }
  CHECK(cache.cached(hot, later) != nullptr);
  CHECK(cache.cached(cold, later) == nullptr);
}

TEST_CASE("resolver/cache: protected answers fill their share and no more", "[resolver][cache]") {
  const auto answer = make(Status::Found, seconds(300));
  const std::size_t octets = Cache::octets_of(numbered("hot", 0), *answer);
  // All are used, far more than there is room for: new ones still get in, and the bound holds.
  constexpr int kRoom = 1600;
  Cache cache(kRoom * octets);
  for (int i = 0; i < 5 * kRoom; ++i) {
    cache.put(numbered("hot", i), answer, kStart);
    REQUIRE(cache.cached(numbered("hot", i), kStart) != nullptr);
  }
  CHECK(cache.usage().octets <= kRoom * octets);
  CHECK(cache.usage().octets > kRoom * octets / 10 * 9);
  // Those used last are there, also after a flood: all that the protected share holds of them.
  for (int i = 0; i < 10 * kRoom; ++i) {
    cache.put(numbered("one", i), answer, kStart);
  }
  int kept = 0;
  for (int i = 0; i < 5 * kRoom; ++i) {
    kept += cache.cached(numbered("hot", i), kStart) != nullptr ? 1 : 0;
  }
  // A shard has the room of 100 answers. Of its own share it may fail to fill one.
  constexpr int kShare = kRoom / 100 * static_cast<int>(Cache::kProtectedPercent);
  CHECK(kept <= kShare);
  CHECK(kept >= kShare - static_cast<int>(Cache::kShards));
}

TEST_CASE("resolver/cache: a cache without room keeps nothing", "[resolver][cache]") {
  Cache cache(0);
  cache.put(kQuestion, make(Status::Found, seconds(300)), kStart);
  CHECK(cache.cached(kQuestion, kStart) == nullptr);
}

TEST_CASE("resolver/cache: threads may use it at once", "[resolver][cache]") {
  Cache cache(50'000);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, &wrong, t] {
      for (int i = 0; i < 5000; ++i) {
        const std::string name = std::to_string((i * 7 + t) % 500) + ".test";
        const auto now = kStart + milliseconds(i);
        cache.put({name, Type::TXT}, make(Status::Found, seconds(1 + i % 3), name), now);
        const auto answer = cache.cached({name, Type::TXT}, now);
        if (answer != nullptr && answer->texts[0] != name) {
          ++wrong;
        }
        static_cast<void>(cache.usage());
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(wrong == 0);
  CHECK(cache.usage().octets <= 50'000);
}

}  // namespace
}  // namespace assay::resolver
