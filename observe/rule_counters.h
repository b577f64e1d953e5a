#pragma once

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "observe/metrics.h"
#include "policy/decision.h"

namespace assay::observe {

/// Decisions by rule and action, and what rules would have decided. A name is found without a lock and without
/// allocation; names are only ever added. Thread-safe.
class RuleCounters {
 public:
  static constexpr std::array kActions{policy::Action::Accept, policy::Action::Reject, policy::Action::TempFail,
                                       policy::Action::Quarantine, policy::Action::Discard};
  /// The rule that stands for all beyond kMaxRuleLabels.
  static constexpr const char* kOther = "other";

  explicit RuleCounters(prometheus::Registry& registry);

  /// Makes the series of a rule, unless they are there or there are kMaxRuleLabels.
  void add(const std::string& rule);

  void decided(const std::string& rule, policy::Action action) noexcept {
    of(rule).decided[index(action)]->Increment();
  }
  void would(const std::string& rule, policy::Action action) noexcept { of(rule).would[index(action)]->Increment(); }

 private:
  using Series = std::array<prometheus::Counter*, kActions.size()>;
  struct Entry {
    std::string rule;
    Series decided{};
    Series would{};
  };
  /// More than twice as many as there are names, so that a search soon meets an empty one.
  static constexpr std::size_t kSlots = 512;
  static_assert(kSlots > 2 * kMaxRuleLabels);

  static std::size_t index(policy::Action action) noexcept { return static_cast<std::size_t>(action); }
  [[nodiscard]] std::unique_ptr<Entry> make(const std::string& rule);
  /// Null if there is none.
  [[nodiscard]] const Entry* find(std::string_view rule) const noexcept;
  /// Those of a rule that nobody made known are made when it first decides.
  [[nodiscard]] const Entry& of(const std::string& rule) noexcept;

  prometheus::Family<prometheus::Counter>& decisions_;
  prometheus::Family<prometheus::Counter>& would_;
  std::mutex mutex_;                             ///< Guards entries_, and adding to slots_.
  std::vector<std::unique_ptr<Entry>> entries_;  ///< Those in slots_.
  std::array<std::atomic<const Entry*>, kSlots> slots_{};
  std::atomic<bool> full_{false};
  std::unique_ptr<const Entry> other_;
};

}  // namespace assay::observe
