#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace assay::milter {

/// Counts the messages in flight and lets no new one in while the daemon drains. Thread-safe.
class Gate {
 public:
  /// Whether a new message may start; if so it must be ended by leave().
  [[nodiscard]] bool enter();
  void leave();

  /// From now on enter() says no.
  void close();
  [[nodiscard]] bool is_closed() const;
  /// Waits until no message is in flight. False if `timeout` passed first.
  [[nodiscard]] bool wait_until_empty(std::chrono::milliseconds timeout);
  [[nodiscard]] std::size_t in_flight() const;
  /// Messages let in since the start.
  [[nodiscard]] std::uint64_t entered() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t in_flight_ = 0;
  std::uint64_t entered_ = 0;
  bool closed_ = false;
};

}  // namespace assay::milter
