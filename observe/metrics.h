#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "observe/record.h"

namespace assay::observe {

/// Of what there was more than a bound allows.
enum class Excess : std::uint8_t {
  Messages,      ///< In flight at a time (limits.messages): deferred at MAIL FROM, without a record.
  Connections,   ///< Open at a time: closed at once.
  Recipients,    ///< Of one message: those beyond the bound are deferred.
  HeaderOctets,  ///< Of one message (limits.header_bytes).
  HeaderFields,  ///< Of one message.
  ForgedFields,  ///< Of one message, that only this site may write: refused.
};
[[nodiscard]] const char* to_string(Excess excess) noexcept;

/// Counters over all messages since the start, and the HTTP endpoint where Prometheus reads them:
///
///   assay_build_info{version}                      1
///   assay_messages_total{action}                   every message, by decision.action of its record
///   assay_would_total{action}                      messages that would fare otherwise in force, by decision.would
///   assay_unproven_total                           messages that a rule accepted without proof
///   assay_dmarc_results_total{result}              every message that is not local, by dmarc.result of its record
///   assay_dmarc_rfc7489_differences_total{kind}    dmarc.rfc7489.differs of its record; 0 unless dmarc.compare_psl
///   assay_messages_in_flight                       messages between MAIL FROM and their end, now
///   assay_bounds_exceeded_total{bound}             how often there was more than a bound allows: Excess
///   assay_log_lost_lines_total                     lines of the log that were not written: lost_log_lines()
///
/// Every label value is one of ours: no sender can make a new series. All series exist from the start, at 0.
/// Thread-safe.
class Metrics {
 public:
  /// `in_flight` tells how many messages are in flight, on any thread.
  explicit Metrics(const std::string& version, std::function<std::size_t()> in_flight = nullptr);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Answers GET /metrics at `listen` (ADDRESS:PORT, an IPv6 address in brackets) on threads of its own, until this
  /// object ends. Call at most once, after the process's signals are blocked. Returns what is wrong in words; empty if
  /// it serves.
  [[nodiscard]] std::string serve(const std::string& listen);

  void count(const Record& record) noexcept;
  /// For a bound that no record tells of, or not by itself.
  void exceeded(Excess excess) noexcept;
  /// Times that it was exceeded since the start.
  [[nodiscard]] std::uint64_t times_exceeded(Excess excess) const noexcept;

  /// The counters in Prometheus' text format.
  [[nodiscard]] std::string text() const;

 private:
  struct Counters;
  std::unique_ptr<Counters> counters_;
};

}  // namespace assay::observe
