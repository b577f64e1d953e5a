#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace assay::milter {

/// Counts the messages in flight; lets no new one in beyond a bound, and none while the daemon drains. Thread-safe.
class Gate {
 public:
  enum class Entry : std::uint8_t {
    Granted,
    Full,    ///< As many are in flight as may be.
    Closed,  ///< The daemon drains.
  };

  /// Whether a new message may start while at most `most` are in flight, itself among them; if granted, it must be
  /// ended by leave().
  [[nodiscard]] Entry enter(std::size_t most);
  void leave();

  /// From now on enter() says Closed.
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
