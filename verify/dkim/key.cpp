#include "verify/dkim/key.h"

#include <algorithm>
#include <utility>

#include "verify/base/base64.h"
#include "verify/base/text.h"
#include "verify/dkim/tag_list.h"

namespace assay::dkim {
namespace {

using crypto::Hash;
using crypto::PublicKey;

tl::unexpected<KeyError> key_error(Reason reason, std::string detail, bool testing = false) {
  return failure(KeyError{reason, std::move(detail), testing, std::nullopt});
}

bool lists(std::string_view list, std::string_view word) {
  const auto items = split_colons(list, list.size());
  return std::any_of(items.begin(), items.end(), [word](std::string_view item) { return iequals(item, word); });
}

/// h=, s= and t= are lists of words, in s= of "*" too; no item is empty. An empty list permits nothing and sets no
/// flag.
bool is_word_list(std::string_view list, bool may_have_star) {
  const auto items = split_colons(list, list.size());
  return std::all_of(items.begin(), items.end(), [may_have_star](std::string_view item) {
    return is_hyphenated_word(item) || (may_have_star && item == "*");
  });
}

Parsed<std::shared_ptr<const PublicKey>> read_key(PublicKey::Kind kind, std::string_view text) {
  const auto octets = decode_base64(text);
  if (!octets) {
    return parse_error("p= is no base64 text");
  }
  // RFC 8463 section 4: the raw key for Ed25519, DER for RSA.
  return kind == PublicKey::Kind::Ed25519 ? PublicKey::from_ed25519(*octets) : PublicKey::from_rsa_der(*octets);
}

/// How near a key came to verifying: the most informative failure is the one reported.
int nearness(Reason reason) {
  switch (reason) {
    case Reason::None: return 8;
    case Reason::TooCostly: return 7;  // One that was not tried might have verified it.
    case Reason::SignatureMismatch: return 6;
    case Reason::IdentityMismatch: return 5;
    case Reason::KeyTooSmall:
    case Reason::KeyTooLarge: return 4;
    case Reason::KeyMismatch: return 3;
    case Reason::KeyRevoked: return 2;
    case Reason::KeySyntax: return 1;
    case Reason::SignatureSyntax:
    case Reason::MissingTag:
    case Reason::UnsupportedVersion:
    case Reason::UnsupportedAlgorithm:
    case Reason::UnsupportedCanonicalization:
    case Reason::UnsupportedQuery:
    case Reason::FromNotSigned:
    case Reason::Expired:
    case Reason::FutureTimestamp:
    case Reason::WeakHash:
    case Reason::NoKey:
    case Reason::DnsFailure:
    case Reason::DnssecBogus:
    case Reason::BodyHashMismatch:
    case Reason::BodyShorterThanLength:
    case Reason::UnsignedBody:
    case Reason::TestKeyFailed:
    case Reason::TooManySignatures: return 0;  // Not about a key.
  }
  return 0;
}

KeyCheck check_key(const Signature& signature, const crypto::DigestValue& header_hash, const KeyRecord& record,
                   const Limits& limits, std::uint64_t& key_work) {
  KeyCheck check;
  check.key_bits = record.key->bits();
  check.testing = record.testing;
  check.position = record.position;
  const auto conclude = [&check](Reason reason, std::string detail) {
    check.reason = reason;
    check.detail = std::move(detail);
    return check;
  };
  // Section 6.1.2 step 6.
  if (!(signature.hash == Hash::Sha256 ? record.allows_sha256 : record.allows_sha1)) {
    return conclude(Reason::KeyMismatch, "h= of the key does not permit the hash");
  }
  // Step 8.
  if (record.key->kind() != signature.key_kind) {
    return conclude(Reason::KeyMismatch, "k= of the key is not the algorithm of the signature");
  }
  if (record.key->kind() == PublicKey::Kind::Rsa) {
    // RFC 8301 section 3.2: verifiers MUST NOT consider signatures using RSA keys of less than 1024 bits as valid.
    if (record.key->bits() < limits.rsa_bits_min) {
      return conclude(Reason::KeyTooSmall, std::to_string(record.key->bits()) + " bits");
    }
    if (record.key->bits() > limits.rsa_bits_max) {
      return conclude(Reason::KeyTooLarge, std::to_string(record.key->bits()) + " bits");
    }
  }
  // Section 3.6.1, t=s.
  if (record.forbids_subdomains && signature.identity_domain && signature.identity_domain != signature.domain) {
    return conclude(Reason::IdentityMismatch, "t=s of the key wants i= and d= to name the same domain");
  }
  if (record.key->work() > key_work) {
    return conclude(Reason::TooCostly, "the message has too many signatures by keys that are costly to check");
  }
  key_work -= record.key->work();
  // Section 6.1.3 step 4.
  if (!record.key->verify(signature.hash, header_hash, signature.signature)) {
    if (record.key->kind() == PublicKey::Kind::Ed25519) {
      key_work -= std::min(key_work, std::uint64_t{record.key->work()});  // It was computed twice: PublicKey::verify.
    }
    return conclude(Reason::SignatureMismatch, "the signature does not verify over the header fields");
  }
  return check;
}

}  // namespace

Parsed<KeyRecord, KeyError> parse_key(std::string_view text) {
  if (text.size() > Limits::kRecordOctets) {
    return key_error(Reason::KeySyntax,
                     "the record is longer than " + std::to_string(Limits::kRecordOctets) + " octets");
  }
  const TagList tags = TagList::parse(text, Limits::kKeyTags);
  if (tags.error()) {
    return key_error(Reason::KeySyntax, tags.error()->what);
  }
  // "This tag MUST be the first tag in the record. Records beginning with a "v=" tag with any other value MUST be
  // discarded", and the value is compared octet by octet: no other case, no DKIM1.0.
  if (const auto version = tags.find("v"); version && (tags.tags().front().name != "v" || *version != "DKIM1")) {
    return key_error(Reason::KeySyntax, "v= is not DKIM1 or not the first tag");
  }
  const auto key_text = tags.find("p");
  if (!key_text) {
    return key_error(Reason::KeySyntax, "p= is missing");
  }
  // Section 6.1.2 step 5: a record that "does not adhere to the format" MUST be ignored.
  for (const std::string_view name : {"h", "s", "t"}) {
    if (!is_word_list(tags.find(name).value_or(std::string_view{}), name == "s")) {
      return key_error(Reason::KeySyntax, std::string(name) + "= of the key is malformed");
    }
  }
  KeyRecord record;
  if (const auto flags = tags.find("t")) {
    record.testing = lists(*flags, "y");
    record.forbids_subdomains = lists(*flags, "s");
  }
  if (const auto services = tags.find("s"); services && !lists(*services, "*") && !lists(*services, "email")) {
    return key_error(Reason::KeyMismatch, "s= of the key does not name email", record.testing);
  }
  if (const auto hashes = tags.find("h")) {
    record.allows_sha256 = lists(*hashes, "sha256");
    record.allows_sha1 = lists(*hashes, "sha1");
  }
  const std::string_view type = tags.find("k").value_or("rsa");
  if (!iequals(type, "rsa") && !iequals(type, "ed25519")) {
    return key_error(Reason::KeyMismatch, "k= of the key is unknown", record.testing);
  }
  if (key_text->empty()) {
    return key_error(Reason::KeyRevoked, "p= is empty");  // Section 6.1.2 step 7.
  }
  auto key = read_key(iequals(type, "rsa") ? PublicKey::Kind::Rsa : PublicKey::Kind::Ed25519, *key_text);
  if (!key) {
    return key_error(Reason::KeySyntax, std::move(key.error().what), record.testing);
  }
  record.key = *std::move(key);
  return record;
}

KeySet parse_keys(const std::vector<std::string>& texts) {
  KeySet keys;
  keys.error = {Reason::NoKey, "no TXT record", false, std::nullopt};
  const std::size_t looked_at = std::min(texts.size(), Limits::kKeyTexts);
  for (std::size_t position = 0; position < looked_at && keys.records.size() < Limits::kKeyRecords; ++position) {
    auto record = parse_key(texts[position]);
    if (record) {
      record->position = position;
      keys.records.push_back(*std::move(record));
    } else if (position == 0 || nearness(record.error().reason) > nearness(keys.error.reason)) {
      keys.error = std::move(record.error());
      keys.error.position = position;
    }
  }
  return keys;
}

const KeySet& keys_of(const dns::Answer& answer) {
  return answer.parsed.get<KeySet>([&answer] { return parse_keys(answer.texts); });
}

KeyCheck check_keys(const Signature& signature, const crypto::DigestValue& header_hash, const KeySet& keys,
                    const Limits& limits, std::uint64_t& key_work) {
  KeyCheck best;
  best.reason = keys.error.reason;
  best.detail = keys.error.detail;
  best.testing = keys.error.testing;
  best.position = keys.error.position;
  for (const KeyRecord& record : keys.records) {
    KeyCheck check = check_key(signature, header_hash, record, limits, key_work);
    if (&record == &keys.records.front() || nearness(check.reason) > nearness(best.reason)) {
      best = std::move(check);
    }
    if (best.reason == Reason::None) {
      break;
    }
  }
  return best;
}

}  // namespace assay::dkim
