#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "verify/base/domain.h"
#include "verify/dns/answer.h"

namespace assay::dmarc {

enum class Status : std::uint8_t { None, Pass, Fail, TempError, PermError };
enum class Policy : std::uint8_t { None, Quarantine, Reject };
enum class Discovery : std::uint8_t { TreeWalk, PublicSuffixList };

enum class Reason : std::uint8_t {
  None,
  NoRecord,        ///< DMARC does not apply to the author's domain.
  NotAligned,      ///< No passing identifier aligns.
  UnusableRecord,  ///< No valid p= (or a bad sp=/np=) and no rua= (RFC 9989 section 4.10.1).
  FromMissing,
  FromRepeated,
  FromUnparsable,
  FromWithoutDomain,
  TooManyAuthors,  ///< More distinct author domains than Limits::author_domains.
  DnsFailure,
  DnssecBogus,
};

[[nodiscard]] const char* to_string(Status status) noexcept;
[[nodiscard]] const char* to_string(Policy policy) noexcept;
/// Quarantine for reject, none for the others.
[[nodiscard]] Policy one_level_below(Policy policy) noexcept;
[[nodiscard]] const char* to_string(Discovery discovery) noexcept;  ///< "treewalk", "psl".
/// Stable word; nullptr for Reason::None.
[[nodiscard]] const char* to_string(Reason reason) noexcept;
/// Whether the reason lies in the From field(s) themselves: the configuration's `bad_from`.
[[nodiscard]] bool is_bad_from(Reason reason) noexcept;

/// One question of a tree walk, for people.
struct WalkStep {
  std::string name;  ///< "_dmarc.example.com"
  dns::Status status = dns::Status::NxDomain;
  std::string record;    ///< The DMARC record found; empty if none (or several, which count as none).
  unsigned records = 0;  ///< DMARC records found there.
};

/// In what the two answers of a comparison differ.
enum class Difference : std::uint8_t { Result, Policy, OrganizationalDomain };
[[nodiscard]] const char* to_string(Difference difference) noexcept;  ///< "result", "policy", "org_domain".

/// What RFC 7489 with a public suffix list says of one author domain, and where RFC 9989 says otherwise. For the record
/// alone: no result and no decision rests on it.
struct Rfc7489 {
  Status status = Status::None;
  Reason reason = Reason::None;
  std::optional<Policy> published;      ///< The p or sp that applies.
  unsigned percent = 100;               ///< pct=
  std::optional<Policy> policy;         ///< What is left of `published` at pct=0; as published at any other pct.
  std::optional<Domain> policy_domain;  ///< Where the record was found.
  /// Of the author by the list; absent if the author is itself a public suffix.
  std::optional<Domain> organizational_domain;
  /// Of the author by a whole tree walk, to compare with; absent if a lookup failed.
  std::optional<Domain> tree_walk_organizational_domain;
  bool spf_aligned = false;
  bool dkim_aligned = false;
  std::string detail;  ///< More words on `reason`; text from DNS in it.
  std::vector<Difference> differences;
};

struct Trace;  // verify/dmarc/trace.h

/// The result for one author domain.
struct Outcome {
  Status status = Status::None;
  Reason reason = Reason::None;
  std::optional<Domain> author;         ///< Absent when From is unusable.
  std::optional<Policy> published;      ///< The p, sp or np that applies, as published.
  std::optional<Policy> policy;         ///< What is left of it after t=y.
  std::optional<Domain> policy_domain;  ///< Where the record was found.
  std::optional<Domain>
      organizational_domain;  ///< Of the author; absent if a lookup failed, or the message passes without it.
  Discovery discovery = Discovery::TreeWalk;
  bool testing = false;                ///< t=y in the record.
  bool strict_dkim = false;            ///< adkim=s
  bool strict_spf = false;             ///< aspf=s
  bool spf_aligned = false;            ///< SPF passes and aligns.
  bool dkim_aligned = false;           ///< At least one DKIM signature passes and aligns.
  std::string detail;                  ///< More words on `reason`.
  std::vector<WalkStep> walk;          ///< Policy discovery, in the order asked.
  std::optional<Rfc7489> rfc7489;      ///< Absent unless it was asked for (configuration: dmarc.compare_psl).
  std::shared_ptr<const Trace> trace;  ///< More on alignment; null unless asked for.
};

}  // namespace assay::dmarc
