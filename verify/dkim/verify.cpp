#include "verify/dkim/verify.h"

#include <algorithm>
#include <utility>

#include "verify/dkim/checks.h"
#include "verify/dkim/header_hash.h"
#include "verify/dkim/key.h"
#include "verify/dkim/trace.h"

namespace assay::dkim {
namespace {

/// How near a signing domain is to an author: lower is picked earlier.
enum class Nearness : std::uint8_t { Equal, Related, Stranger };

/// A well-formed signature field waiting to be picked.
struct Ranked {
  std::size_t position;  ///< Among the DKIM-Signature fields, top first.
  Nearness nearness;
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
std::shared_ptr<Trace> make_trace(const Candidate& candidate, const message::HeaderBlock& headers,
                                  const message::BodyDigests& body, const Limits& limits, Time now) {
  auto trace = std::make_shared<Trace>();
  if (candidate.signature) {
    *trace = begin_trace(*candidate.signature, headers, candidate.field, body, candidate.body, limits, now);
  } else {
    trace->field = headers[candidate.field].value;
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

/// Marks the fields (by position) to verify. Where all may be, malformed ones are marked, too: they have their outcome.
std::vector<bool> pick(const message::HeaderBlock& headers, const std::vector<std::size_t>& fields,
                       const std::vector<Domain>& authors, const Limits& limits) {
  // Nearly every message: there is nothing to choose, and each field is read once.
  if (fields.size() <= limits.signatures) {
    return std::vector<bool>(fields.size(), true);
  }
  std::vector<Ranked> well_formed;
  for (std::size_t position = 0; position < fields.size(); ++position) {
    if (const auto signature = parse_signature(headers[fields[position]].value, limits)) {
      well_formed.push_back({position, nearness(*signature->domain, authors)});
    }
  }
  std::stable_sort(well_formed.begin(), well_formed.end(),
                   [](const Ranked& a, const Ranked& b) { return a.nearness < b.nearness; });
  well_formed.resize(std::min(well_formed.size(), limits.signatures));
  std::vector<bool> picked(fields.size(), false);
  for (const Ranked& ranked : well_formed) {
    picked[ranked.position] = true;
  }
  return picked;
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
    case Reason::TooManySignatures: return Status::Policy;
  }
  return Status::PermError;
}

std::vector<Candidate> select(const message::HeaderBlock& headers, const std::vector<Domain>& author_domains,
                              message::BodyDigests& body, const Limits& limits) {
  const std::vector<std::size_t> fields = headers.find("DKIM-Signature");
  const std::vector<bool> picked = pick(headers, fields, author_domains, limits);
  const auto verified = static_cast<std::size_t>(std::count(picked.begin(), picked.end(), true));
  std::size_t others = kMaxReportedSignatures - std::min(verified, kMaxReportedSignatures);
  std::vector<Candidate> candidates;
  for (std::size_t position = 0; position < fields.size(); ++position) {
    if (!picked[position] && others == 0) {
      continue;
    }
    Candidate candidate = read_candidate(headers, fields[position], limits);
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
  return candidates;
}

dns::Question key_question(const Signature& signature) {
  return {key_name(*signature.selector_name, *signature.domain), dns::Type::TXT};
}

Outcome verify(const Candidate& candidate, const message::HeaderBlock& headers, const message::BodyDigests& body,
               dns::Resolver& dns, const Limits& limits, Time now, bool wants_trace) {
  Outcome outcome = candidate.outcome;
  std::shared_ptr<Trace> trace;
  if (wants_trace) {
    trace = make_trace(candidate, headers, body, limits, now);
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
  const auto hash = trace                  ? trace->header_hash
                    : keys.records.empty() ? crypto::DigestValue{}
                                           : header_hash(signature, headers, candidate.field);
  KeyCheck check = check_keys(signature, hash, keys, limits);
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

}  // namespace assay::dkim
