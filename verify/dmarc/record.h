#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/dmarc/outcome.h"
#include "verify/dns/answer.h"

namespace assay::dmarc {

enum class PublicSuffix : std::uint8_t { Unknown, Yes, No };  ///< psd=u, y, n

/// A DMARC record (RFC 9989 section 4.7). Optional members are absent when the tag is; a present but invalid p, sp or
/// np shows in `has_invalid_policy`.
struct Record {
  std::optional<Policy> policy;               ///< p=
  std::optional<Policy> subdomain_policy;     ///< sp=
  std::optional<Policy> nonexistent_policy;   ///< np=
  bool has_invalid_policy = false;            ///< p=, sp= or np= present with an invalid value.
  bool has_invalid_subdomain_policy = false;  ///< sp= among them.
  std::optional<unsigned> percent;            ///< pct=, 0 to 100: history in RFC 9989, for what RFC 7489 says alone.
  bool strict_dkim = false;                   ///< adkim=s
  bool strict_spf = false;                    ///< aspf=s
  PublicSuffix public_suffix = PublicSuffix::Unknown;
  bool testing = false;                     ///< t=y
  std::vector<std::string> aggregate_uris;  ///< rua=, valid URIs alone, obsolete !size dropped.
  std::vector<std::string> failure_uris;    ///< ruf=
  std::string failure_options = "0";        ///< fo=, lower case; "0" without ruf=, as the RFC wants it ignored.
  std::vector<std::string> notes;           ///< Discarded tags and repetitions, for people; text from DNS in them.
  std::string text;                         ///< As published.
};

/// Reads a TXT record. nullopt if it is not a DMARC record at all: `v=DMARC1` must come first, in that letter case
/// (section 4.7). Errors elsewhere only discard the tag; of a repeated tag the first counts. Pure.
[[nodiscard]] std::optional<Record> parse_record(std::string_view text);

/// The DMARC records among the TXT records of one answer.
struct Published {
  unsigned records = 0;
  std::optional<Record> only;  ///< If there is exactly one.
};

/// Reads the TXT records of an answer, once: the result is kept with it and is valid as long as that. Of a text of more
/// than Limits::kRecordOctets only the version is read; a record it may be, but one that cannot be used.
[[nodiscard]] const Published& records_of(const dns::Answer& answer);

}  // namespace assay::dmarc
