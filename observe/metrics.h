#pragma once

#include <memory>
#include <string>

#include "observe/record.h"

namespace assay::observe {

/// Counters over all messages since the start, and the HTTP endpoint where Prometheus reads them:
///
///   assay_build_info{version}                      1
///   assay_messages_total{action}                   every message, by decision.action of its record
///   assay_would_total{action}                      messages that would fare otherwise in force, by decision.would
///   assay_unproven_total                           messages that a rule accepted without proof
///   assay_dmarc_results_total{result}              every message that is not local, by dmarc.result of its record
///   assay_dmarc_rfc7489_differences_total{kind}    dmarc.rfc7489.differs of its record; 0 unless dmarc.compare_psl
///   assay_log_lost_lines_total                     lines of the log that were not written: lost_log_lines()
///
/// Every label value is one of ours: no sender can make a new series. All series exist from the start, at 0.
/// Thread-safe.
class Metrics {
 public:
  explicit Metrics(const std::string& version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Answers GET /metrics at `listen` (ADDRESS:PORT, an IPv6 address in brackets) on threads of its own, until this
  /// object ends. Call at most once, after the process's signals are blocked. Returns what is wrong in words; empty if
  /// it serves.
  [[nodiscard]] std::string serve(const std::string& listen);

  void count(const Record& record) noexcept;

  /// The counters in Prometheus' text format.
  [[nodiscard]] std::string text() const;

 private:
  struct Counters;
  std::unique_ptr<Counters> counters_;
};

}  // namespace assay::observe
