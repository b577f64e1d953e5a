#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace assay {

/// Every bound that the verification of one message obeys. Defaults are those of the documentation; `config/` fills in
/// the ones an administrator may change. Each is tested at N and N+1.
struct Limits {
  // What is read from a DNS answer is kept with it, for messages under other settings too: these bounds are constants.
  static constexpr std::size_t kKeyRecords = 3;       ///< TXT keys tried at one selector (RFC 6376 section 6.1.2).
  static constexpr std::size_t kRecordOctets = 8192;  ///< One TXT record that is parsed (SPF, DKIM key, DMARC), octets.
  static constexpr std::size_t kKeyTags = 100;        ///< Tags in one key record.

  std::size_t signatures = 8;  ///< DKIM signatures verified; the rest is reported as `policy` (RFC 6376 section 6.1).
  std::size_t arc_sets = 50;   ///< Instances in a chain (RFC 8617 section 4.2.1); more is a failed chain.
  std::size_t header_octets = 1U << 20U;  ///< All header fields together, octets.
  std::size_t header_fields = 10'000;     ///< Count.
  std::size_t author_domains = 5;         ///< Distinct domains in From that DMARC evaluates (RFC 9989 section 11.5).
  unsigned rsa_bits_min = 1024;           ///< RFC 8301 section 3.2.
  unsigned rsa_bits_max = 4096;           ///< RFC 8301 section 3.2: larger may be refused.
  std::size_t tags = 100;                 ///< Tags in one tag-list of a header field.
  std::size_t signed_header_names = 500;  ///< Names in one h=.

  unsigned spf_dns_terms = 10;               ///< RFC 7208 section 4.6.4.
  unsigned spf_void_lookups = 2;             ///< RFC 7208 section 4.6.4.
  std::size_t spf_mx_hosts = 10;             ///< RFC 7208 section 4.6.4.
  std::size_t spf_ptr_names = 10;            ///< RFC 7208 section 4.6.4.
  std::size_t spf_explanation_octets = 500;  ///< Expanded explanation text kept.

  std::size_t walk_queries = 8;        ///< Names one tree walk asks (RFC 9989 section 4.10).
  std::size_t alignment_domains = 10;  ///< Distinct d= whose Organizational Domain is looked up.
  std::size_t iprev_names = 10;        ///< PTR names checked forward (RFC 8601 section 3).

  std::chrono::seconds clock_skew{300};  ///< Tolerance for t= in the future and x= in the past.

  // For test vectors made before RFC 8301 alone; no configuration reaches them.
  bool allow_sha1 = false;
  bool allow_missing_version = false;

  friend bool operator==(const Limits&, const Limits&) = default;
};

/// A bound whose excess ends the verification of a message (others only shorten the work and say so in the results).
enum class Bound : std::uint8_t { HeaderOctets, HeaderFields };

[[nodiscard]] constexpr const char* to_string(Bound bound) noexcept {
  switch (bound) {
    case Bound::HeaderOctets: return "header_octets";
    case Bound::HeaderFields: return "header_fields";
  }
  return "";
}

}  // namespace assay
