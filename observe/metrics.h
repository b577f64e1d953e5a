#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "observe/record.h"
#include "observe/reload.h"
#include "resolver/health.h"
#include "verify/limits.h"

namespace assay::observe {

/// Of what there was more than a bound allows.
enum class Excess : std::uint8_t {
  Messages,       ///< In flight at a time (limits.messages): deferred at MAIL FROM, without a record.
  Connections,    ///< Open at a time: closed at once.
  Recipients,     ///< Of one message: those beyond the bound are deferred.
  HeaderOctets,   ///< Of one message (limits.header_bytes).
  HeaderFields,   ///< Of one message.
  ForgedFields,   ///< Of one message, that only this site may write: refused.
  AuthorDomains,  ///< Of one message (limits.author_domains).
  Signatures,     ///< DKIM signatures of one message (limits.signatures).
  SignatureCost,  ///< What they may cost together.
  ArcSets,        ///< Of one message (limits.arc_sets).
  ArcCost,        ///< What one chain may cost.
  SpfLookups,     ///< Terms that need DNS, or lookups without an answer, of one SPF check (RFC 7208 section 4.6.4).
};
[[nodiscard]] constexpr const char* to_string(Excess excess) noexcept {
  switch (excess) {
    case Excess::Messages: return "messages";
    case Excess::Connections: return "connections";
    case Excess::Recipients: return "recipients";
    case Excess::HeaderOctets: return to_string(Bound::HeaderOctets);
    case Excess::HeaderFields: return to_string(Bound::HeaderFields);
    case Excess::ForgedFields: return "forged_fields";
    case Excess::AuthorDomains: return "author_domains";
    case Excess::Signatures: return "signatures";
    case Excess::SignatureCost: return "signature_cost";
    case Excess::ArcSets: return "arc_sets";
    case Excess::ArcCost: return "arc_cost";
    case Excess::SpfLookups: return "spf_lookups";
  }
  return "";
}

/// What only the handling of a message knows.
struct Handling {
  bool is_verified = false;                     ///< The methods were evaluated.
  std::chrono::nanoseconds since_mail_from{0};  ///< From MAIL FROM to the verdict.
  std::chrono::nanoseconds wait_at_end{0};      ///< From the end of the message to the verdict.
  std::size_t forged_results = 0;  ///< Authentication-Results fields under our name that were not written here.
  std::size_t forged_added = 0;    ///< Fields that only rules of this site add.
  bool fails_as_own = false;       ///< DMARC fails for an author in a domain of this site.
};

/// What is looked at when somebody asks for the metrics.
struct Moment {
  std::size_t messages_in_flight = 0;
  std::size_t planner_queue = 0;
  std::uint64_t planner_dropped = 0;
  resolver::Health dns;
  std::string configuration;  ///< Fingerprint of the one in force.
};

/// Names of rules with series of their own; what further ones decide counts as the rule "other". Ten series each.
inline constexpr std::size_t kMaxRuleLabels = 200;

/// Counters over all messages since the start, for Prometheus. docs/monitoring.md lists them; text() and `Moment` say
/// the rest. Every label value is one of ours or a name that the administrator gave a rule: no sender can make a new
/// series. All series exist from the start, at 0. Thread-safe; counting takes no lock but a histogram's own.
class Metrics {
 public:
  /// `look` tells of the moment, on any thread; without it all is zero.
  explicit Metrics(const std::string& version, std::function<Moment()> look = nullptr);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Makes the series of these rules, as far as there is room for more (kMaxRuleLabels). None goes away but with the
  /// process.
  void know_rules(const std::vector<std::string>& names);

  void count(const Record& record, const Handling& handling) noexcept;
  /// For a bound that no record tells of, or not by itself.
  void exceeded(Excess excess) noexcept;
  void reloaded(Reload outcome) noexcept;
  /// Times that it was exceeded since the start.
  [[nodiscard]] std::uint64_t times_exceeded(Excess excess) const noexcept;
  /// The same of every bound, by its name.
  [[nodiscard]] std::vector<std::pair<const char*, std::uint64_t>> bounds_exceeded() const;

  /// All of it in Prometheus' text format.
  [[nodiscard]] std::string text() const;

 private:
  struct Counters;
  std::unique_ptr<Counters> counters_;
};

}  // namespace assay::observe
