#pragma once

#include <string>
#include <string_view>

#include "observe/record.h"

namespace assay::observe {

/// How decisions and messages are logged.
struct LogOptions {
  bool json = false;              ///< One decision record per line instead of text.
  std::string level = "info";     ///< debug, info, warn, error
  std::string target = "stderr";  ///< stderr, syslog, journald, or an absolute path of a file
};

// One log for the process. All functions are thread-safe and never throw; what cannot be written is counted.

/// Opens the log. The error says why the target cannot be used; the log in force stays.
[[nodiscard]] bool open_log(const LogOptions& options, std::string& error);
/// Closes and opens a log file again, after logrotate moved it.
void reopen_log();
void flush_log();

void log_debug(std::string_view text);
void log_info(std::string_view text);
void log_warn(std::string_view text);
void log_error(std::string_view text);
/// Writes the record of one message, as text or JSON.
void log_record(const Record& record);

}  // namespace assay::observe
