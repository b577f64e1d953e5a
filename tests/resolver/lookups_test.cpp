#include "resolver/lookups.h"

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

namespace assay::resolver {
namespace {

using dns::Question;
using dns::Status;
using dns::Type;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

dns::AnswerPtr make(const std::string& text) {
  auto answer = std::make_shared<dns::Answer>();
  answer->status = Status::Found;
  answer->texts.push_back(text);
  return answer;
}

/// Answers when it is told to, on the thread that tells it; what is in `at_hand` at once.
class ScriptedBackend final : public Backend {
 public:
  void ask(const Question& question, OnAnswer on_answer) override {
    dns::AnswerPtr answer;
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(question);
      const auto found = at_hand_.find(question.name);
      if (found == at_hand_.end()) {
        waiting_.emplace_back(question, std::move(on_answer));
        return;
      }
      answer = found->second;
    }
    on_answer(std::move(answer));
  }

  dns::AnswerPtr cached(const Question& question) override {
    const std::lock_guard lock(mutex_);
    const auto found = cache_.find(question.name);
    return found == cache_.end() ? nullptr : found->second;
  }

  /// What cached() has.
  void cache(const std::string& name, const std::string& text) {
    const std::lock_guard lock(mutex_);
    cache_[name] = make(text);
  }
  void have(const std::string& name, const std::string& text) {
    const std::lock_guard lock(mutex_);
    at_hand_[name] = make(text);
  }

  /// Answers all that wait, with the name asked for as text.
  void answer_all() {
    std::vector<std::pair<Question, OnAnswer>> waiting;
    {
      const std::lock_guard lock(mutex_);
      waiting.swap(waiting_);
    }
    for (auto& [question, on_answer] : waiting) {
      on_answer(make(question.name));
    }
  }

  [[nodiscard]] std::vector<Question> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  [[nodiscard]] std::size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Question> asked_;
  std::map<std::string, dns::AnswerPtr> at_hand_;
  std::map<std::string, dns::AnswerPtr> cache_;
  std::vector<std::pair<Question, OnAnswer>> waiting_;
};

const Question kA{"a.test", Type::TXT};
const Question kB{"b.test", Type::TXT};

TEST_CASE("resolver/lookups: the same question gets the same answer, and is asked once", "[resolver][lookups]") {
  const auto backend = std::make_shared<ScriptedBackend>();
  backend->have("a.test", "old");
  Lookups lookups(backend);
  CHECK(lookups.known(kA) == nullptr);
  const auto first = lookups.lookup(kA);
  CHECK(first->texts[0] == "old");
  backend->have("a.test", "new");
  CHECK(lookups.lookup(kA) == first);
  CHECK(lookups.known(kA) == first);
  CHECK(backend->asked().size() == 1);
  // Another message asks anew; another type is another question.
  Lookups other(backend);
  CHECK(other.lookup(kA)->texts[0] == "new");
  CHECK(lookups.lookup({"a.test", Type::MX}) != first);
  CHECK(backend->asked().size() == 3);
}

TEST_CASE("resolver/lookups: lookup waits for what was prefetched, without asking again", "[resolver][lookups]") {
  const auto backend = std::make_shared<ScriptedBackend>();
  Lookups lookups(backend);
  lookups.set_deadline(Clock::now() + seconds(20));
  std::atomic<int> ready{0};
  lookups.prefetch({kA, kB, kA}, [&ready] { ++ready; });
  lookups.prefetch({kB}, [&ready] { ready += 100; });
  CHECK(backend->asked() == std::vector<Question>{kA, kB});
  CHECK(lookups.known(kA) == nullptr);
  CHECK(ready == 0);
  std::thread answering([&backend] {
    std::this_thread::sleep_for(milliseconds(20));
    backend->answer_all();
  });
  CHECK(lookups.lookup(kA)->texts[0] == "a.test");
  answering.join();
  CHECK(ready == 2);
  CHECK(lookups.known(kB)->texts[0] == "b.test");
  CHECK(backend->asked().size() == 2);
}

TEST_CASE("resolver/lookups: kMaxAhead questions are asked ahead, one more waits for its lookup",
          "[resolver][lookups][bounds]") {
  const auto backend = std::make_shared<ScriptedBackend>();
  Lookups lookups(backend);
  lookups.set_deadline(Clock::now() + seconds(20));
  std::vector<Question> questions;
  for (std::size_t i = 0; i <= Lookups::kMaxAhead; ++i) {
    questions.push_back({"n" + std::to_string(i) + ".test", Type::TXT});
  }
  lookups.prefetch(questions, nullptr);
  CHECK(backend->asked().size() == Lookups::kMaxAhead);
  backend->have(questions.back().name, "x");
  CHECK(lookups.lookup(questions.back())->texts[0] == "x");
  CHECK(backend->asked().size() == Lookups::kMaxAhead + 1);
}

TEST_CASE("resolver/lookups: prefetch tells at once what is at hand", "[resolver][lookups]") {
  const auto backend = std::make_shared<ScriptedBackend>();
  backend->have("a.test", "x");
  Lookups lookups(backend);
  int ready = 0;
  lookups.prefetch({kA, kB}, [&] {
    ++ready;
    // It may look and ask in turn.
    CHECK(lookups.known(kA) != nullptr);
    lookups.prefetch({{"c.test", Type::A}}, nullptr);
  });
  CHECK(ready == 1);
  CHECK(backend->asked().size() == 3);
}

TEST_CASE("resolver/lookups: what the backend has at hand is known without being asked", "[resolver][lookups]") {
  const auto backend = std::make_shared<ScriptedBackend>();
  backend->cache("a.test", "old");
  Lookups lookups(backend);
  CHECK(lookups.known(kA) == nullptr);
  const auto first = lookups.at_hand(kA);
  REQUIRE(first != nullptr);
  CHECK(lookups.known(kA) == first);
  backend->cache("a.test", "new");
  CHECK(lookups.at_hand(kA) == first);
  CHECK(lookups.lookup(kA) == first);
  // What is not there is not asked for; what is under way is not taken from the cache.
  CHECK(lookups.at_hand(kB) == nullptr);
  CHECK(backend->asked().empty());
  lookups.prefetch({kB}, nullptr);
  backend->cache("b.test", "cached");
  CHECK(lookups.at_hand(kB) == nullptr);
  backend->answer_all();
  CHECK(lookups.at_hand(kB)->texts[0] == "b.test");
  CHECK(backend->asked() == std::vector<Question>{kB});
}

TEST_CASE("resolver/lookups: the deadline gives TempFail, which stays", "[resolver][lookups]") {
  const auto backend = std::make_shared<ScriptedBackend>();
  Lookups lookups(backend);
  lookups.set_deadline(Clock::now() + milliseconds(30));
  const auto begin = Clock::now();
  const auto late = lookups.lookup(kA);
  CHECK(Clock::now() - begin >= milliseconds(29));
  CHECK(Clock::now() - begin < seconds(5));
  CHECK(late->status == Status::TempFail);
  CHECK(late->detail == "the deadline of the message passed");
  backend->answer_all();
  CHECK(lookups.lookup(kA) == late);
  CHECK(lookups.known(kA) == late);
  lookups.set_deadline(Clock::now() + seconds(5));
  CHECK(lookups.lookup(kA) == late);
}

TEST_CASE("resolver/lookups: past the deadline what is at hand is still good, and nothing else is waited for",
          "[resolver][lookups]") {
  const auto backend = std::make_shared<ScriptedBackend>();
  backend->have("a.test", "x");
  Lookups lookups(backend);
  lookups.prefetch({kB}, nullptr);
  backend->answer_all();
  lookups.set_deadline(Clock::now() - seconds(1));
  CHECK(lookups.lookup(kA)->status == Status::Found);
  CHECK(lookups.lookup(kB)->status == Status::Found);
  const auto begin = Clock::now();
  for (int i = 0; i < 100; ++i) {
    CHECK(lookups.lookup({std::to_string(i) + ".test", Type::TXT})->status == Status::TempFail);
  }
  CHECK(Clock::now() - begin < seconds(1));
}

TEST_CASE("resolver/lookups: a deadline set while someone waits counts for him", "[resolver][lookups]") {
  const auto backend = std::make_shared<ScriptedBackend>();
  Lookups lookups(backend);
  dns::AnswerPtr answer;
  std::thread waiting([&] { answer = lookups.lookup(kA); });
  while (backend->waiting() == 0) {
    std::this_thread::yield();
  }
  lookups.set_deadline(Clock::now() + milliseconds(10));
  waiting.join();
  CHECK(answer->status == Status::TempFail);
}

TEST_CASE("resolver/lookups: used() tells what lookup answered, in order of first use, not what was prefetched",
          "[resolver][lookups]") {
  const auto backend = std::make_shared<ScriptedBackend>();
  Lookups lookups(backend);
  CHECK(lookups.used().empty());
  lookups.prefetch({kA, kB, {"never.test", Type::A}}, nullptr);
  backend->answer_all();
  static_cast<void>(lookups.lookup(kB));
  static_cast<void>(lookups.lookup(kA));
  static_cast<void>(lookups.lookup(kB));
  lookups.set_deadline(Clock::now());
  static_cast<void>(lookups.lookup({"late.test", Type::MX}));
  const auto used = lookups.used();
  REQUIRE(used.size() == 3);
  CHECK(used[0].first == kB);
  CHECK(used[0].second->texts[0] == "b.test");
  CHECK(used[1].first == kA);
  CHECK(used[2].first == Question{"late.test", Type::MX});
  CHECK(used[2].second->status == Status::TempFail);
}

TEST_CASE("resolver/lookups: slower_than() tells what was waited for, the slowest first", "[resolver][lookups]") {
  const auto backend = std::make_shared<ScriptedBackend>();
  backend->cache("cached.example", "at hand");
  Lookups lookups(backend);
  lookups.prefetch({{"slow.example", Type::TXT}}, {});
  std::this_thread::sleep_for(milliseconds(40));
  lookups.prefetch({{"faster.example", Type::TXT}}, {});
  std::this_thread::sleep_for(milliseconds(20));
  backend->answer_all();
  CHECK(lookups.lookup({"cached.example", Type::TXT})->status == Status::Found);
  lookups.set_deadline(Clock::now() + milliseconds(80));
  CHECK(lookups.lookup({"silent.example", Type::TXT})->status == Status::TempFail);
  lookups.prefetch({{"unanswered.example", Type::TXT}}, {});

  const auto slow = lookups.slower_than(milliseconds(10));
  REQUIRE(slow.size() == 3);
  // How long each took depends on how busy the machine is, but for the least.
  const std::map<std::string, std::pair<milliseconds, Status>> least{
      {"silent.example", {milliseconds(80), Status::TempFail}},
      {"slow.example", {milliseconds(60), Status::Found}},
      {"faster.example", {milliseconds(20), Status::Found}}};
  for (std::size_t i = 0; i < slow.size(); ++i) {
    CAPTURE(slow[i].question.name);
    REQUIRE(least.count(slow[i].question.name) == 1);
    CHECK(slow[i].took >= least.at(slow[i].question.name).first);
    CHECK(slow[i].status == least.at(slow[i].question.name).second);
    CHECK((i == 0 || slow[i - 1].took >= slow[i].took));
  }
  CHECK(lookups.slower_than(slow.front().took).front().question.name == slow.front().question.name);
  CHECK(lookups.slower_than(seconds(100)).empty());
}

TEST_CASE("resolver/lookups: answers after its end are dropped", "[resolver][lookups]") {
  const auto backend = std::make_shared<ScriptedBackend>();
  int ready = 0;
  {
    Lookups lookups(backend);
    lookups.prefetch({kA, kB}, [&ready] { ++ready; });
  }
  backend->answer_all();
  CHECK(ready == 0);
}

TEST_CASE("resolver/lookups: many threads may look up, prefetch and be answered at once", "[resolver][lookups]") {
  const auto backend = std::make_shared<ScriptedBackend>();
  Lookups lookups(backend);
  lookups.set_deadline(Clock::now() + seconds(60));
  std::atomic<int> wrong{0};
  std::atomic<bool> done{false};
  std::thread answering([&] {
    while (!done) {
      backend->answer_all();
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&lookups, &wrong, t] {
      for (int i = 0; i < 300; ++i) {
        const Question question{std::to_string((i + 50 * t) % 400) + ".test", Type::TXT};
        if (i % 3 == 0) {
          lookups.prefetch({question}, [] {});
        }
        const auto answer = lookups.lookup(question);
        if (answer->status != Status::Found || answer->texts[0] != question.name) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  done = true;
  answering.join();
  CHECK(wrong == 0);
  CHECK(backend->asked().size() == 400);
  CHECK(lookups.used().size() == 400);
}

}  // namespace
}  // namespace assay::resolver
