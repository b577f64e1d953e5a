#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "resolver/lookups.h"
#include "verify/limits.h"
#include "verify/plan/plan.h"

namespace assay::milter {

/// Keeps the DNS questions of messages under way ahead of their evaluation: whenever a message shows new names, or an
/// answer arrives, the questions that come next are worked out and asked. New names are looked at by the connection's
/// own thread, against what the cache holds: where that is everything, no other thread is woken. What answers lead to
/// is looked at by a thread of this pool. Neither the DNS thread nor a connection's thread ever waits for it. Losing a
/// step costs time alone: the evaluation asks what is missing.
class Planner {
 public:
  /// One message's plan. `lookups` must be shared with the message.
  struct Plan {
    Plan(Limits message_limits, std::shared_ptr<resolver::Lookups> message_lookups,
         std::shared_ptr<const dmarc::PublicSuffixes> list = nullptr)
        : limits(message_limits), lookups(std::move(message_lookups)), public_suffixes(std::move(list)) {}

    const Limits limits;
    const std::shared_ptr<resolver::Lookups> lookups;
    const std::shared_ptr<const dmarc::PublicSuffixes> public_suffixes;  ///< Null: no comparison with RFC 7489.
    std::atomic<bool> queued{false};
    std::atomic<bool> ended{false};
    std::atomic<bool> client_is_planned{false};  ///< SPF and iprev lack no answer any more.
    std::mutex mutex;                            ///< Guards `known`.
    std::shared_ptr<const plan::Known> known;    ///< Replaced, never changed.
  };

  explicit Planner(unsigned threads);
  ~Planner();
  Planner(const Planner&) = delete;
  Planner& operator=(const Planner&) = delete;

  /// New names are known: asks at once what the cache does not answer. Waits for nothing. `known` holds all that
  /// earlier calls had.
  void update(const std::shared_ptr<Plan>& plan, plan::Known known);

 private:
  struct Queue;
  static void enqueue(const std::shared_ptr<Queue>& queue, const std::shared_ptr<Plan>& plan);
  static void run(const std::shared_ptr<Queue>& queue);
  static void try_step(const std::shared_ptr<Queue>& queue, const std::shared_ptr<Plan>& plan);
  static void step(const std::shared_ptr<Queue>& queue, const std::shared_ptr<Plan>& plan);

  std::shared_ptr<Queue> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace assay::milter
