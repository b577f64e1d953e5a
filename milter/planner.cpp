#include "milter/planner.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "milter/internal_error.h"

namespace assay::milter {

/// Shared with the callbacks of pending lookups, which may outlive the pool.
struct Planner::Queue {
  /// Plans waiting at most; one more is dropped and catches up at its next answer or at its evaluation.
  static constexpr std::size_t kMaxWaiting = 10'000;

  std::mutex mutex;
  std::condition_variable filled;
  std::deque<std::shared_ptr<Plan>> waiting;
  std::uint64_t dropped = 0;
  bool stopped = false;
};

bool Planner::leads_on(const dns::Question& question) noexcept {
  switch (question.type) {
    case dns::Type::TXT: return question.name.find("._domainkey.") == std::string::npos;
    case dns::Type::MX:
    case dns::Type::PTR: return true;
    case dns::Type::A:
    case dns::Type::AAAA: return false;
  }
  return true;
}

Planner::Planner(unsigned threads) : queue_(std::make_shared<Queue>()) {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([queue = queue_] { run(queue); });
  }
}

Planner::~Planner() {
  {
    const std::lock_guard<std::mutex> lock(queue_->mutex);
    queue_->stopped = true;
    queue_->waiting.clear();
  }
  queue_->filled.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void Planner::update(const std::shared_ptr<Plan>& plan, plan::Known known) {
  known.client_is_planned = plan->client_is_planned;
  auto shared = std::make_shared<const plan::Known>(std::move(known));
  {
    const std::lock_guard<std::mutex> lock(plan->mutex);
    plan->known = std::move(shared);
  }
  // What the client's DNS used up while nothing but the envelope was known is not missed by the header: the author's
  // policy is asked ahead whatever came before. There are two updates to a message.
  plan->steps = 0;
  plan->lookups->renew_ahead();
  try_step(queue_, plan);
}

Planner::Load Planner::load() const {
  const std::lock_guard<std::mutex> lock(queue_->mutex);
  return {queue_->waiting.size(), queue_->dropped};
}

void Planner::enqueue(const std::shared_ptr<Queue>& queue, const std::shared_ptr<Plan>& plan) {
  if (plan->ended || plan->queued.exchange(true)) {
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(queue->mutex);
    if (queue->stopped || queue->waiting.size() >= Queue::kMaxWaiting) {
      ++queue->dropped;
      plan->queued = false;
      return;
    }
    queue->waiting.push_back(plan);
  }
  queue->filled.notify_one();
}

void Planner::run(const std::shared_ptr<Queue>& queue) {
  for (;;) {
    std::shared_ptr<Plan> plan;
    {
      std::unique_lock<std::mutex> lock(queue->mutex);
      queue->filled.wait(lock, [&queue] { return queue->stopped || !queue->waiting.empty(); });
      if (queue->stopped) {
        return;
      }
      plan = std::move(queue->waiting.front());
      queue->waiting.pop_front();
    }
    try_step(queue, plan);
  }
}

void Planner::try_step(const std::shared_ptr<Queue>& queue, const std::shared_ptr<Plan>& plan) {
  try {
    step(queue, plan);
  } catch (...) {
    report_internal_error("planning lookups");
  }
}

void Planner::step(const std::shared_ptr<Queue>& queue, const std::shared_ptr<Plan>& plan) {
  // Cleared first: an answer that arrives from here on asks for another step.
  plan->queued = false;
  if (plan->ended || plan->steps++ >= kMaxSteps) {
    return;
  }
  std::shared_ptr<const plan::Known> known;
  {
    const std::lock_guard<std::mutex> lock(plan->mutex);
    known = plan->known;
  }
  auto questions = plan::next_questions(
      *known, [&plan](const dns::Question& question) { return plan->lookups->at_hand(question); }, plan->limits,
      plan->public_suffixes.get());
  if (questions.empty()) {
    plan->client_is_planned = true;
    return;
  }
  const auto ends = std::stable_partition(questions.begin(), questions.end(), leads_on);
  const std::vector<dns::Question> last(ends, questions.end());
  questions.erase(ends, questions.end());
  plan->lookups->prefetch(questions, [queue, weak = std::weak_ptr<Plan>(plan)] {
    const auto alive = weak.lock();
    if (!alive) {
      return;
    }
    try {
      enqueue(queue, alive);
    } catch (const std::bad_alloc&) {
      alive->queued = false;  // The evaluation asks what is missing.
    }
  });
  plan->lookups->prefetch(last, {});
}

}  // namespace assay::milter
