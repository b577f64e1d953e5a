#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace assay::milter {

// What systemd, or whoever else started the daemon with NOTIFY_SOCKET in its environment, is told (sd_notify(3)).
// Without one nothing happens. Thread-safe. `status` is what `systemctl status` shows.

/// The daemon serves; or serves on, whatever became of the reload.
void notify_ready(const std::string& status);
/// A reload begins, and ends with notify_ready().
void notify_reloading();
/// The daemon will end within `at_most`, however short the time is that the unit gives it.
void notify_stopping(std::chrono::seconds at_most, const std::string& status);
void notify_status(const std::string& status);
/// The daemon works.
void feed_watchdog();

/// How long the watchdog waits for the next feed_watchdog() before it takes the daemon for stuck (WATCHDOG_USEC, meant
/// for this process); nullopt if there is none. Takes it out of the environment: call once, before any thread exists.
/// What is there but cannot be read counts as none, and `problem` then says so.
[[nodiscard]] std::optional<std::chrono::microseconds> take_watchdog(std::string& problem);

}  // namespace assay::milter
