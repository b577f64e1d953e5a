#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace assay::arc {

/// Chain Validation Status (RFC 8617 section 4.4). All errors are permanent (section 5.2.1).
enum class Status : std::uint8_t { None, Pass, Fail };

enum class Reason : std::uint8_t {
  None,
  TooManySets,             ///< Above Limits::arc_sets or instance > 50.
  MalformedSet,            ///< A field that cannot be read, or an instance outside 1..50.
  IncompleteSet,           ///< Gap, repeat, or one of the three fields missing.
  ChainMarkedFailed,       ///< cv=fail in a seal.
  WrongChainValidation,    ///< cv= is not none at 1 and pass above.
  MessageSignatureFailed,  ///< AMS of the newest set.
  SealFailed,
  KeyFailure,  ///< Key absent, malformed, revoked, too weak.
  DnsFailure,
  DnssecBogus,
  TooCostly,  ///< Beyond what the signatures of one chain may cost (verify/dkim/effort.h).
};

[[nodiscard]] const char* to_string(Status status) noexcept;
/// Stable word; nullptr for Reason::None.
[[nodiscard]] const char* to_string(Reason reason) noexcept;

/// One method's result as a hop claims it in its ARC-Authentication-Results.
struct Claim {
  std::string method;  ///< "dmarc", lower case.
  std::string result;  ///< "pass", lower case.
  std::vector<std::pair<std::string, std::string>>
      properties;  ///< ("header.from", "example.com"), names in lower case.
};

/// The results that one hop after the first may claim. An honest one states a handful: a field with more is as one that
/// cannot be read.
inline constexpr std::size_t kMaxLaterClaims = 30;

/// One set of a passing chain, besides the domain of its seal: what a decision to trust the hop rests on. The seals
/// vouch for every one of these fields, whether or not its message signature still verifies. Strings are as written.
struct Hop {
  std::string selector;       ///< s= of its ARC-Seal, as A-labels.
  std::string signer;         ///< d= of its ARC-Message-Signature, which need not be that of the seal; A-labels where
                              ///< valid; empty if the field cannot be read.
  bool signs_from = false;    ///< Its ARC-Message-Signature lists From in h=.
  bool signs_part = false;    ///< That has l=: whoever passed the message on may have appended to the body.
  bool readable = false;      ///< Its ARC-Authentication-Results can be read, and is within kMaxLaterClaims.
  std::vector<Claim> claims;  ///< Of instance 2 and up, in order; those of instance 1 are Outcome::claims.
};

struct Trace;  // verify/arc/trace.h

/// The state of the chain of custody. Another protocol with the same purpose can produce the same outcome.
struct Outcome {
  Status status = Status::None;
  Reason reason = Reason::None;
  unsigned instances = 0;               ///< Highest instance seen.
  std::vector<std::string> sealers;     ///< d= of each ARC-Seal, instance 1 first; as written, A-labels where valid.
  std::optional<unsigned> oldest_pass;  ///< RFC 8617 section 5.2 step 5: 0 if all AMS verify, else the lowest
                                        ///< instance of the newest ones that do, as far as they were looked at.
                                        ///< Present only for Pass.
  bool from_signed = false;   ///< Pass, and the newest AMS signs From. The chain does not need it (it is what RFC 6376
                              ///< section 5.4 asks of a signer), but without it the chain says nothing of the author.
  std::vector<Claim> claims;  ///< Of instance 1, whatever the status: only a passing chain makes them evidence.
  std::vector<Hop> hops;      ///< Of a passing chain, one for each instance, 1 first; else empty.
  unsigned failed_instance = 0;  ///< Where `reason` arose; 0 if nowhere in particular.
  std::string detail;
  std::shared_ptr<const Trace> trace;  ///< How it came about; null unless asked for.
};

}  // namespace assay::arc
