#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "verify/crypto/key_work.h"

namespace assay {

/// Every bound that the verification of one message obeys. Defaults are those of the documentation; `config/` fills in
/// the ones an administrator may change. Each is tested at N and N+1.
struct Limits {
  // What is read from a DNS answer is kept with it, for messages under other settings too: these bounds are constants.
  static constexpr std::size_t kKeyRecords = 3;       ///< TXT keys tried at one selector (RFC 6376 section 6.1.2).
  static constexpr std::size_t kRecordOctets = 8192;  ///< One TXT record that is parsed (SPF, DKIM key, DMARC), octets.
  static constexpr std::size_t kKeyTags = 100;        ///< Tags in one key record.
  static constexpr std::size_t kKeyTexts = 10;        ///< TXT records looked at for the keys of one selector.

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

  /// A name in h= counts as so many octets of header fields that are hashed: about what finding its field costs.
  static constexpr std::size_t kOctetsPerName = 64;

  /// What may be hashed of header fields for all DKIM signatures of a message, and again for its chain: any one
  /// signature fits, with a header and an h= as large as they may be.
  [[nodiscard]] std::size_t header_hash_octets() const noexcept {
    return header_octets + signed_header_names * kOctetsPerName;
  }

  /// What may be spent on checks with keys, in verify/crypto/key_work.h's unit, for all DKIM signatures of a message:
  /// each of those that are verified may have one key of the costliest kind.
  [[nodiscard]] std::uint64_t signature_key_work() const noexcept {
    return signatures * std::uint64_t{std::max(crypto::kEd25519Work, crypto::rsa_work(rsa_bits_max))};
  }
  /// And for its chain, whatever its DKIM signatures spent: both signatures of 50 sets with RSA keys of 2048 bits. What
  /// they left of theirs is the chain's, too.
  static constexpr std::uint64_t kChainKeyWork = std::uint64_t{2} * 50 * crypto::rsa_work(2048);
  /// So for the message as a whole.
  [[nodiscard]] std::uint64_t message_key_work() const noexcept { return signature_key_work() + kChainKeyWork; }

  std::size_t walk_queries = 8;        ///< Names one tree walk asks (RFC 9989 section 4.10).
  std::size_t alignment_domains = 10;  ///< Distinct d= whose Organizational Domain is looked up.
  std::size_t iprev_names = 10;        ///< PTR names checked forward (RFC 8601 section 3).

  /// Different questions that the evaluation of one message can ask at most, by the other bounds.
  [[nodiscard]] std::size_t max_questions() const noexcept {
    // Of one identity: its record, at each term a name and the hosts of an mx, the explanation (RFC 7208
    // section 4.6.4).
    const std::size_t spf = 1 + spf_dns_terms * (1 + spf_mx_hosts) + 1;
    // ptr, %{p} and iprev ask for the same names of the client.
    const std::size_t client = 1 + std::max(spf_ptr_names, iprev_names);
    const std::size_t keys = signatures + 2 * arc_sets;
    // Each author: the walk, whether it exists, and what RFC 7489 calls its Organizational Domain. The walks of what
    // may align: signers, and MAIL FROM.
    const std::size_t dmarc = author_domains * (walk_queries + 2) + (alignment_domains + 1) * walk_queries;
    return 2 * spf + client + keys + dmarc;
  }

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
