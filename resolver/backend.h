#pragma once

#include <functional>
#include <memory>
#include <string>

#include "resolver/health.h"
#include "resolver/settings.h"
#include "verify/base/parsed.h"
#include "verify/dns/answer.h"

namespace assay::resolver {

/// A source of DNS answers for the whole process: libunbound behind the answer cache, or zone files. Thread-safe.
/// Destroying it answers all that is still under way with TempFail before the destructor returns (unless an
/// `on_answer` itself drops the last reference: then right after), so `on_answer` must not rely on the backend.
class Backend {
 public:
  using OnAnswer = std::function<void(dns::AnswerPtr)>;

  virtual ~Backend() = default;

  /// Answers `question` through `on_answer`, exactly once: at once on the caller's thread if the answer is at hand,
  /// else later on the backend's own thread, TempFail at the latest after Settings::timeout. Equal questions that are
  /// under way are asked once. `on_answer` is called without any lock held; it must not block and must not throw.
  /// Never asks what is not askable (NxDomain).
  virtual void ask(const dns::Question& question, OnAnswer on_answer) = 0;

  /// The answer if it is at hand: null if a server would have to be asked, or is being asked. Never waits.
  [[nodiscard]] virtual dns::AnswerPtr cached(const dns::Question& /*question*/) { return nullptr; }

  /// Whether one made now from the same Settings would ask the same sources. False if that cannot be told cheaply.
  [[nodiscard]] virtual bool is_up_to_date() const { return false; }

  /// Cheap enough for every scrape and every watchdog tick.
  [[nodiscard]] virtual Health health() const { return {}; }
};

/// Makes the backend that `settings` describe: zone files if any are named, else libunbound with the answer cache.
/// The error says in words what is wrong (a file that cannot be read, with its line; libunbound refusing an option).
[[nodiscard]] Parsed<std::shared_ptr<Backend>, std::string> make_backend(const Settings& settings);

}  // namespace assay::resolver
