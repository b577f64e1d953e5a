#include "resolver/lookups.h"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>

#include "resolver/answer_reader.h"
#include "resolver/question_hash.h"

namespace assay::resolver {

struct Lookups::State {
  using Clock = std::chrono::steady_clock;
  struct Entry {
    dns::Question question;
    dns::AnswerPtr answer;       ///< Null while it is under way. Set once; later answers are dropped.
    std::size_t first_used = 0;  ///< When lookup() first returned it, from 1; 0: not yet.
    Clock::time_point asked{};   ///< Of what was not at hand.
    Clock::duration took{0};     ///< From then to the answer.

    void answer_with(dns::AnswerPtr its) {
      answer = std::move(its);
      took = Clock::now() - asked;
    }
  };
  static constexpr std::size_t kUsual = 16;  ///< Questions of a usual message.

  State() {
    hashes.reserve(kUsual);
    entries.reserve(kUsual);
  }

  std::mutex mutex;
  std::condition_variable answered;
  // All guarded by mutex. A message asks some ten questions, at worst a few hundred: going through their hashes, which
  // lie side by side, costs less than a table.
  std::vector<std::uint64_t> hashes;
  std::vector<Entry> entries;  ///< Only ever added to, so that an index stays good.
  std::size_t used = 0;
  std::size_t ahead_left = kMaxAhead;  ///< Questions that may still be asked ahead.
  std::optional<std::chrono::steady_clock::time_point> deadline;
  bool ended = false;

  /// Where the question is, or entries.size().
  [[nodiscard]] std::size_t find(const dns::Question& question, std::uint64_t hash) const {
    std::size_t index = 0;
    while (index < hashes.size() && (hashes[index] != hash || entries[index].question != question)) {
      ++index;
    }
    return index;
  }

  /// Where the question is now, whether or not it was there.
  std::size_t find_or_add(const dns::Question& question, std::uint64_t hash, dns::AnswerPtr answer) {
    const std::size_t index = find(question, hash);
    if (index == entries.size()) {
      if (hashes.size() == hashes.capacity()) {
        hashes.reserve(2 * hashes.capacity());  // Here, so that no want of memory leaves one of the two longer.
      }
      entries.push_back({.question = question, .answer = std::move(answer)});
      hashes.push_back(hash);
    }
    return index;
  }

  /// Takes an answer from the backend. False if nobody waits for it any more.
  bool take(const dns::Question& question, dns::AnswerPtr answer) {
    {
      const std::lock_guard lock(mutex);
      const std::size_t index = find(question, question_hash(question));
      if (ended || index == entries.size() || entries[index].answer != nullptr) {
        return false;
      }
      entries[index].answer_with(std::move(answer));
    }
    answered.notify_all();
    return true;
  }

  /// As begin(), unless there are too many.
  bool begin_ahead(const dns::Question& question, std::uint64_t hash) {
    const std::lock_guard lock(mutex);
    const std::size_t before = entries.size();
    if (ahead_left == 0 || find_or_add(question, hash, nullptr) != before) {
      return false;
    }
    --ahead_left;
    entries[before].asked = Clock::now();
    return true;
  }

  /// Notes that `question` is being asked. False if it was before.
  bool begin(const dns::Question& question, std::uint64_t hash) {
    const std::lock_guard lock(mutex);
    const std::size_t before = entries.size();
    if (find_or_add(question, hash, nullptr) != before) {
      return false;
    }
    entries[before].asked = Clock::now();
    return true;
  }

  /// The answer that lookup() returns.
  dns::AnswerPtr use(Entry& entry) {
    if (entry.first_used == 0) {
      entry.first_used = ++used;
    }
    return entry.answer;
  }

  /// Waits for the answer until the deadline, which then is the answer.
  dns::AnswerPtr wait(const dns::Question& question, std::uint64_t hash) {
    std::unique_lock lock(mutex);
    const std::size_t index = find(question, hash);
    // While it waits others may add entries and so move them.
    while (entries[index].answer == nullptr) {
      if (!deadline) {
        answered.wait(lock);
      } else if (std::chrono::steady_clock::now() >= *deadline) {
        entries[index].answer_with(
            std::make_shared<const dns::Answer>(temp_fail("the deadline of the message passed")));
      } else {
        // A copy, since the wait gives up the lock and set_deadline may write.
        const auto until = *deadline;
        answered.wait_until(lock, until);
      }
    }
    return use(entries[index]);
  }
};

Lookups::Lookups(std::shared_ptr<Backend> backend) : backend_(std::move(backend)), state_(std::make_shared<State>()) {}

Lookups::~Lookups() {
  const std::lock_guard lock(state_->mutex);
  state_->ended = true;
}

void Lookups::set_deadline(std::chrono::steady_clock::time_point deadline) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->deadline = deadline;
  }
  // Whoever waits already must wait for the new one.
  state_->answered.notify_all();
}

dns::AnswerPtr Lookups::lookup(const dns::Question& question) {
  const std::uint64_t hash = question_hash(question);
  bool is_known = false;
  {
    const std::lock_guard lock(state_->mutex);
    const std::size_t index = state_->find(question, hash);
    is_known = index < state_->entries.size();
    if (is_known && state_->entries[index].answer != nullptr) {
      return state_->use(state_->entries[index]);
    }
  }
  if (!is_known) {
    // Without the lock: the backend has its own.
    if (dns::AnswerPtr answer = backend_->cached(question)) {
      const std::lock_guard lock(state_->mutex);
      State::Entry& entry = state_->entries[state_->find_or_add(question, hash, answer)];
      if (entry.answer != nullptr) {
        return state_->use(entry);
      }
    } else if (state_->begin(question, hash)) {
      // Past the deadline too: an answer at hand is still good, and one that comes late is in the cache when the MTA
      // tries again.
      backend_->ask(question, [weak = std::weak_ptr<State>(state_), question](dns::AnswerPtr its) {
        if (const auto state = weak.lock()) {
          state->take(question, std::move(its));
        }
      });
    }
  }
  return state_->wait(question, hash);
}

dns::AnswerPtr Lookups::known(const dns::Question& question) const {
  const std::uint64_t hash = question_hash(question);
  const std::lock_guard lock(state_->mutex);
  const std::size_t index = state_->find(question, hash);
  return index == state_->entries.size() ? nullptr : state_->entries[index].answer;
}

dns::AnswerPtr Lookups::at_hand(const dns::Question& question) {
  const std::uint64_t hash = question_hash(question);
  {
    const std::lock_guard lock(state_->mutex);
    const std::size_t index = state_->find(question, hash);
    if (index < state_->entries.size()) {
      return state_->entries[index].answer;
    }
  }
  // Without the lock: the backend has its own.
  dns::AnswerPtr answer = backend_->cached(question);
  if (answer == nullptr) {
    return nullptr;
  }
  const std::lock_guard lock(state_->mutex);
  return state_->entries[state_->find_or_add(question, hash, std::move(answer))].answer;
}

void Lookups::renew_ahead() {
  const std::lock_guard lock(state_->mutex);
  state_->ahead_left = kMaxAhead;
}

void Lookups::prefetch(const std::vector<dns::Question>& questions, const std::function<void()>& on_ready) {
  for (const dns::Question& question : questions) {
    if (!state_->begin_ahead(question, question_hash(question))) {
      continue;
    }
    backend_->ask(question, [weak = std::weak_ptr<State>(state_), question, on_ready](dns::AnswerPtr answer) {
      const auto state = weak.lock();
      if (state && state->take(question, std::move(answer)) && on_ready) {
        on_ready();
      }
    });
  }
}

std::vector<std::pair<dns::Question, dns::AnswerPtr>> Lookups::used() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::pair<dns::Question, dns::AnswerPtr>> used(state_->used);
  for (const State::Entry& entry : state_->entries) {
    if (entry.first_used != 0) {
      used[entry.first_used - 1] = {entry.question, entry.answer};
    }
  }
  return used;
}

std::vector<dns::Timed> Lookups::slower_than(std::chrono::milliseconds least) const {
  std::vector<dns::Timed> slow;
  {
    const std::lock_guard lock(state_->mutex);
    for (const State::Entry& entry : state_->entries) {
      if (entry.answer != nullptr && entry.took >= least) {
        slow.push_back(
            {entry.question, entry.answer->status, std::chrono::duration_cast<std::chrono::milliseconds>(entry.took)});
      }
    }
  }
  std::stable_sort(slow.begin(), slow.end(), [](const dns::Timed& a, const dns::Timed& b) { return a.took > b.took; });
  return slow;
}

}  // namespace assay::resolver
