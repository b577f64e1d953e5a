#include "milter/gate.h"

namespace assay::milter {

Gate::Entry Gate::enter(std::size_t most) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) {
    return Entry::Closed;
  }
  if (in_flight_ >= most) {
    return Entry::Full;
  }
  ++in_flight_;
  ++entered_;
  return Entry::Granted;
}

void Gate::leave() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (--in_flight_ == 0) {
    changed_.notify_all();
  }
}

void Gate::close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
}

bool Gate::is_closed() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return closed_;
}

bool Gate::wait_until_empty(std::chrono::milliseconds timeout) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] { return in_flight_ == 0; });
}

std::uint64_t Gate::entered() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return entered_;
}

std::size_t Gate::in_flight() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return in_flight_;
}

}  // namespace assay::milter
