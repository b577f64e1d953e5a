#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include "milter/callback_ages.h"
#include "milter/gate.h"
#include "milter/runtime.h"
#include "resolver/backend.h"

namespace assay::milter {

/// How the daemon fares at one moment. The watchdog, the log, STATUS= and a readiness probe go by the same one.
struct Health {
  resolver::Health dns;
  std::chrono::milliseconds oldest_callback{0};
  /// The longest that any configuration since the start allowed: a message keeps that of the one it began with.
  std::chrono::milliseconds message_deadline{0};
  bool is_draining = false;
  /// While DNS is silent: whether a reload would ask other servers, since resolv.conf is not what it was.
  bool has_other_servers = false;
  /// Whether lines of the log were lost within kLossTold.
  bool loses_log_lines = false;
};

/// The DNS thread turns every second; one that has not for longer is stuck.
inline constexpr std::chrono::milliseconds kDnsTurnBound{5000};
/// What a callback may take beyond the message deadline before it counts as stuck.
inline constexpr std::chrono::milliseconds kCallbackGrace{10'000};
/// DNS counts as silent when for so long nothing but failures came. A single message about a domain whose servers are
/// dead fails within a moment, and is none.
inline constexpr std::chrono::milliseconds kDnsSilence{5000};
/// After a failure so long ago nobody knows any more whether DNS is silent: on a host without mail nobody asks. Without
/// that a host that is not ready, and gets no mail since, would never be ready again.
inline constexpr std::chrono::milliseconds kSilenceKnown{60'000};

/// How long it is told that lines of the log were lost.
inline constexpr std::chrono::milliseconds kLossTold{60'000};

/// Why the process does not work any more, so that only a restart helps, in words; empty if it does. No failure of
/// anybody else's makes it so: not of DNS servers, and not of an MTA that takes no reply.
[[nodiscard]] std::string why_stuck(const Health& health);

/// Why mail had better go elsewhere for now, in words; empty if it may come: DNS is silent, the daemon drains or is
/// stuck.
[[nodiscard]] std::string why_not_ready(const Health& health);

/// What can be done about silent DNS, behind the words for it; empty if nothing here can.
inline constexpr const char* kOtherServers =
    "; resolv.conf has changed since: reload assayd, which asks the old servers";

/// Whether DNS is silent: for at least kDnsSilence nothing but failures came, the last of them at most kSilenceKnown
/// ago.
[[nodiscard]] bool is_dns_silent(const resolver::Health& dns);

/// Looks at the parts of a running daemon, all of which must outlive it. Thread-safe, and cheap enough for every probe.
class HealthSource {
 public:
  HealthSource(const RuntimeSource& runtime, const Gate& gate, const CallbackAges& callbacks);

  /// Only after a configuration is in force.
  [[nodiscard]] Health look() const;

 private:
  const RuntimeSource& runtime_;
  const Gate& gate_;
  const CallbackAges& callbacks_;
  [[nodiscard]] bool loses_log_lines() const;

  mutable std::atomic<std::chrono::milliseconds::rep> longest_deadline_{0};
  mutable std::atomic<std::uint64_t> lost_log_lines_;               ///< At the last look.
  mutable std::atomic<std::chrono::steady_clock::rep> lost_at_{0};  ///< When a look found more; 0: none did.
};

}  // namespace assay::milter
