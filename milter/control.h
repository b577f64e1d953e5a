#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "milter/gate.h"
#include "milter/health.h"
#include "milter/runtime.h"
#include "observe/activity.h"
#include "observe/control_server.h"
#include "observe/daemon_status.h"
#include "observe/metrics.h"
#include "verify/dns/timed.h"

namespace assay::milter {

/// The running daemon's view of itself, for `assay status`, `assay top` and `assay tail`: remembers what went on, and
/// answers on the control socket. Thread-safe but for open(). Nothing here holds up mail, or can make it fail.
class Control {
 public:
  /// `configuration` is the path of the file. What it is given must outlive it.
  Control(const RuntimeSource& source, const Gate& gate, const observe::Metrics& metrics, const HealthSource& health,
          std::string configuration);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  /// Serves on `address` (unix:PATH), and says that MTAs are served on `listen`, whatever a later configuration says.
  /// At most once, before any note() and after the process's signals are blocked.
  /// Returns what is wrong, in words with the remedy; the rest works without a socket.
  [[nodiscard]] std::string open(const std::string& address, std::string listen);

  /// One message ended; `slow` are its answers that took observe::kSlow or more.
  void note(const observe::Record& record, const std::vector<dns::Timed>& slow) noexcept;
  /// A reload ended.
  void reloaded(const observe::LastReload& reload) noexcept;

  /// The answer to one request.
  [[nodiscard]] observe::ControlReply answer(std::string_view request) const;

 private:
  [[nodiscard]] observe::DaemonStatus status() const;

  const RuntimeSource& source_;
  const Gate& gate_;
  const observe::Metrics& metrics_;
  const HealthSource& health_;
  const std::string configuration_;
  const Time since_;
  std::string listen_;
  observe::Activity activity_;
  mutable std::mutex reload_mutex_;
  std::optional<observe::LastReload> reload_;  ///< Under reload_mutex_.
  std::unique_ptr<observe::ControlServer> server_;
  std::atomic<observe::ControlServer*> serving_{nullptr};  ///< server_, once it is made; null without a socket.
};

}  // namespace assay::milter
