#pragma once

#include <cstdint>
#include <string>

#include "policy/decision.h"
#include "policy/rules.h"
#include "verify/dmarc/outcome.h"

namespace assay::policy {

/// On what a ruling rests.
enum class Ground : std::uint8_t {
  Default,  ///< Nothing to object to.
  Local,
  Exceeded,   ///< limits.exceeded
  OwnRule,    ///< A rule of the administrator's.
  Undecided,  ///< Such a rule hangs on a check that failed temporarily.
  BadFrom,
  TrustedChain,         ///< A trusted ARC chain answers for a message that fails DMARC.
  UndecidedChain,       ///< It might, but a check failed temporarily.
  TempError,            ///< DMARC could not be evaluated.
  Indirect,             ///< p=reject, and evidence of an indirect flow.
  PublishedReject,      ///< p=reject
  PublishedQuarantine,  ///< p=quarantine
  PublishedNone,        ///< p=none
};

/// What shall happen and on what ground, before it is put into words. Plain pointers: for as long as the verdict and
/// the rules live.
struct Ruling {
  Ground ground = Ground::Default;
  Action action = Action::Accept;
  const Rule* rule = nullptr;              ///< OwnRule, Undecided.
  const dmarc::Outcome* author = nullptr;  ///< Whom it is about; null where it is about nobody in particular.
  friend bool operator==(const Ruling&, const Ruling&) = default;
};

/// For Decision::rule: the rule's name, or "default", "local", "policy.indirect" ...
[[nodiscard]] const char* name_of(const Ruling& ruling) noexcept;

/// How a ruling of Action::Quarantine marks the message.
[[nodiscard]] const Quarantine& quarantine_of(const Ruling& ruling, const Rules& rules) noexcept;

/// Whether the client is told that the message is not taken.
[[nodiscard]] bool refuses(const Ruling& ruling, const Rules& rules) noexcept;

/// severity() of its action, where Quarantine by Reject is as harsh as Reject.
[[nodiscard]] int severity(const Ruling& ruling, const Rules& rules) noexcept;

/// Whether a message must wait because nobody knows if `unknown` decides it, which a check that failed for now would
/// say; `rest` decides otherwise. It must if the two differ in what is done, and either Rules::temperror is tempfail,
/// or `rest` keeps the message out and `unknown` is milder. So an outage neither lets in what `unknown` would refuse
/// (under tempfail), nor refuses for good what it would let in.
[[nodiscard]] bool must_defer(const Ruling& unknown, const Ruling& rest, const Rules& rules) noexcept;

}  // namespace assay::policy
