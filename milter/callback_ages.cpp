#include "milter/callback_ages.h"

#include <algorithm>
#include <limits>

namespace assay::milter {
namespace {

/// No callback runs: later than any time, so that it is never the oldest.
constexpr CallbackAges::Clock::rep kNone = std::numeric_limits<CallbackAges::Clock::rep>::max();

}  // namespace

CallbackAges::Connection::Connection(CallbackAges& ages) : ages_(ages), since_(kNone) {
  const std::lock_guard lock(ages_.mutex_);
  next_ = ages_.first_;
  if (next_ != nullptr) {
    next_->previous_ = this;
  }
  ages_.first_ = this;
}

CallbackAges::Connection::~Connection() {
  const std::lock_guard lock(ages_.mutex_);
  (previous_ == nullptr ? ages_.first_ : previous_->next_) = next_;
  if (next_ != nullptr) {
    next_->previous_ = previous_;
  }
}

void CallbackAges::Connection::enter(Clock::time_point now) noexcept {
  since_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
}

void CallbackAges::Connection::leave() noexcept {
  since_.store(kNone, std::memory_order_relaxed);
}

std::chrono::milliseconds CallbackAges::oldest(Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  Clock::rep since = now.time_since_epoch().count();
  for (const Connection* connection = first_; connection != nullptr; connection = connection->next_) {
    since = std::min(since, connection->since_.load(std::memory_order_relaxed));
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch() - Clock::duration(since));
}

}  // namespace assay::milter
