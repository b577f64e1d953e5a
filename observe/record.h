#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/decision.h"
#include "policy/facts.h"
#include "verify/base/time.h"
#include "verify/verdict.h"

namespace assay::observe {

/// One message: what was found, what was done, and why. Everything that policy::decide reads is in it.
struct Record {
  Time time{};
  policy::Facts facts;
  Verdict verdict;
  policy::Decision decision;
  std::string authentication_results;  ///< Value of the field that was added.
  std::string settings;                ///< Fingerprint of the configuration in force.
  std::vector<std::string> notes;      ///< What went otherwise than decided, in words.
  bool is_redacted = false;            ///< policy::redact_local_parts() was here.
  /// Ordinary messages that it stands for in a log which tells of some of them alone (log.sample); else 1.
  std::uint64_t sample = 1;
};

/// The decision record as one line of JSON (no line end). All strings pass escape(): valid UTF-8 whatever came in.
/// Absent values are null. What a hostile message can make long is bounded (kMaxRecordSignatures, kMaxRecipients,
/// escape()'s bound on every string); what is left out is counted in "dkim_omitted" and "rcpt_omitted".
[[nodiscard]] std::string to_json(const Record& record);
/// The object that `assay verify --json` prints: the decision record without the facts of the connection.
[[nodiscard]] std::string verification_json(const Record& record);
/// The object of one SPF identity with its explanation, as `assay spf --json` prints.
[[nodiscard]] std::string spf_json(const spf::Outcome& outcome);
/// One line of text for people (no line end), at most `kMaxTextOctets`. Every value that a stranger chose is escaped,
/// quoted where it could be taken for something else, and cut so that it cannot push the results off the line.
[[nodiscard]] std::string to_text(const Record& record);

/// "2026-11-22T14:25:46Z" (RFC 3339). `time` lies in the years 0 to 9999.
[[nodiscard]] std::string to_rfc3339(Time time);
/// Reads what to_rfc3339 writes; nullopt for any other text.
[[nodiscard]] std::optional<Time> parse_rfc3339(std::string_view text);

/// "schema" of a record: another number is another meaning of its keys. New keys alone do not change it.
inline constexpr unsigned kRecordSchema = 1;
/// The greatest number of messages that one record stands for (log.sample).
inline constexpr std::size_t kMaxSample = 10'000;
/// "redacted" of a record that holds no local parts; null of another.
inline constexpr std::string_view kLocalParts = "local_parts";
/// What is kept of a string, octets before escape().
inline constexpr std::size_t kMaxValueOctets = 1024;
/// Of addresses and ARC claims, which may be longer than names: an SMTP command line holds up to 2,048 octets with
/// common MTAs.
inline constexpr std::size_t kMaxAddressOctets = 4096;

inline constexpr std::size_t kMaxTextOctets = 2000;
/// Signatures listed in a record. Beyond it only those are listed that weigh in a decision: which pass, or whose header
/// signature verifies; Limits::signatures bounds their number.
inline constexpr std::size_t kMaxRecordSignatures = 100;
/// Recipients listed in a record.
inline constexpr std::size_t kMaxRecipients = 1000;

}  // namespace assay::observe
