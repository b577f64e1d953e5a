#include "verify/arc/verify.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "verify/arc/set.h"
#include "verify/arc/trace.h"
#include "verify/authres/parse.h"
#include "verify/base/text.h"
#include "verify/dkim/checks.h"
#include "verify/dkim/key.h"
#include "verify/dkim/signature.h"
#include "verify/dkim/verify.h"
#include "verify/message/canonical.h"

namespace assay::arc {
namespace {

using dkim::SignatureField;
using message::BodyDigests;
using message::HeaderBlock;

/// Different hashes of the body that one chain may ask for. Beyond it the search for oldest-pass (RFC 8617 section 5.2
/// step 5, optional) ends, which then names the oldest message signature that was looked at.
constexpr std::size_t kMaxBodyDigests = 4;
/// Seals and message signatures of one chain that are not all ASCII: their names have to be converted (RFC 8616), which
/// takes up to a tenth of a millisecond each time.
constexpr std::size_t kMaxInternational = 10;
/// Octets of an unusable d= that are kept for the report.
constexpr std::size_t kMaxSealerOctets = 255;

/// Where the fields of one kind and instance stand.
struct Slot {
  std::size_t count = 0;
  std::size_t field = 0;  ///< The topmost, if any.

  /// Whether it is the topmost.
  bool add(std::size_t index) noexcept {
    const bool is_first = count++ == 0;
    field = is_first ? index : field;
    return is_first;
  }
};

/// As a Slot, with the tags of that field: views into the HeaderBlock that collect() and verify() are given.
struct TaggedSlot : Slot {
  dkim::TagList tags;
};

/// The fields of one instance.
struct Set {
  Slot results;
  TaggedSlot message_signature;
  TaggedSlot seal;
};

/// All ARC fields of a message, sorted by instance and not judged yet.
struct Fields {
  std::array<Set, kMaxInstance> sets;  ///< Instance 1 first.
  unsigned highest = 0;                ///< N of RFC 8617 section 5.2; above kMaxInstance if such a number was seen.
  std::string malformed;               ///< Name of a field without a readable instance; empty if there is none.
};

/// Why a chain fails.
struct Failure {
  Reason reason = Reason::None;
  unsigned instance = 0;
  std::string detail;
};

/// A seal ready to be verified, or one reading of a message signature.
struct Signed {
  unsigned instance = 0;
  std::size_t field = 0;
  dkim::Signature signature;
  BodyDigests::Id body = 0;  ///< Of a message signature.
};

/// A message signature ready to be verified. Without c= it is simple/simple by RFC 8617 section 4.1.2, which takes
/// DKIM's syntax and semantics over; the ARC test suite and dkimpy take it as relaxed/relaxed. Whichever holds, the
/// sealer signed this message, so both readings are tried.
struct MessageSignature {
  Signed by_the_rfc;
  std::optional<Signed> relaxed;
};

/// Sorts a field into its set, `slot` there, and tells whether it is the topmost of its kind and instance.
template <class AnySlot>
bool sort_in(std::size_t field, std::string_view name, const Parsed<unsigned, InstanceError>& instance,
             AnySlot Set::*slot, Fields& fields) {
  if (instance) {
    fields.highest = std::max(fields.highest, *instance);
    return (fields.sets[*instance - 1].*slot).add(field);
  }
  if (instance.error().number > kMaxInstance) {
    fields.highest = std::max(fields.highest, instance.error().number);
  } else {
    fields.malformed = name;
  }
  return false;
}

/// Sorts the fields of one name, which are tag-lists.
void gather_tagged(const HeaderBlock& headers, const std::vector<std::size_t>& indexes, std::string_view name,
                   TaggedSlot Set::*slot, Fields& fields, const Limits& limits) {
  for (const std::size_t field : indexes) {
    dkim::TagList tags = dkim::TagList::parse(headers[field].value, limits.tags);
    const auto instance = read_instance(tags);
    if (sort_in(field, name, instance, slot, fields)) {
      (fields.sets[*instance - 1].*slot).tags = std::move(tags);
    }
  }
}

/// Where all ARC fields stand, by kind.
struct Places {
  static constexpr std::string_view kResults = "ARC-Authentication-Results";
  static constexpr std::string_view kMessageSignature = "ARC-Message-Signature";
  static constexpr std::string_view kSeal = "ARC-Seal";

  explicit Places(const HeaderBlock& headers)
      : results(headers.find(kResults)),
        message_signatures(headers.find(kMessageSignature)),
        seals(headers.find(kSeal)) {}

  [[nodiscard]] bool empty() const noexcept { return results.empty() && message_signatures.empty() && seals.empty(); }

  std::vector<std::size_t> results;
  std::vector<std::size_t> message_signatures;
  std::vector<std::size_t> seals;
};

bool has_too_many_international(const HeaderBlock& headers, const Places& places) {
  const auto count = [&headers](const std::vector<std::size_t>& fields) {
    return std::count_if(fields.begin(), fields.end(),
                         [&](std::size_t field) { return !is_ascii(headers[field].value); });
  };
  return static_cast<std::size_t>(count(places.message_signatures) + count(places.seals)) > kMaxInternational;
}

void gather_all(const HeaderBlock& headers, const Places& places, const Limits& limits, Fields& fields) {
  for (const std::size_t field : places.results) {
    const auto results = parse_results(headers[field].value);
    const auto instance = results ? Parsed<unsigned, InstanceError>(results->instance) : failure(results.error());
    sort_in(field, Places::kResults, instance, &Set::results, fields);
  }
  gather_tagged(headers, places.message_signatures, Places::kMessageSignature, &Set::message_signature, fields, limits);
  gather_tagged(headers, places.seals, Places::kSeal, &Set::seal, fields, limits);
}

/// d= of every seal that stands alone in its place, instance 1 first.
std::vector<std::string> find_sealers(const Fields& fields) {
  std::vector<std::string> sealers;
  for (const Set& set : fields.sets) {
    if (set.seal.count != 1) {
      continue;
    }
    if (const auto text = set.seal.tags.find("d")) {
      const auto name = Domain::parse(*text);
      sealers.push_back(name ? name->str() : std::string(text->substr(0, kMaxSealerOctets)));
    }
  }
  return sealers;
}

/// What a hop claims; nullopt if its field does not parse: it then claims nothing, and the chain stands or falls
/// without it.
std::optional<std::vector<Claim>> find_claims(const HeaderBlock& headers, const Set& set) {
  const Slot& slot = set.results;
  if (slot.count != 1) {
    return std::nullopt;
  }
  const auto results = parse_results(headers[slot.field].value);
  auto parsed = authres::parse(results ? results->payload : std::string_view{});
  if (!parsed) {
    return std::nullopt;
  }
  std::vector<Claim> claims;
  for (authres::Result& result : parsed->results) {
    claims.push_back({std::move(result.method), std::move(result.result), std::move(result.properties)});
  }
  return claims;
}

/// cv= of the seal of an instance, if exactly one stands there.
std::optional<ChainValidation> chain_validation(const Set& set) {
  if (set.seal.count != 1) {
    return std::nullopt;
  }
  return read_chain_validation(set.seal.tags);
}

/// RFC 8617 section 5.2 steps 1 to 3.
std::optional<Failure> check_structure(const Fields& fields, const Limits& limits) {
  const unsigned newest = fields.highest;
  if (newest > kMaxInstance || newest > limits.arc_sets) {
    return Failure{Reason::TooManySets, newest, {}};  // Step 1.
  }
  if (newest > 0 && chain_validation(fields.sets[newest - 1]) == ChainValidation::Fail) {
    return Failure{Reason::ChainMarkedFailed, newest, {}};  // Step 2.
  }
  if (!fields.malformed.empty()) {
    return Failure{Reason::MalformedSet, 0, fields.malformed + " without a readable instance"};
  }
  for (unsigned instance = 1; instance <= newest; ++instance) {  // Steps 3A and 3B.
    const Set& set = fields.sets[instance - 1];
    if (set.results.count != 1 || set.message_signature.count != 1 || set.seal.count != 1) {
      return Failure{Reason::IncompleteSet, instance, "each of the three fields must stand there once"};
    }
  }
  for (unsigned instance = 1; instance <= newest; ++instance) {  // Step 3C.
    const auto actual = chain_validation(fields.sets[instance - 1]);
    if (actual == ChainValidation::Malformed) {
      return Failure{Reason::MalformedSet, instance, "cv= of the ARC-Seal is missing or malformed"};
    }
    if (actual == ChainValidation::Fail) {
      return Failure{Reason::ChainMarkedFailed, instance, {}};
    }
    if (actual != (instance == 1 ? ChainValidation::None : ChainValidation::Pass)) {
      return Failure{Reason::WrongChainValidation, instance, {}};
    }
  }
  return std::nullopt;
}

std::string words(dkim::Reason reason, const std::string& detail) {
  const char* word = dkim::to_string(reason);
  return (word == nullptr ? std::string{} : std::string(word)) + (detail.empty() ? "" : ": ") + detail;
}

/// What a fault of the shared signature code means for a chain. `failed` is the reason for a signature that was read
/// but does not hold. All of it is permanent (RFC 8617 section 5.2.1).
Reason reason_of(dkim::Reason reason, Reason failed) {
  switch (reason) {
    case dkim::Reason::None: return Reason::None;
    case dkim::Reason::SignatureSyntax:
    case dkim::Reason::MissingTag:
    case dkim::Reason::UnsupportedVersion:
    case dkim::Reason::UnsupportedAlgorithm:
    case dkim::Reason::UnsupportedCanonicalization:
    case dkim::Reason::UnsupportedQuery:
    case dkim::Reason::FromNotSigned: return Reason::MalformedSet;
    case dkim::Reason::KeyTooSmall:
    case dkim::Reason::KeyTooLarge:
    case dkim::Reason::NoKey:
    case dkim::Reason::KeySyntax:
    case dkim::Reason::KeyRevoked:
    case dkim::Reason::KeyMismatch: return Reason::KeyFailure;
    case dkim::Reason::DnsFailure: return Reason::DnsFailure;
    case dkim::Reason::DnssecBogus: return Reason::DnssecBogus;
    case dkim::Reason::TooCostly: return Reason::TooCostly;
    case dkim::Reason::WeakHash:
    case dkim::Reason::IdentityMismatch:
    case dkim::Reason::Expired:
    case dkim::Reason::FutureTimestamp:
    case dkim::Reason::BodyHashMismatch:
    case dkim::Reason::SignatureMismatch:
    case dkim::Reason::BodyShorterThanLength:
    case dkim::Reason::UnsignedBody:
    case dkim::Reason::TestKeyFailed:
    case dkim::Reason::TooManySignatures: return failed;
  }
  return failed;
}

/// What the answer to a key question means for the chain; None if there are records to read. RFC 8617 section 5.2.1:
/// "All errors, including DNS failures, become unrecoverable and are considered permanent."
Reason reason_of(dns::Status status) {
  switch (status) {
    case dns::Status::Found: return Reason::None;
    case dns::Status::NoData:                               // Section 5.2 steps 4 and 6, RFC 6376 section 6.1.2 step 3.
    case dns::Status::NxDomain: return Reason::KeyFailure;  // As above.
    case dns::Status::TempFail: return Reason::DnsFailure;  // Section 5.2.1.
    case dns::Status::Bogus: return Reason::DnssecBogus;    // Section 5.2.1.
  }
  return Reason::DnsFailure;
}

/// The tags of one seal. RFC 8617 section 4.1.3: h= is not allowed.
Parsed<Signed, Failure> read_seal(const Fields& fields, unsigned instance, const Limits& limits) {
  const TaggedSlot& slot = fields.sets[instance - 1].seal;
  const std::size_t field = slot.field;
  const dkim::TagList& tags = slot.tags;
  if (tags.find("h")) {
    return failure(Failure{Reason::MalformedSet, instance, "ARC-Seal with h="});
  }
  auto signature = dkim::read_signature(tags, SignatureField::ArcSeal, limits);
  if (!signature) {
    const dkim::SignatureError& error = signature.error();
    return failure(Failure{reason_of(error.reason, Reason::SealFailed), instance, words(error.reason, error.detail)});
  }
  return Signed{instance, field, *std::move(signature), 0};
}

/// The tags of one message signature. RFC 8617 section 4.1.2 forbids to list any ARC field in h=; like other verifiers
/// we insist for ARC-Seal alone, which cannot have stood there when the message signature was made.
Parsed<MessageSignature, Failure> read_message_signature(const Fields& fields, unsigned instance,
                                                         const Limits& limits) {
  const TaggedSlot& slot = fields.sets[instance - 1].message_signature;
  const std::size_t field = slot.field;
  const dkim::TagList& tags = slot.tags;
  auto signature = dkim::read_signature(tags, SignatureField::ArcMessageSignature, limits);
  if (!signature) {
    const dkim::SignatureError& error = signature.error();
    return failure(
        Failure{reason_of(error.reason, Reason::MessageSignatureFailed), instance, words(error.reason, error.detail)});
  }
  const auto& names = signature->signed_headers;
  if (std::any_of(names.begin(), names.end(), [](const std::string& name) { return iequals(name, "ARC-Seal"); })) {
    return failure(Failure{Reason::MalformedSet, instance, "ARC-Message-Signature signs ARC-Seal"});
  }
  MessageSignature item{{instance, field, *std::move(signature), 0}, std::nullopt};
  if (!tags.find("c")) {
    item.relaxed = item.by_the_rfc;
    item.relaxed->signature.header_canonicalization = message::Canonicalization::Relaxed;
    item.relaxed->signature.body_canonicalization = message::Canonicalization::Relaxed;
  }
  return item;
}

/// The keys of one chain, each looked up once.
class Keys {
 public:
  explicit Keys(dns::Resolver& dns) : dns_(dns) {}

  struct Entry {
    Reason reason = Reason::None;  ///< Of the lookup.
    dns::AnswerPtr answer;
    const dkim::KeySet* keys = nullptr;  ///< Of `answer`; null if the lookup failed.
  };

  const Entry& find(const dkim::Signature& signature) {
    const dns::Question question = dkim::key_question(signature);
    if (const auto known = entries_.find(question); known != entries_.end()) {
      return known->second;
    }
    const dns::AnswerPtr answer = dns_.lookup(question);
    Entry entry{reason_of(answer->status), answer, nullptr};
    if (entry.reason == Reason::None) {
      entry.keys = &dkim::keys_of(*answer);
    }
    return entries_.emplace(question, std::move(entry)).first->second;
  }

 private:
  dns::Resolver& dns_;
  std::map<dns::Question, Entry> entries_;
};

/// That of one seal: `running` has all before its field.
crypto::DigestValue seal_hash(crypto::Digest running, const HeaderBlock& headers, const Signed& seal) {
  std::string last;
  message::append_canonical_without_b(last, headers[seal.field], message::Canonicalization::Relaxed);
  running.update(last);
  return running.finish();
}

/// The hash of each seal, newest first as `seals` are (RFC 8617 section 5.1.1): AAR, AMS and AS of every set up to its
/// own, ascending, in relaxed form, whose own b= value is left out. A seal covers all that the one before it covers, so
/// one pass over the sets gives all of them.
std::vector<crypto::DigestValue> seal_hashes(dkim::HeaderHashes& hashes, const Fields& fields,
                                             const std::vector<Signed>& seals) {
  std::vector<crypto::DigestValue> values(seals.size());
  for (const crypto::Hash function : {crypto::Hash::Sha256, crypto::Hash::Sha1}) {
    if (std::none_of(seals.begin(), seals.end(), [&](const Signed& s) { return s.signature.hash == function; })) {
      continue;
    }
    crypto::Digest running(function);
    const auto add = [&](std::size_t field) {
      running.update(hashes.relaxed(field));
      running.update("\r\n");
    };
    for (std::size_t i = seals.size(); i-- > 0;) {
      const Signed& seal = seals[i];
      const Set& set = fields.sets[seal.instance - 1];
      add(set.results.field);
      add(set.message_signature.field);
      if (seal.signature.hash == function) {
        values[i] = seal_hash(running.fork(), hashes.headers(), seal);
      }
      if (i != 0) {
        add(set.seal.field);
      }
    }
  }
  return values;
}

/// All that one seal covers, octet for octet.
std::string seal_octets(dkim::HeaderHashes& hashes, const Fields& fields, const Signed& seal) {
  std::string octets;
  const auto add = [&](std::size_t field) { octets.append(hashes.relaxed(field)).append("\r\n"); };
  for (unsigned instance = 1; instance <= seal.instance; ++instance) {
    const Set& set = fields.sets[instance - 1];
    add(set.results.field);
    add(set.message_signature.field);
    if (instance != seal.instance) {
      add(set.seal.field);
    }
  }
  message::append_canonical_without_b(octets, hashes.headers()[seal.field], message::Canonicalization::Relaxed);
  return octets;
}

/// What the check of a signature needs besides the signature.
struct Message {
  const BodyDigests& body;
  dkim::Effort& effort;
  const Limits& limits;
  Time now;
};

/// Key and times of one signature; `failed` names its kind. `hash` gives the hash, or nothing if it costs too much.
/// `trace` may be null.
template <class Hash>
std::optional<Failure> check_signature(const Signed& item, Reason failed, Keys& keys, const Message& message,
                                       const Hash& hash, dkim::Trace* trace) {
  if (const auto reason = dkim::check_times(item.signature, message.limits, message.now);
      reason != dkim::Reason::None) {
    return Failure{failed, item.instance, words(reason, {})};
  }
  const Keys::Entry& entry = keys.find(item.signature);
  if (entry.reason != Reason::None) {
    if (trace != nullptr) {
      dkim::note_key(*trace, *entry.answer, {});
    }
    return Failure{entry.reason, item.instance, entry.answer->detail};
  }
  std::optional<crypto::DigestValue> value = crypto::DigestValue{};
  if (!entry.keys->records.empty()) {
    value = hash();
  }
  if (!value) {
    return Failure{Reason::TooCostly, item.instance, dkim::kTooMuchToHash};
  }
  const dkim::KeyCheck check =
      dkim::check_keys(item.signature, *value, *entry.keys, message.limits, message.effort.key_work);
  if (trace != nullptr) {
    dkim::note_key(*trace, *entry.answer, check);
  }
  if (check.reason == dkim::Reason::TooCostly) {
    return Failure{Reason::TooCostly, item.instance, check.detail};
  }
  if (check.reason != dkim::Reason::None) {
    return Failure{reason_of(check.reason, failed), item.instance, words(check.reason, check.detail)};
  }
  return std::nullopt;
}

std::optional<Failure> check_reading(const Signed& item, const Message& message, Keys& keys, dkim::Trace* trace) {
  if (const auto reason = dkim::check_body(item.signature, message.body, item.body); reason != dkim::Reason::None) {
    return Failure{Reason::MessageSignatureFailed, item.instance, words(reason, {})};
  }
  return check_signature(
      item, Reason::MessageSignatureFailed, keys, message,
      [&] { return message.effort.hashes.hash(item.signature, item.field, message.effort.header_octets); }, trace);
}

/// What is told of a signature: nothing if it was not looked at.
Check state_of(const std::optional<Failure>& failure) {
  if (!failure) {
    return Check::Holds;
  }
  return failure->reason == Reason::TooCostly ? Check::NotMade : Check::Broken;
}

/// `trace` is that of its set, or null.
std::optional<Failure> check_message_signature(const MessageSignature& item, const Message& message, Keys& keys,
                                               SetTrace* trace) {
  auto failure = check_reading(item.by_the_rfc, message, keys, trace != nullptr ? &*trace->message_signature : nullptr);
  if (failure && failure->reason == Reason::MessageSignatureFailed && item.relaxed) {
    auto other = check_reading(*item.relaxed, message, keys, trace != nullptr ? &*trace->relaxed_signature : nullptr);
    if (!other || other->reason == Reason::TooCostly) {
      failure = std::move(other);
    }
  }
  if (trace != nullptr) {
    trace->signature_state = state_of(failure);
  }
  return failure;
}

/// Asks for the hashes of the body within the bound; `specs` are those that the chain asked for so far.
bool require_body(MessageSignature& item, BodyDigests& body, std::vector<message::BodyDigestSpec>& specs) {
  for (Signed* reading : {&item.by_the_rfc, item.relaxed ? &*item.relaxed : nullptr}) {
    if (reading == nullptr) {
      continue;
    }
    const auto spec = dkim::body_digest_spec(reading->signature);
    if (std::find(specs.begin(), specs.end(), spec) == specs.end()) {
      if (specs.size() == kMaxBodyDigests) {
        return false;
      }
      specs.push_back(spec);
    }
    reading->body = body.require(spec);
  }
  return true;
}

bool signs_from(const dkim::Signature& signature) {
  const auto& names = signature.signed_headers;
  return std::any_of(names.begin(), names.end(), [](const std::string& name) { return iequals(name, "From"); });
}

/// The set of an instance of a passing chain. `known` are the message signatures that were read, newest first; that of
/// this set is read now where the search for oldest-pass did not come that far.
Hop find_hop(const HeaderBlock& headers, const Fields& fields, const Signed& seal,
             const std::vector<MessageSignature>& known, const Limits& limits) {
  Hop hop;
  hop.selector = seal.signature.selector_name ? seal.signature.selector_name->str() : seal.signature.selector;
  const auto tell = [&hop](const dkim::Signature& signature) {
    hop.signer = signature.domain ? signature.domain->str() : signature.domain_text;
    hop.signs_from = signs_from(signature);
    hop.signs_part = signature.body_length.has_value();
  };
  if (const std::size_t age = fields.highest - seal.instance; age < known.size()) {
    tell(known[age].by_the_rfc.signature);
  } else if (const auto item = read_message_signature(fields, seal.instance, limits)) {
    tell(item->by_the_rfc.signature);
  }
  auto claims = find_claims(headers, fields.sets[seal.instance - 1]);
  hop.readable = claims && (seal.instance == 1 || claims->size() <= kMaxLaterClaims);
  if (hop.readable && seal.instance > 1) {
    hop.claims = *std::move(claims);
  }
  return hop;
}

void fail(Outcome& outcome, Failure failure) {
  outcome.status = Status::Fail;
  outcome.reason = failure.reason;
  outcome.failed_instance = failure.instance;
  outcome.detail = std::move(failure.detail);
}

}  // namespace

struct Chain::State {
  Outcome outcome;  ///< Final if there is nothing to verify: no chain, or one whose structure fails.
  Fields fields;
  std::vector<MessageSignature> message_signatures;  ///< To verify, newest first. Empty if `outcome` is final.
  std::vector<Signed> seals;                         ///< Newest first.
};

Chain::Chain() = default;
Chain::Chain(Chain&&) noexcept = default;
Chain& Chain::operator=(Chain&&) noexcept = default;
Chain::~Chain() = default;

Chain Chain::collect(const HeaderBlock& headers, BodyDigests& body, const Limits& limits) {
  Chain chain;
  const Places places(headers);
  if (places.empty()) {
    return chain;
  }
  chain.state_ = std::make_unique<State>();
  State& state = *chain.state_;
  Outcome& outcome = state.outcome;
  gather_all(headers, places, limits, state.fields);
  const Fields& fields = state.fields;
  outcome.instances = fields.highest;
  if (has_too_many_international(headers, places)) {
    fail(outcome, {Reason::TooCostly, 0,
                   "more than " + std::to_string(kMaxInternational) + " ARC fields with other characters than ASCII"});
    return chain;
  }
  outcome.sealers = find_sealers(fields);
  outcome.claims = find_claims(headers, fields.sets.front()).value_or(std::vector<Claim>{});
  if (auto failure = check_structure(fields, limits)) {
    fail(outcome, *std::move(failure));
    return chain;
  }
  std::vector<Signed> seals;
  for (unsigned instance = fields.highest; instance >= 1; --instance) {
    auto seal = read_seal(fields, instance, limits);
    if (!seal) {
      fail(outcome, std::move(seal.error()));
      return chain;
    }
    seals.push_back(*std::move(seal));
  }
  std::vector<message::BodyDigestSpec> specs;
  for (unsigned instance = fields.highest; instance >= 1; --instance) {
    auto item = read_message_signature(fields, instance, limits);
    if (!item && instance == fields.highest) {
      fail(outcome, std::move(item.error()));
      return chain;
    }
    if (!item) {
      break;  // An older one that cannot verify ends the search for oldest-pass, not the chain.
    }
    if (!require_body(*item, body, specs)) {
      break;
    }
    state.message_signatures.push_back(*std::move(item));
  }
  state.seals = std::move(seals);
  return chain;
}

std::vector<dns::Question> Chain::key_questions() const {
  std::vector<dns::Question> questions;
  if (!state_) {
    return questions;
  }
  const auto add = [&questions](const Signed& item) {
    dns::Question question = dkim::key_question(item.signature);
    if (std::find(questions.begin(), questions.end(), question) == questions.end()) {
      questions.push_back(std::move(question));
    }
  };
  for (const MessageSignature& item : state_->message_signatures) {
    add(item.by_the_rfc);
  }
  std::for_each(state_->seals.begin(), state_->seals.end(), add);
  return questions;
}

namespace {

/// What each set holds, and what can be told of its signatures before a key is asked for.
std::shared_ptr<Trace> make_trace(const Fields& fields, const std::vector<MessageSignature>& message_signatures,
                                  const std::vector<Signed>& seals, const Message& message) {
  dkim::HeaderHashes& hashes = message.effort.hashes;
  auto trace = std::make_shared<Trace>();
  for (unsigned instance = 1; instance <= std::min(fields.highest, kMaxInstance); ++instance) {
    const Set& set = fields.sets[instance - 1];
    SetTrace told;
    told.results = set.results.count;
    told.message_signatures = set.message_signature.count;
    told.seals = set.seal.count;
    told.chain_validation = chain_validation(set);
    trace->sets.push_back(std::move(told));
  }
  for (const MessageSignature& item : message_signatures) {
    SetTrace& told = trace->sets[item.by_the_rfc.instance - 1];
    const auto read = [&](const Signed& reading) {
      return dkim::begin_trace(reading.signature, hashes, reading.field, message.body, reading.body, message.limits,
                               message.now);
    };
    told.message_signature = read(item.by_the_rfc);
    if (item.relaxed) {
      told.relaxed_signature = read(*item.relaxed);
    }
  }
  for (const Signed& seal : seals) {
    dkim::Trace told = dkim::begin_trace(seal.signature, hashes.headers(), seal.field, message.limits, message.now);
    told.header_octets = seal_octets(hashes, fields, seal);
    told.header_hash = crypto::digest(seal.signature.hash, told.header_octets);
    trace->sets[seal.instance - 1].seal = std::move(told);
  }
  return trace;
}

}  // namespace

Outcome Chain::verify(const BodyDigests& body, dns::Resolver& dns, dkim::Effort& effort, const Limits& limits, Time now,
                      bool wants_trace) const {
  if (!state_) {
    return {};
  }
  Outcome outcome = state_->outcome;
  const Message message{body, effort, limits, now};
  std::shared_ptr<Trace> trace;
  if (wants_trace) {
    trace = make_trace(state_->fields, state_->message_signatures, state_->seals, message);
    outcome.trace = trace;
  }
  const auto told = [&trace](unsigned instance) { return trace ? &trace->sets[instance - 1] : nullptr; };
  if (state_->message_signatures.empty()) {
    return outcome;
  }
  Keys keys(dns);
  const auto& items = state_->message_signatures;
  if (auto failure = check_message_signature(items.front(), message, keys,
                                             told(items.front().by_the_rfc.instance))) {  // Step 4.
    fail(outcome, *std::move(failure));
    return outcome;
  }
  const std::vector<crypto::DigestValue> hashes = seal_hashes(effort.hashes, state_->fields, state_->seals);
  // Step 6, before the optional step 5: a broken chain needs no oldest-pass.
  for (std::size_t i = 0; i < state_->seals.size(); ++i) {
    const Signed& seal = state_->seals[i];
    SetTrace* const set = told(seal.instance);
    auto failure = check_signature(
        seal, Reason::SealFailed, keys, message, [&] { return std::optional(hashes[i]); },
        set != nullptr ? &*set->seal : nullptr);
    if (set != nullptr) {
      set->seal_state = state_of(failure);
    }
    if (failure) {
      fail(outcome, *std::move(failure));
      return outcome;
    }
  }
  unsigned oldest = items.front().by_the_rfc.instance;
  const auto holds = [&](const MessageSignature& item) {
    return !check_message_signature(item, message, keys, told(item.by_the_rfc.instance));
  };
  for (auto item = items.begin() + 1; item != items.end() && holds(*item); ++item) {
    oldest = item->by_the_rfc.instance;
  }
  outcome.oldest_pass = oldest == 1 ? 0 : oldest;  // Step 5: 0 if all verify, else the lowest instance that passed.
  outcome.from_signed = signs_from(items.front().by_the_rfc.signature);
  for (auto seal = state_->seals.rbegin(); seal != state_->seals.rend(); ++seal) {
    outcome.hops.push_back(find_hop(effort.hashes.headers(), state_->fields, *seal, items, limits));
  }
  outcome.status = Status::Pass;
  return outcome;
}

}  // namespace assay::arc
