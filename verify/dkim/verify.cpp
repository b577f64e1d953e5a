#include "verify/dkim/verify.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "verify/base/text.h"
#include "verify/dkim/checks.h"
#include "verify/dkim/key.h"
#include "verify/dkim/trace.h"

namespace assay::dkim {
namespace {

/// How near a signing domain is to an author: lower is picked earlier.
enum class Nearness : std::uint8_t { Equal, Related, Stranger };

/// What decides which signatures are verified, and which first. The lesser is.
struct Rank {
  Nearness nearness = Nearness::Stranger;
  unsigned weakness = 0;
  std::size_t position = 0;  ///< Among the DKIM-Signature fields, top first.

  friend auto operator<=>(const Rank&, const Rank&) = default;
};

Nearness nearness(const Domain& signer, const std::vector<Domain>& authors) {
  if (std::find(authors.begin(), authors.end(), signer) != authors.end()) {
    return Nearness::Equal;
  }
  const bool is_related = std::any_of(authors.begin(), authors.end(), [&signer](const Domain& author) {
    return signer.is_within(author) || author.is_within(signer);
  });
  return is_related ? Nearness::Related : Nearness::Stranger;
}

void conclude(Outcome& outcome, Reason reason, std::string detail) {
  outcome.reason = reason;
  outcome.status = status_of(reason);
  outcome.detail = std::move(detail);
}

/// What is known before the key is asked for.
std::shared_ptr<Trace> make_trace(const Candidate& candidate, HeaderHashes& hashes, const message::BodyDigests& body,
                                  const Limits& limits, Time now) {
  auto trace = std::make_shared<Trace>();
  if (candidate.signature) {
    *trace = begin_trace(*candidate.signature, hashes, candidate.field, body, candidate.body, limits, now);
  } else {
    trace->field = hashes.headers()[candidate.field].value;
  }
  return trace;
}

Candidate read_candidate(const message::HeaderBlock& headers, std::size_t field, const Limits& limits) {
  Candidate candidate;
  candidate.field = field;
  Outcome& outcome = candidate.outcome;
  auto signature = parse_signature(headers[field].value, limits);
  if (!signature) {
    SignatureError& error = signature.error();
    outcome.domain = std::move(error.domain);
    outcome.selector = std::move(error.selector);
    outcome.algorithm = std::move(error.algorithm);
    outcome.signature_start = std::move(error.signature_start);
    if (auto name = Domain::parse(outcome.domain)) {
      outcome.signing_domain = *std::move(name);
    }
    conclude(outcome, error.reason, std::move(error.detail));
    return candidate;
  }
  outcome.domain = signature->domain_text;
  outcome.signing_domain = signature->domain;
  outcome.selector = signature->selector;
  outcome.identity = signature->identity;
  outcome.algorithm = signature->algorithm;
  outcome.signature_start = signature->signature_start;
  candidate.signature = *std::move(signature);
  return candidate;
}

/// The less, the larger the key that may have made it; the greatest if none that is permitted can have. An RSA
/// signature has the octets of the modulus (RFC 8017 section 8.2.1). Ed25519 is as strong as RSA of 3072 bits (NIST SP
/// 800-57 part 1, table 2).
unsigned weakness(const Signature& signature, const Limits& limits) {
  constexpr unsigned kWeakest = std::numeric_limits<unsigned>::max();
  constexpr std::size_t kEd25519Octets = 64;
  constexpr unsigned kEd25519Strength = 3072;
  const std::size_t octets = signature.signature.size();
  if (signature.key_kind == crypto::PublicKey::Kind::Ed25519) {
    return octets == kEd25519Octets ? kWeakest - kEd25519Strength : kWeakest;
  }
  const std::size_t bits = 8 * octets;  // At most 7 less.
  return bits >= limits.rsa_bits_min && bits < limits.rsa_bits_max + 8U ? kWeakest - static_cast<unsigned>(bits)
                                                                        : kWeakest;
}

Rank rank_of(const Signature& signature, std::size_t position, const std::vector<Domain>& authors,
             const Limits& limits) {
  return {nearness(*signature.domain, authors), weakness(signature, limits), position};
}

/// Marks the fields (by position) that are read: of those with other characters than ASCII, Limits::signatures.
std::vector<bool> find_readable(const message::HeaderBlock& headers, const std::vector<std::size_t>& fields,
                                const Limits& limits) {
  std::size_t international = 0;
  std::vector<bool> readable;
  readable.reserve(fields.size());
  for (const std::size_t field : fields) {
    readable.push_back(is_ascii(headers[field].value) || ++international <= limits.signatures);
  }
  return readable;
}

/// What the choice of signatures comes to, by position.
struct Choice {
  std::vector<bool> picked;
  /// Those that were read for it and may be reported: all but the lowest fields of a message with very many.
  std::vector<std::optional<Candidate>> read;
};

/// Picks the fields to verify, of those that are `readable`. Where all may be, malformed ones are picked, too: they
/// have their outcome.
Choice pick(const message::HeaderBlock& headers, const std::vector<std::size_t>& fields,
            const std::vector<bool>& readable, const std::vector<Domain>& authors, const Limits& limits) {
  // Nearly every message: there is nothing to choose.
  if (fields.size() <= limits.signatures) {
    return {readable, {}};
  }
  Choice choice;
  // Of those further down no one is reported but the picked.
  choice.read.resize(std::min(fields.size(), kMaxReportedSignatures + limits.signatures));
  std::vector<Rank> well_formed;
  const auto rank = [&](const Signature& signature, std::size_t position) {
    well_formed.push_back(rank_of(signature, position, authors, limits));
  };
  for (std::size_t position = 0; position < fields.size(); ++position) {
    if (!readable[position]) {
      continue;
    }
    if (position < choice.read.size()) {
      choice.read[position] = read_candidate(headers, fields[position], limits);
      if (const auto& signature = choice.read[position]->signature) {
        rank(*signature, position);
      }
    } else if (const auto signature = parse_signature(headers[fields[position]].value, limits)) {
      rank(*signature, position);
    }
  }
  std::sort(well_formed.begin(), well_formed.end());
  well_formed.resize(std::min(well_formed.size(), limits.signatures));
  choice.picked.resize(fields.size(), false);
  for (const Rank& best : well_formed) {
    choice.picked[best.position] = true;
  }
  return choice;
}

/// Sets the rank of each candidate with a signature.
void rank_candidates(std::vector<Candidate>& candidates, const std::vector<Domain>& authors, const Limits& limits) {
  if (candidates.size() < 2) {
    return;
  }
  std::vector<Rank> ranks;
  ranks.reserve(candidates.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].signature) {
      ranks.push_back(rank_of(*candidates[i].signature, i, authors, limits));
    }
  }
  std::sort(ranks.begin(), ranks.end());
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    candidates[ranks[i].position].rank = i;
  }
}

Candidate unread_candidate(std::size_t field, const Limits& limits) {
  Candidate candidate;
  candidate.field = field;
  conclude(candidate.outcome, Reason::TooManySignatures,
           "only " + std::to_string(limits.signatures) + " signatures in other characters than ASCII are read");
  return candidate;
}

}  // namespace

Status status_of(Reason reason) {
  switch (reason) {
    case Reason::None: return Status::Pass;
    // "contained syntax errors or were not otherwise able to be processed"; RFC 6376 sections 3.3.4 and 3.4: unknown
    // algorithms and canonicalizations are ignored.
    case Reason::SignatureSyntax:
    case Reason::UnsupportedAlgorithm:
    case Reason::UnsupportedCanonicalization:
    case Reason::TestKeyFailed:
      return Status::Neutral;  // RFC 6376 section 3.6.1, t=y: as if unsigned.
    // "could not be verified due to some error that is unrecoverable": PERMFAIL of RFC 6376 section 6.1.1 ...
    case Reason::MissingTag:
    case Reason::UnsupportedVersion:
    case Reason::UnsupportedQuery:
    case Reason::FromNotSigned:
    case Reason::IdentityMismatch:
    case Reason::Expired:
    case Reason::FutureTimestamp:
    // ... of section 6.1.2 ...
    case Reason::NoKey:
    case Reason::KeySyntax:
    case Reason::KeyRevoked:
    case Reason::KeyMismatch:
    // ... of section 3.5, l= ...
    case Reason::BodyShorterThanLength:
    // ... and of RFC 8301 sections 3.1 and 3.2.
    case Reason::WeakHash:
    case Reason::KeyTooSmall: return Status::PermError;
    // RFC 6376 section 6.1.2 step 2.
    case Reason::DnsFailure:
    case Reason::DnssecBogus: return Status::TempError;
    // "did not pass the verification test(s)": RFC 6376 section 6.1.3 steps 3 and 4.
    case Reason::BodyHashMismatch:
    case Reason::SignatureMismatch: return Status::Fail;
    // "some aspect of the signature or signatures was not acceptable to the ADMD".
    case Reason::KeyTooLarge:
    case Reason::UnsignedBody:
    case Reason::TooManySignatures:
    case Reason::TooCostly: return Status::Policy;
  }
  return Status::PermError;
}

std::vector<Candidate> select(const message::HeaderBlock& headers, const std::vector<Domain>& author_domains,
                              message::BodyDigests& body, const Limits& limits) {
  const std::vector<std::size_t> fields = headers.find("DKIM-Signature");
  if (fields.empty()) {
    return {};
  }
  const std::vector<bool> readable = find_readable(headers, fields, limits);
  Choice choice = pick(headers, fields, readable, author_domains, limits);
  const std::vector<bool>& picked = choice.picked;
  const auto read = [&](std::size_t position) {
    if (position < choice.read.size() && choice.read[position]) {
      return *std::move(choice.read[position]);
    }
    return readable[position] ? read_candidate(headers, fields[position], limits)
                              : unread_candidate(fields[position], limits);
  };
  const auto verified = static_cast<std::size_t>(std::count(picked.begin(), picked.end(), true));
  std::size_t others = kMaxReportedSignatures - std::min(verified, kMaxReportedSignatures);
  std::vector<Candidate> candidates;
  for (std::size_t position = 0; position < fields.size(); ++position) {
    if (!picked[position] && others == 0) {
      continue;
    }
    Candidate candidate = read(position);
    if (picked[position]) {
      if (candidate.signature) {
        candidate.body = body.require(body_digest_spec(*candidate.signature));
      }
    } else {
      --others;
      if (candidate.signature) {
        candidate.signature.reset();
        conclude(candidate.outcome, Reason::TooManySignatures,
                 "only " + std::to_string(limits.signatures) + " signatures are verified");
      }
    }
    candidates.push_back(std::move(candidate));
  }
  rank_candidates(candidates, author_domains, limits);
  return candidates;
}

dns::Question key_question(const Signature& signature) {
  return {key_name(*signature.selector_name, *signature.domain), dns::Type::TXT};
}

Outcome verify(const Candidate& candidate, const message::BodyDigests& body, dns::Resolver& dns, Effort& effort,
               const Limits& limits, Time now, bool wants_trace) {
  Outcome outcome = candidate.outcome;
  std::shared_ptr<Trace> trace;
  if (wants_trace) {
    trace = make_trace(candidate, effort.hashes, body, limits, now);
    outcome.trace = trace;
  }
  if (!candidate.signature) {
    return outcome;
  }
  const Signature& signature = *candidate.signature;
  if (const Reason reason = check_times(signature, limits, now); reason != Reason::None) {
    conclude(outcome, reason, {});
    return outcome;
  }
  const dns::AnswerPtr answer = dns.lookup(key_question(signature));
  if (const Reason reason = check_answer(answer->status); reason != Reason::None) {
    if (trace) {
      note_key(*trace, *answer, {});
    }
    conclude(outcome, reason, answer->detail);
    return outcome;
  }
  const KeySet& keys = keys_of(*answer);
  std::optional<crypto::DigestValue> hash = crypto::DigestValue{};
  if (!keys.records.empty()) {
    hash = effort.hashes.hash(signature, candidate.field, effort.header_octets);
  }
  KeyCheck check;
  if (hash) {
    check = check_keys(signature, *hash, keys, limits, effort.key_work);
  } else {
    check.reason = Reason::TooCostly;
    check.detail = kTooMuchToHash;
  }
  if (trace) {
    note_key(*trace, *answer, check);
  }
  outcome.key_bits = check.key_bits;
  outcome.testing = check.testing;
  outcome.headers_verified = check.reason == Reason::None;
  conclude(outcome, check.reason, std::move(check.detail));

  // Section 6.1.3: step 3 compares the body hash, step 4 the signature; both are told apart for policy and people.
  const Reason body_reason = check_body(signature, body, candidate.body);
  if (outcome.headers_verified) {
    conclude(outcome, body_reason, {});
  } else if (check.reason == Reason::SignatureMismatch && body_reason != Reason::None &&
             body_reason != Reason::UnsignedBody) {
    conclude(outcome, body_reason, outcome.detail);
  }
  if (outcome.testing && (outcome.status == Status::Fail || outcome.status == Status::PermError)) {
    conclude(outcome, Reason::TestKeyFailed, to_string(outcome.reason));
  }
  return outcome;
}

std::vector<Outcome> verify_all(const std::vector<Candidate>& candidates, const message::BodyDigests& body,
                                dns::Resolver& dns, Effort& effort, const Limits& limits, Time now, bool wants_trace) {
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&candidates](std::size_t a, std::size_t b) {
    return candidates[a].rank != candidates[b].rank ? candidates[a].rank < candidates[b].rank : a < b;
  });
  std::vector<Outcome> outcomes(candidates.size());
  for (const std::size_t i : order) {
    outcomes[i] = verify(candidates[i], body, dns, effort, limits, now, wants_trace);
  }
  return outcomes;
}

}  // namespace assay::dkim
