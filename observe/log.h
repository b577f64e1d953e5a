#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "observe/record.h"

namespace assay::observe {

/// How decisions and messages are logged.
struct LogOptions {
  bool json = false;              ///< One decision record per line instead of text.
  std::string level = "info";     ///< debug, info, warn, error
  std::string target = "stderr";  ///< stderr, syslog, journald, or an absolute path of a file
  /// Of ordinary messages (is_ordinary) the first of each so many is logged, and says how many it stands for.
  std::uint64_t sample = 1;
};

// One log for the process; before open_log() it is text on stderr, written by the caller. From then on a thread of its
// own writes, and whoever logs hands the line over and waits for nothing: of more than kMaxQueuedLines that wait for it
// the oldest are dropped. Where a reader stands still, the line in hand waits a second, the following ones are dropped
// until it reads again. Two kinds of lines are waited for, kCallerPatience at most: those longer than
// kMaxQueuedLineOctets, which the caller writes (or loses), and errors. What is not written is counted. All functions
// are thread-safe and never throw. Text may hold any octets: what is not well-formed UTF-8 or would leave its line is
// written as \xHH, and the line is cut at kMaxLogOctets. The process should ignore SIGPIPE, as libmilter does.
//
// With `json` every line is one JSON object: the decision record itself, or {"time","level","message"} for the rest,
// told apart by the record's "schema". Lines of text begin with the time on stderr and in files; syslog and the journal
// add their own. On stderr that is a terminal they stand in columns for people (observe/record_line), coloured unless
// NO_COLOR is set.

/// Opens the log. The error says why the target cannot be used; the log in force stays.
[[nodiscard]] bool open_log(const LogOptions& options, std::string& error);
/// Closes and opens a log file again, after logrotate moved it. A file that cannot be opened leaves the old one in use
/// and says so there. Not for a signal handler itself.
void reopen_log();
/// Those of the log in force.
[[nodiscard]] LogOptions log_in_force();
/// Waits until what was logged before is written or lost; two seconds at most, where a reader stands still. Where the
/// queue is full it costs the oldest line.
void flush_log();

void log_debug(std::string_view text);
void log_info(std::string_view text);
void log_warn(std::string_view text);
void log_error(std::string_view text);
/// Writes the record of one message, as text or JSON; at level info. Leaves it out if the log samples and another
/// stands for it.
void log_record(const Record& record);

/// Lines lost so far because the target did not take them, or not in time.
[[nodiscard]] std::uint64_t lost_log_lines() noexcept;

/// Lines that wait for the thread that writes them, now.
[[nodiscard]] std::size_t queued_log_lines() noexcept;

/// Lines that may wait for the thread that writes them.
inline constexpr std::size_t kMaxQueuedLines = 1024;
/// The longest that logging a line holds up its caller.
inline constexpr std::chrono::milliseconds kCallerPatience{100};
/// Octets of a line that may wait there, so that no more than 32 MiB do. A longer one, such as the record of a message
/// with many recipients, is written by the caller, before those that wait.
inline constexpr std::size_t kMaxQueuedLineOctets = std::size_t{32} << 10U;

/// Octets of a message (not of a record) that are logged.
inline constexpr std::size_t kMaxLogOctets = 4000;

}  // namespace assay::observe
