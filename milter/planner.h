#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
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
  /// Times that one message is planned between two updates. SPF leads from record to record ten times (RFC 7208
  /// section 4.6.4), for two identities, and answers that come together are looked at together; what a sender's DNS
  /// spreads over more, the evaluation asks when it needs it.
  static constexpr unsigned kMaxSteps = 40;

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
    std::atomic<unsigned> steps{0};              ///< Times that it was worked out since the last update.
    std::atomic<bool> client_is_planned{false};  ///< SPF and iprev lack no answer any more.
    std::mutex mutex;                            ///< Guards `known`.
    std::shared_ptr<const plan::Known> known;    ///< Replaced, never changed.
  };

  /// Whether the answer can lead to further questions: what SPF and DMARC publish, mail exchangers, the client's names.
  /// Addresses and keys end every way through DNS, but for an SPF macro %{p}, which the evaluation then asks for
  /// itself.
  [[nodiscard]] static bool leads_on(const dns::Question& question) noexcept;

  explicit Planner(unsigned threads);
  ~Planner();
  Planner(const Planner&) = delete;
  Planner& operator=(const Planner&) = delete;

  /// New names are known: asks at once what the cache does not answer. Waits for nothing. `known` holds all that
  /// earlier calls had.
  void update(const std::shared_ptr<Plan>& plan, plan::Known known);

  struct Load {
    std::size_t waiting = 0;    ///< Plans that wait for a thread of the pool.
    std::uint64_t dropped = 0;  ///< Those that found the queue full, since the start.
  };
  [[nodiscard]] Load load() const;

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
