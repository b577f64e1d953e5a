#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/base/domain.h"
#include "verify/base/parsed.h"
#include "verify/crypto/digest.h"
#include "verify/crypto/public_key.h"
#include "verify/dkim/outcome.h"
#include "verify/dkim/tag_list.h"
#include "verify/limits.h"
#include "verify/message/canonical.h"

namespace assay::dkim {

/// A well-formed DKIM-Signature (RFC 6376 section 3.5), or the same tags of an ARC-Message-Signature or ARC-Seal.
struct Signature {
  crypto::PublicKey::Kind key_kind = crypto::PublicKey::Kind::Rsa;  // a=, first half
  crypto::Hash hash = crypto::Hash::Sha256;                         // a=, second half
  std::string algorithm;                                            // a= as written
  std::vector<std::uint8_t> signature;                              // b=
  std::string signature_start;                                      // b=, first 8 or more characters without whitespace
  std::vector<std::uint8_t> body_hash;                              // bh=
  message::Canonicalization header_canonicalization = message::Canonicalization::Simple;  // c=
  message::Canonicalization body_canonicalization = message::Canonicalization::Simple;    // c=
  std::optional<Domain> domain;              // d=; always present once parsed
  std::string domain_text;                   // d= as written
  std::string selector;                      // s= as written
  std::optional<Domain> selector_name;       // s= as A-labels, for the lookup; always present once parsed
  std::vector<std::string> signed_headers;   // h=, as written, in order
  std::string identity;                      // i= as written but for its FWS; "@d" if absent; empty in ARC
  std::optional<Domain> identity_domain;     // i=, right of the last '@'; absent in ARC
  std::optional<std::uint64_t> body_length;  // l=
  std::optional<std::uint64_t> timestamp;    // t=
  std::optional<std::uint64_t> expiration;   // x=
};

/// Why a signature field cannot be used, and what could be read of it for the report.
struct SignatureError {
  Reason reason = Reason::SignatureSyntax;
  std::string detail;
  std::string domain;  ///< d=, s=, a= and the start of b= as far as they were readable.
  std::string selector;
  std::string algorithm;
  std::string signature_start;
};

/// The field that a tag-list comes from: the three share most of their tags.
enum class SignatureField : std::uint8_t {
  Dkim,                 ///< DKIM-Signature, RFC 6376 section 3.5.
  ArcMessageSignature,  ///< No v=; i= is the instance; h= may be empty and lack From (RFC 8617 section 4.1.2).
  ArcSeal,              ///< Only a=, b=, d=, s= and t= are read; relaxed headers (RFC 8617 section 4.1.3).
};

/// Reads the value of a DKIM-Signature field. Strict: any inconsistency or unexpected value is an error
/// (section 6.1.1). Pure: x= and t= are compared with the clock by check_times().
[[nodiscard]] Parsed<Signature, SignatureError> parse_signature(std::string_view value, const Limits& limits);

/// Where the key stands (RFC 6376 section 3.6.2.1). May be too long for DNS.
[[nodiscard]] std::string key_name(const Domain& selector, const Domain& domain);

/// As parse_signature, for a tag-list that was read already. The instance and cv= of ARC are the caller's business.
[[nodiscard]] Parsed<Signature, SignatureError> read_signature(const TagList& tags, SignatureField field,
                                                               const Limits& limits);

}  // namespace assay::dkim
