#include "verify/dns/memo.h"

#include <array>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "verify/dns/answer.h"

namespace assay::dns {
namespace {

struct Length {
  std::size_t octets = 0;
};

TEST_CASE("dns/memo: made once, then the same object", "[dns][memo]") {
  const Memo memo;
  int made = 0;
  const auto make = [&made] {
    ++made;
    return Length{7};
  };
  const Length& first = memo.get<Length>(make);
  CHECK(first.octets == 7);
  CHECK(&memo.get<Length>(make) == &first);
  CHECK(made == 1);
}

TEST_CASE("dns/memo: one object of each type", "[dns][memo]") {
  const Memo memo;
  const Length& length = memo.get<Length>([] { return Length{7}; });
  const std::string& text = memo.get<std::string>([] { return std::string("seven"); });
  CHECK(memo.get<int>([] { return 8; }) == 8);
  CHECK(&memo.get<Length>([] { return Length{9}; }) == &length);
  CHECK(&memo.get<std::string>([] { return std::string("nine"); }) == &text);
  CHECK(memo.get<int>([] { return 9; }) == 8);
}

TEST_CASE("dns/memo: what cannot be made is not kept", "[dns][memo]") {
  const Memo memo;
  CHECK_THROWS_AS(memo.get<Length>([]() -> Length { throw std::runtime_error("no memory"); }), std::runtime_error);
  CHECK(memo.get<Length>([] { return Length{7}; }).octets == 7);
}

TEST_CASE("dns/memo: a copy starts empty, for it may be changed", "[dns][memo]") {
  Answer answer;
  answer.texts = {"one"};
  const auto length_of = [](const Answer& its) {
    return its.parsed.get<Length>([&its] { return Length{its.texts.front().size()}; }).octets;
  };
  CHECK(length_of(answer) == 3);
  Answer other = answer;
  other.texts = {"three"};
  CHECK(length_of(other) == 5);
  other = answer;
  CHECK(length_of(other) == 3);
  CHECK(length_of(answer) == 3);
}

TEST_CASE("dns/memo: of several threads that make it at once one wins, and all get that one", "[dns][memo]") {
  constexpr std::size_t kThreads = 4;
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    const Memo memo;
    std::atomic<std::size_t> ready{0};
    std::array<const std::string*, kThreads> seen{};
    std::array<const Length*, kThreads> lengths{};
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        ++ready;
        while (ready < kThreads) {
        }
        seen[thread] = &memo.get<std::string>([] { return std::string(100, 'x'); });
        lengths[thread] = &memo.get<Length>([] { return Length{100}; });
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    for (std::size_t thread = 0; thread < kThreads; ++thread) {
      REQUIRE(seen[thread] == seen[0]);
      REQUIRE(lengths[thread] == lengths[0]);
    }
    REQUIRE(*seen[0] == std::string(100, 'x'));
  }
}

}  // namespace
}  // namespace assay::dns
