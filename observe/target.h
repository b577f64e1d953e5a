#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace assay::observe {

/// Severities of RFC 5424 section 6.2.1, as far as they are used.
enum class Severity : std::uint8_t { Error = 3, Warning = 4, Informational = 6, Debug = 7 };

/// How long a line may wait for a reader that stands still, before it and those after it are dropped.
inline constexpr std::chrono::milliseconds kLogPatience{1000};

/// Where log lines go. Not thread-safe: one lock is around it. No member throws but for want of memory.
class Target {
 public:
  virtual ~Target() = default;
  /// Whether a line may come with fields: a '\n' and NAME=VALUE lines behind it, each ended by '\n'.
  [[nodiscard]] virtual bool takes_fields() const noexcept { return false; }
  /// Writes one line, given without its line end. False if it was lost.
  [[nodiscard]] bool write(Severity severity, std::string_view line) {
    return write_within(kLogPatience, severity, line);
  }
  /// As above; the line may wait for so long.
  [[nodiscard]] virtual bool write_within(std::chrono::milliseconds patience, Severity severity,
                                          std::string_view line) = 0;
  /// Opens the target anew. False, with the reason in `error`, leaves it as it was.
  [[nodiscard]] virtual bool reopen(std::string& error) = 0;
};

/// Lines into an open descriptor, which stays the caller's (stderr).
[[nodiscard]] std::unique_ptr<Target> make_stream_target(int descriptor);
/// Lines appended to a file, made with mode 0640 if it is not there. Null, with the reason in `error`.
[[nodiscard]] std::unique_ptr<Target> make_file_target(const std::string& path, std::string& error);

enum class Datagram : std::uint8_t {
  Syslog,  ///< RFC 3164 as syslog(3) writes it, facility mail.
  /// The journal's native protocol. Not by sd_journal_sendv(3), which waits without bound for a journal that stands
  /// still, and says that all went well where there is none: such a line would be lost, and not counted.
  Journal,
};
/// One datagram for each line to the socket at `path`. Connects again when the reader was restarted. A line that is too
/// long for a datagram (net.core.wmem_max, some 400 KiB as the kernel has it by default) reaches the journal all the
/// same, as a file in memory; to syslog it is lost.
[[nodiscard]] std::unique_ptr<Target> make_datagram_target(Datagram protocol, const std::string& path,
                                                           std::string& error);

}  // namespace assay::observe
