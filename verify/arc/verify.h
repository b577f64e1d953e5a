#pragma once

#include <memory>
#include <vector>

#include "verify/arc/outcome.h"
#include "verify/base/time.h"
#include "verify/dkim/effort.h"
#include "verify/dns/resolver.h"
#include "verify/limits.h"
#include "verify/message/body.h"
#include "verify/message/header_block.h"

namespace assay::arc {

/// The ARC sets of one message, collected at the end of the headers, judged after the body (RFC 8617 section 5.2).
/// Bounded: at most 50 sets, at most 4 different hashes of the body, and what dkim::Effort leaves. The newest message
/// signature comes first to that, then the seals, without which no chain passes, then the older message signatures.
class Chain {
 public:
  Chain();
  Chain(Chain&&) noexcept;
  Chain& operator=(Chain&&) noexcept;
  ~Chain();

  /// Reads every ARC field and checks the structure (steps 1-3) before anything is hashed or looked up; asks `body` for
  /// the hashes of the message signatures that will be verified. The chain holds views into `headers`.
  [[nodiscard]] static Chain collect(const message::HeaderBlock& headers, message::BodyDigests& body,
                                     const Limits& limits);

  /// The key questions of all signatures that verify() will check, without repetition.
  [[nodiscard]] std::vector<dns::Question> key_questions() const;

  /// Steps 4-7. `body` and the header of `effort` are those given to collect(). Each key is looked up once, and only
  /// when the checks before it held. Never throws on bad input. With `wants_trace` the outcome tells what became of
  /// each set (Outcome::trace); it is the same otherwise.
  [[nodiscard]] Outcome verify(const message::BodyDigests& body, dns::Resolver& dns, dkim::Effort& effort,
                               const Limits& limits, Time now, bool wants_trace = false) const;

 private:
  struct State;
  std::unique_ptr<State> state_;  ///< Null if the message has no ARC field.
};

}  // namespace assay::arc
