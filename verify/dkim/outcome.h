#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "verify/base/domain.h"

namespace assay::dkim {

/// RFC 8601 section 2.7.1. There is no None: a message without signatures has no outcomes.
enum class Status : std::uint8_t { Pass, Fail, Policy, Neutral, TempError, PermError };

enum class Reason : std::uint8_t {
  None,
  // the signature field
  SignatureSyntax,       ///< Not a tag-list, or a tag's value is malformed.
  MissingTag,            ///< A required tag is absent.
  UnsupportedVersion,    ///< v= is not 1.
  UnsupportedAlgorithm,  ///< a= unknown.
  UnsupportedCanonicalization,
  UnsupportedQuery,  ///< q= names no method we know.
  FromNotSigned,     ///< h= lacks From.
  IdentityMismatch,  ///< i= is not d= or below, or t=s forbids a subdomain.
  Expired,           ///< x= is past.
  FutureTimestamp,   ///< t= is in the future beyond the skew.
  // algorithms and keys
  WeakHash,     ///< rsa-sha1 (RFC 8301 section 3.1).
  KeyTooSmall,  ///< RSA below the minimum (RFC 8301 section 3.2).
  KeyTooLarge,  ///< RSA above the configured maximum: not verified, CPU bound.
  NoKey,        ///< NXDOMAIN or no TXT at the selector.
  KeySyntax,    ///< A record stands there but is no usable key.
  KeyRevoked,   ///< Empty p=.
  KeyMismatch,  ///< The key's k=, h= or s= does not permit this use.
  DnsFailure,
  DnssecBogus,
  // the verification
  BodyHashMismatch,
  SignatureMismatch,
  BodyShorterThanLength,  ///< l= exceeds the canonical body.
  UnsignedBody,           ///< Verified, but l= leaves octets of the body unsigned.
  TestKeyFailed,          ///< Failed with a t=y key: as if unsigned (RFC 6376 section 3.6.1).
  TooManySignatures,      ///< Not verified: beyond Limits::signatures.
  TooCostly,              ///< Not verified: beyond what the signatures of one message may cost (verify/dkim/effort.h).
};

[[nodiscard]] const char* to_string(Status status) noexcept;
/// Stable word: "body_hash_mismatch" ...; nullptr for Reason::None.
[[nodiscard]] const char* to_string(Reason reason) noexcept;

struct Trace;  // verify/dkim/trace.h

/// The result of one signature. Strings hold text from the message: escape before writing.
struct Outcome {
  Status status = Status::Neutral;
  Reason reason = Reason::None;
  std::string domain;                    ///< d= as written; empty when unreadable.
  std::optional<Domain> signing_domain;  ///< d= as a name; absent when it is none.
  std::string selector;                  ///< s= as written.
  std::string identity;                  ///< i= as written (its default, "@d", when absent).
  std::string algorithm;                 ///< a= as written, "rsa-sha256".
  std::string signature_start;  ///< The first octets of b=, whitespace removed (RFC 6008); at least 8 if it has them.
  std::optional<unsigned> key_bits;    ///< Of the key used.
  bool testing = false;                ///< The key carries t=y.
  bool headers_verified = false;       ///< The header signature (b=) verifies, whatever the body hash says.
  std::string detail;                  ///< More words on `reason`.
  std::shared_ptr<const Trace> trace;  ///< How it came about; null unless asked for.
};

}  // namespace assay::dkim
