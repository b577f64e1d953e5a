#pragma once

namespace assay::milter {

/// From now on SIGHUP is SIGUSR1, which reloads: what administrators, and what rotates logs, mean by it. libmilter
/// (8.17.1) stops by it, in mid-message, and the process ends with status 0, for which systemd starts no other. Its
/// thread of signals calls sigwait(3), whose place the function of that name in hangup.cpp takes.
void reload_at_hangup() noexcept;

}  // namespace assay::milter
