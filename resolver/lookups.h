#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "resolver/backend.h"
#include "verify/dns/resolver.h"
#include "verify/dns/timed.h"

namespace assay::resolver {

/// The DNS lookups of one message: what was asked is remembered, so that prefetching, planning and evaluating all see
/// the same answers, and one deadline bounds all waiting. Thread-safe; answers that arrive after its end are dropped.
/// How many questions one message asks is bounded by the evaluators (Limits), not here.
class Lookups final : public dns::Resolver {
 public:
  explicit Lookups(std::shared_ptr<Backend> backend);
  ~Lookups() override;
  Lookups(const Lookups&) = delete;
  Lookups& operator=(const Lookups&) = delete;

  /// Until when lookup() may wait, calls that wait already included. Without a deadline it waits as long as the backend
  /// takes.
  void set_deadline(std::chrono::steady_clock::time_point deadline);

  /// Waits for the answer, at most to the deadline; then TempFail, which from then on is the answer.
  [[nodiscard]] dns::AnswerPtr lookup(const dns::Question& question) override;

  /// The answer if it is known already; null if not, or not yet. Asks nobody, never waits.
  [[nodiscard]] dns::AnswerPtr known(const dns::Question& question) const;

  /// As known(), and what the backend has at hand becomes known: its cache is looked at once for each question that is
  /// not under way. Asks nobody, never waits.
  [[nodiscard]] dns::AnswerPtr at_hand(const dns::Question& question);

  /// Questions that prefetch() asks until renew_ahead(); more are asked when lookup() needs them. What is asked ahead
  /// is worked out anew with each answer, which its sender's DNS can make lead to ever other names.
  static constexpr std::size_t kMaxAhead = 400;

  /// More of the message is known: kMaxAhead again, whatever was asked before.
  void renew_ahead();

  /// Asks all that was not asked before, within kMaxAhead, and returns at once. `on_ready` runs each time one of them
  /// is answered, on the backend's thread or this one; it must not block nor throw. A call may be under way while this
  /// object is destroyed, so it must own what it uses.
  void prefetch(const std::vector<dns::Question>& questions, const std::function<void()>& on_ready);

  /// What lookup() answered so far, each question once, in order of first use.
  [[nodiscard]] std::vector<std::pair<dns::Question, dns::AnswerPtr>> used() const;

  /// The questions whose answer took `least` or more from when they were asked, those that no answer came for until the
  /// deadline among them; the slowest first.
  [[nodiscard]] std::vector<dns::Timed> slower_than(std::chrono::milliseconds least) const;

 private:
  struct State;
  std::shared_ptr<Backend> backend_;
  std::shared_ptr<State> state_;
};

}  // namespace assay::resolver
