#include "cli/reasons.h"

#include "verify/base/escape.h"

namespace assay::cli {

const char* in_words(spf::Reason reason) noexcept {
  switch (reason) {
    case spf::Reason::None: return "";
    case spf::Reason::NoIdentity: return "nothing to check: no client address or no such identity";
    case spf::Reason::InvalidDomain: return "the domain is no DNS name of two labels or more";
    case spf::Reason::NoRecord: return "the domain publishes no SPF record";
    case spf::Reason::NoMatch: return "no mechanism matches, and the record says nothing for the rest";
    case spf::Reason::SeveralRecords: return "the domain publishes more than one SPF record";
    case spf::Reason::SyntaxError: return "the record, or one that it includes, is malformed";
    case spf::Reason::TooManyLookups: return "the record needs more DNS lookups than SPF allows";
    case spf::Reason::TooManyVoidLookups: return "too many of the record's DNS lookups lead nowhere";
    case spf::Reason::TooManyMxHosts: return "an mx mechanism names too many hosts";
    case spf::Reason::IncludeWithoutRecord: return "an included domain publishes no SPF record";
    case spf::Reason::RedirectWithoutRecord: return "the domain of redirect= publishes no SPF record";
    case spf::Reason::RecordTooLong: return "the record is too long to be read";
    case spf::Reason::DnsFailure: return "a DNS lookup failed";
    case spf::Reason::DnssecBogus: return "a DNS answer failed DNSSEC validation";
  }
  return "";
}

const char* in_words(dkim::Reason reason) noexcept {
  switch (reason) {
    case dkim::Reason::None: return "";
    case dkim::Reason::SignatureSyntax: return "the signature field is malformed";
    case dkim::Reason::MissingTag: return "the signature field lacks a tag that it must have";
    case dkim::Reason::UnsupportedVersion: return "the signature's version is not 1";
    case dkim::Reason::UnsupportedAlgorithm: return "the signature's algorithm is not known";
    case dkim::Reason::UnsupportedCanonicalization: return "the signature's canonicalization is not known";
    case dkim::Reason::UnsupportedQuery: return "the signature names no way to get its key that is known";
    case dkim::Reason::FromNotSigned: return "the signature does not cover the From field";
    case dkim::Reason::IdentityMismatch: return "the signature speaks for an identity outside its domain";
    case dkim::Reason::Expired: return "the signature has expired";
    case dkim::Reason::FutureTimestamp: return "the signature is dated in the future";
    case dkim::Reason::WeakHash: return "SHA-1 signatures are worth nothing any more";
    case dkim::Reason::KeyTooSmall: return "the RSA key is too short to be trusted";
    case dkim::Reason::KeyTooLarge: return "the RSA key is longer than the configuration allows";
    case dkim::Reason::NoKey: return "there is no key at the selector";
    case dkim::Reason::KeySyntax: return "what stands at the selector is no usable key";
    case dkim::Reason::KeyRevoked: return "the key is revoked (empty p=)";
    case dkim::Reason::KeyMismatch: return "the key does not permit this use";
    case dkim::Reason::DnsFailure: return "the key could not be looked up";
    case dkim::Reason::DnssecBogus: return "the key's DNS answer failed DNSSEC validation";
    case dkim::Reason::BodyHashMismatch: return "the body is not the one that was signed";
    case dkim::Reason::SignatureMismatch: return "the header fields are not those that were signed, or the key differs";
    case dkim::Reason::BodyShorterThanLength: return "the body is shorter than the part that was signed";
    case dkim::Reason::UnsignedBody: return "the signature verifies, but octets of the body are not signed (l=)";
    case dkim::Reason::TestKeyFailed: return "it failed with a key in test mode, so it counts as unsigned";
    case dkim::Reason::TooManySignatures: return "not verified: the message has more signatures than limits.signatures";
    case dkim::Reason::TooCostly: return "not verified: the signatures of the message would cost too much";
  }
  return "";
}

const char* in_words(arc::Reason reason) noexcept {
  switch (reason) {
    case arc::Reason::None: return "";
    case arc::Reason::TooManySets: return "more ARC sets than are accepted";
    case arc::Reason::MalformedSet: return "an ARC field cannot be read";
    case arc::Reason::IncompleteSet: return "an ARC set is missing, repeated or incomplete";
    case arc::Reason::ChainMarkedFailed: return "a sealer on the way found the chain broken";
    case arc::Reason::WrongChainValidation: return "a seal states an impossible chain status";
    case arc::Reason::MessageSignatureFailed: return "the newest ARC-Message-Signature does not verify";
    case arc::Reason::SealFailed: return "an ARC-Seal does not verify";
    case arc::Reason::KeyFailure: return "a sealer's key is absent or unusable";
    case arc::Reason::DnsFailure: return "a sealer's key could not be looked up";
    case arc::Reason::DnssecBogus: return "the DNS answer for a sealer's key failed DNSSEC validation";
    case arc::Reason::TooCostly: return "not verified: the signatures of the chain would cost too much";
  }
  return "";
}

const char* in_words(dmarc::Reason reason) noexcept {
  switch (reason) {
    case dmarc::Reason::None: return "";
    case dmarc::Reason::NoRecord: return "no DMARC record applies to the author's domain";
    case dmarc::Reason::NotAligned: return "nothing that passes speaks for the author's domain";
    case dmarc::Reason::UnusableRecord: return "the DMARC record has no usable policy";
    case dmarc::Reason::FromMissing: return "the message has no From field";
    case dmarc::Reason::FromRepeated: return "the message has more than one From field";
    case dmarc::Reason::FromUnparsable: return "the From field is malformed";
    case dmarc::Reason::FromWithoutDomain: return "the From field names no usable domain";
    case dmarc::Reason::TooManyAuthors: return "the From field names too many domains";
    case dmarc::Reason::DnsFailure: return "a DNS lookup failed";
    case dmarc::Reason::DnssecBogus: return "a DNS answer failed DNSSEC validation";
  }
  return "";
}

const char* in_words(iprev::Status status) noexcept {
  switch (status) {
    case iprev::Status::Pass: return "the client's name leads back to it";
    case iprev::Status::Fail: return "no name of the client leads back to it";
    case iprev::Status::TempError: return "a DNS lookup failed";
    case iprev::Status::PermError: return "the client's address has no name";
  }
  return "";
}

const char* in_words(policy::Indirect evidence) noexcept {
  switch (evidence) {
    case policy::Indirect::SignedHeaders:
      return "the author's domain did sign these header fields; something on the way changed the body";
    case policy::Indirect::ArcOrigin:
      return "an unbroken ARC chain says that the author was authenticated at its first hop";
    case policy::Indirect::List: return "the mailing list that the message names vouches for it";
    case policy::Indirect::Forwarder: return "a host that is what it says it is states that it forwarded the message";
  }
  return "";
}

std::string in_words(const dmarc::Rfc7489& answer) {
  std::string words = std::string("RFC 7489 with the public suffix list: ") + dmarc::to_string(answer.status);
  if (answer.policy && answer.policy_domain) {
    words +=
        std::string(", policy of ") + escape(answer.policy_domain->str()) + ": " + dmarc::to_string(*answer.policy);
    words += answer.percent != 100 ? " (pct=" + std::to_string(answer.percent) + ')' : "";
  }
  words += ", organizational domain: ";
  words += answer.organizational_domain ? escape(answer.organizational_domain->str()) : "none, a public suffix";
  std::string differences;
  for (const dmarc::Difference difference : answer.differences) {
    differences += differences.empty() ? "; differs in " : ", ";
    differences += dmarc::to_string(difference);
  }
  return words + differences;
}

}  // namespace assay::cli
