#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace assay::spf {

/// RFC 7208 section 2.6.
enum class Status : std::uint8_t { None, Neutral, Pass, Fail, SoftFail, TempError, PermError };

/// Why the status is what it is, as a stable word.
enum class Reason : std::uint8_t {
  None,            ///< The status says it all.
  NoIdentity,      ///< No client address, or no envelope: nothing to check.
  InvalidDomain,   ///< The identity's domain is no multi-label DNS name (RFC 7208 section 4.3).
  NoRecord,        ///< No SPF record at the domain.
  NoMatch,         ///< No mechanism matched: the default, neutral (section 4.7).
  SeveralRecords,  ///< More than one SPF record (section 4.5).
  SyntaxError,     ///< The record, or one it includes, is malformed (section 4.6).
  TooManyLookups,  ///< More than ten terms that need DNS (section 4.6.4).
  TooManyVoidLookups,
  TooManyMxHosts,
  IncludeWithoutRecord,
  RedirectWithoutRecord,
  RecordTooLong,
  DnsFailure,   ///< A lookup timed out or failed.
  DnssecBogus,  ///< A lookup's answer failed DNSSEC validation.
};

/// RFC 8601 keyword: "none", "neutral", "pass", "fail", "softfail", "temperror", "permerror".
[[nodiscard]] const char* to_string(Status status) noexcept;
/// Stable word for records and headers: "too_many_lookups" ...; nullptr for Reason::None.
[[nodiscard]] const char* to_string(Reason reason) noexcept;

/// One term as it was evaluated, for people: filled only when asked for.
struct TraceStep {
  unsigned depth = 0;   ///< 0 at the checked domain, +1 inside each include or redirect.
  std::string domain;   ///< The domain whose record holds the term.
  std::string term;     ///< The term as published; empty for the step that fetches the record.
  std::string outcome;  ///< "match", "no match", "temperror: ...", or the record itself when `term` is empty.
  /// DNS terms and void lookups counted when the term itself had been looked up: those of a record that an include or a
  /// redirect leads to come after it.
  unsigned lookups = 0;
  unsigned void_lookups = 0;
  std::string target;  ///< The name that the term's macros stand for; empty if it has none.
};

/// The result of check_host() for one identity. Strings hold text from mail or DNS: escape before writing.
struct Outcome {
  Status status = Status::None;
  Reason reason = Reason::NoIdentity;
  std::string domain;  ///< The domain checked, A-labels where it is a valid name, else as given.
  std::string
      mechanism;       ///< The directive that matched, as published without qualifier ("ip4:192.0.2.0/24"); else empty.
  std::string detail;  ///< More words on `reason`: the bad term, the name that failed.
  std::string explanation;  ///< For Fail: the expanded exp= text, US-ASCII without control characters; may be empty.
  unsigned lookups = 0;     ///< DNS terms used (section 4.6.4).
  unsigned void_lookups = 0;
  std::vector<TraceStep> trace;
};

}  // namespace assay::spf
