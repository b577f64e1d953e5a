#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "resolver/backend.h"

namespace assay::resolver {

/// Questions that libunbound works on at once; one more is TempFail. In an outage each holds some 12 kB there and a
/// file until libunbound gives it up, after 2.3 time-outs. No domain gets more than an eighth of what is free
/// (DomainShares).
inline constexpr std::size_t kMaxInFlight = 4096;
/// Questions about one domain that wait for others about it to be answered; one more is TempFail. In all, eight times
/// as many wait. Each takes less than a kB. Several hundred messages that come at once, each with the most lookups that
/// a sender can make it cost (`limits.signatures`), find a place.
inline constexpr std::size_t kMaxHeldOfDomain = 4096;

/// libunbound behind the answer cache. `settings.zones` is not looked at. The error says in words what is wrong.
///
/// One thread of its own owns the libunbound context: it hands it the questions, takes the answers and keeps the
/// time-outs (libunbound has another thread for the sockets). A caller who is told TempFail because the time is up
/// leaves the question under way, since libunbound cannot take it back from its thread: a late answer still goes to
/// the cache, and an equal question meanwhile joins it.
///
/// In an outage libunbound waits ever longer for servers that are silent, at last half a minute, and who joins a
/// question waits with it. So when nothing was answered for a whole time-out, the thread ends the context, which
/// forgets what nobody waits for any more, and asks a new one the rest.
[[nodiscard]] Parsed<std::shared_ptr<Backend>, std::string> make_unbound_backend(const Settings& settings);

}  // namespace assay::resolver
