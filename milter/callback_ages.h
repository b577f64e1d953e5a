#pragma once

#include <atomic>
#include <chrono>
#include <mutex>

namespace assay::milter {

/// Since when callbacks run: one that does not come back holds its message, and that is a fault of ours. Thread-safe.
/// Costs a callback two looks at the clock and no lock.
class CallbackAges {
 public:
  using Clock = std::chrono::steady_clock;

  /// One connection of the MTA, on which one callback runs at a time. Known to `ages`, which must outlive it, as long
  /// as it lives.
  class Connection {
   public:
    explicit Connection(CallbackAges& ages);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// A callback begins, or goes on after it waited for the MTA, for however long that took.
    void enter(Clock::time_point now = Clock::now()) noexcept;
    /// It ends, or waits for the MTA to take something.
    void leave() noexcept;

   private:
    friend class CallbackAges;

    CallbackAges& ages_;
    std::atomic<Clock::rep> since_;
    // Under the mutex of `ages_`.
    Connection* previous_ = nullptr;
    Connection* next_ = nullptr;
  };

  CallbackAges() = default;
  CallbackAges(const CallbackAges&) = delete;
  CallbackAges& operator=(const CallbackAges&) = delete;

  /// How long the oldest callback has run at `now`; zero if none runs.
  [[nodiscard]] std::chrono::milliseconds oldest(Clock::time_point now = Clock::now()) const;

 private:
  mutable std::mutex mutex_;
  Connection* first_ = nullptr;
};

}  // namespace assay::milter
