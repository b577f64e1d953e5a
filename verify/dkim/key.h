#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/base/parsed.h"
#include "verify/crypto/digest.h"
#include "verify/crypto/public_key.h"
#include "verify/dkim/outcome.h"
#include "verify/dkim/signature.h"
#include "verify/dns/answer.h"
#include "verify/limits.h"

namespace assay::dkim {

/// A key record that mail may use (RFC 6376 section 3.6.1). Immutable, shared between threads.
struct KeyRecord {
  std::shared_ptr<const crypto::PublicKey> key;  // k= and p=
  bool allows_sha256 = true;                     // h=
  bool allows_sha1 = true;                       // h=
  bool testing = false;                          // t=y
  bool forbids_subdomains = false;               // t=s
  std::size_t position = 0;                      ///< Among the TXT records of its answer.
};

/// Why a key record cannot be used: KeySyntax, KeyRevoked or KeyMismatch.
struct KeyError {
  Reason reason = Reason::KeySyntax;
  std::string detail;
  bool testing = false;                 ///< The record was readable and carries t=y.
  std::optional<std::size_t> position;  ///< Of the record among the TXT records of its answer; absent without any.
};

/// Reads the text of one TXT record. Strict: v= must stand first and be DKIM1, p= is required, an unknown k= or an s=
/// without email makes the record one to ignore. Pure.
[[nodiscard]] Parsed<KeyRecord, KeyError> parse_key(std::string_view text);

/// The key records at one selector, ready for any number of signatures.
struct KeySet {
  std::vector<KeyRecord> records;  ///< At most Limits::kKeyRecords; records that are no keys do not count.
  KeyError error;  ///< What the most promising of the other records lacks; of use if `records` is empty.
};

/// Reads the TXT records of one answer (section 6.1.2 steps 4 and 5). Several records are undefined (section 3.6.2.2);
/// of the first Limits::kKeyTexts those that are keys are kept.
[[nodiscard]] KeySet parse_keys(const std::vector<std::string>& texts);

/// The same of an answer that was Found. Read once and kept with the answer: valid as long as that.
[[nodiscard]] const KeySet& keys_of(const dns::Answer& answer);

/// What the keys say about one signature.
struct KeyCheck {
  Reason reason = Reason::None;  ///< None: a key verifies the signature.
  std::string detail;
  std::optional<unsigned> key_bits;     ///< Of the key that decided.
  bool testing = false;                 ///< That key carries t=y.
  std::optional<std::size_t> position;  ///< Of the record that decided, among the TXT records of its answer.
};

/// Tries the keys one after the other until one verifies `signature` over `header_hash`; else says what the key that
/// came nearest lacked (section 6.1.2 steps 6-8, RFC 8301 section 3.2). t=s is applied where the signature has an i=.
/// Each try costs `key_work` what the key's work() says; a key that costs more than is left is not tried, and the
/// signature then is TooCostly unless another key verifies it.
[[nodiscard]] KeyCheck check_keys(const Signature& signature, const crypto::DigestValue& header_hash,
                                  const KeySet& keys, const Limits& limits, std::uint64_t& key_work);

}  // namespace assay::dkim
