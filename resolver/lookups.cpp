#include "resolver/lookups.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "resolver/answer_reader.h"

namespace assay::resolver {

struct Lookups::State {
  struct Entry {
    dns::AnswerPtr answer;  ///< Null while it is under way. Set once; later answers are dropped.
    bool used = false;      ///< lookup() returned it.
  };

  std::mutex mutex;
  std::condition_variable answered;
  // All guarded by mutex. The keys of a map keep their place, so `order` may point to them.
  std::unordered_map<dns::Question, Entry> entries;
  std::vector<const dns::Question*> order;  ///< Those used, in order of first use.
  std::optional<std::chrono::steady_clock::time_point> deadline;
  bool ended = false;

  /// Takes an answer from the backend. False if nobody waits for it any more.
  bool take(const dns::Question& question, dns::AnswerPtr answer) {
    {
      const std::lock_guard lock(mutex);
      const auto entry = entries.find(question);
      if (ended || entry == entries.end() || entry->second.answer != nullptr) {
        return false;
      }
      entry->second.answer = std::move(answer);
    }
    answered.notify_all();
    return true;
  }

  /// Notes that `question` is being asked. False if it was before.
  bool begin(const dns::Question& question) {
    const std::lock_guard lock(mutex);
    return entries.try_emplace(question).second;
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
  // Past the deadline too: an answer at hand is still good, and one that comes late is in the cache when the MTA
  // tries again.
  if (at_hand(question) == nullptr && state_->begin(question)) {
    backend_->ask(question, [weak = std::weak_ptr<State>(state_), question](dns::AnswerPtr answer) {
      if (const auto state = weak.lock()) {
        state->take(question, std::move(answer));
      }
    });
  }
  std::unique_lock lock(state_->mutex);
  // A reference stays good while others add questions; an iterator would not.
  auto& [asked, entry] = *state_->entries.find(question);
  while (entry.answer == nullptr) {
    if (!state_->deadline) {
      state_->answered.wait(lock);
    } else if (std::chrono::steady_clock::now() >= *state_->deadline) {
      entry.answer = std::make_shared<const dns::Answer>(temp_fail("the deadline of the message passed"));
    } else {
      // A copy, since the wait gives up the lock and set_deadline may write.
      const auto deadline = *state_->deadline;
      state_->answered.wait_until(lock, deadline);
    }
  }
  if (!entry.used) {
    entry.used = true;
    state_->order.push_back(&asked);
  }
  return entry.answer;
}

dns::AnswerPtr Lookups::known(const dns::Question& question) const {
  const std::lock_guard lock(state_->mutex);
  const auto entry = state_->entries.find(question);
  return entry == state_->entries.end() ? nullptr : entry->second.answer;
}

dns::AnswerPtr Lookups::at_hand(const dns::Question& question) {
  {
    const std::lock_guard lock(state_->mutex);
    const auto entry = state_->entries.find(question);
    if (entry != state_->entries.end()) {
      return entry->second.answer;
    }
  }
  // Without the lock: the backend has its own.
  dns::AnswerPtr answer = backend_->cached(question);
  if (answer == nullptr) {
    return nullptr;
  }
  const std::lock_guard lock(state_->mutex);
  const auto [entry, is_new] = state_->entries.try_emplace(question);
  if (is_new) {
    entry->second.answer = std::move(answer);
  }
  return entry->second.answer;
}

void Lookups::prefetch(const std::vector<dns::Question>& questions, const std::function<void()>& on_ready) {
  for (const dns::Question& question : questions) {
    if (!state_->begin(question)) {
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
  std::vector<std::pair<dns::Question, dns::AnswerPtr>> used;
  used.reserve(state_->order.size());
  for (const dns::Question* const question : state_->order) {
    used.emplace_back(*question, state_->entries.at(*question).answer);
  }
  return used;
}

}  // namespace assay::resolver
