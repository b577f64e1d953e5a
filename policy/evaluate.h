#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/condition.h"
#include "policy/decision.h"
#include "policy/facts.h"
#include "policy/names.h"
#include "verify/message/smtp_path.h"
#include "verify/verdict.h"

namespace assay::policy {

/// Three-valued logic (Kleene): what hangs on a check that failed temporarily is unknown, never true or false. In this
/// order All is the least of its parts, Any the greatest.
enum class Truth : std::uint8_t { False, Unknown, True };
[[nodiscard]] const char* to_string(Truth truth) noexcept;  ///< "false", "unknown", "true"

/// A name as mail gives it, brought into normal form when it is first asked for.
class LazyName {
 public:
  /// `raw` must outlive the object.
  explicit LazyName(std::string_view raw) noexcept : raw_(raw) {}
  /// normal_name() of it; empty if there is none.
  [[nodiscard]] const std::string& normal() const;

 private:
  std::string_view raw_;
  mutable std::optional<std::string> normal_;
};

/// A recipient that conditions are asked about.
struct Recipient {
  explicit Recipient(std::string_view path) noexcept : address(path), domain(message::domain_of_path(path)) {}
  std::string_view address;
  LazyName domain;
};

/// What conditions are asked about, for all authors and recipients. Keeps references to its arguments, which must
/// outlive it. For one thread: names are brought into normal form as they are asked for.
struct Message {
  Message(const Verdict& verdict, const Facts& facts, const std::vector<Indirect>& evidence);

  const Verdict& verdict;
  const Facts& facts;
  const std::vector<Indirect>& evidence;
  /// The domain that SPF was asked about: none where that is not the one of `facts`, so that no rule takes SPF's word
  /// for another domain.
  LazyName mail_from_domain;
  LazyName helo;
  LazyName client_name;
  LazyName list_id;
};

/// A message as one author's and for one recipient.
struct Subject {
  const Message& message;
  const dmarc::Outcome& author;
  const Recipient* recipient = nullptr;  ///< Null: there is none, and what asks for one is false.
  /// Sealers whose claims count (arc_claims), apart from those that `whole` names.
  const NameList& trusted_sealers;
  const Condition& whole;  ///< The rule's condition: an arc_sealer in it says whose claims count, too.
};

/// Rcpt and RcptDomain: the facts that differ from one recipient to the next.
[[nodiscard]] bool is_about_recipients(Fact fact) noexcept;
/// Whether a test of such a fact holds; false for one of another fact.
[[nodiscard]] bool holds_for(const Condition& test, const Recipient& recipient);

/// Whether the condition holds. Unknown if that hangs on a check that failed temporarily, unless temperror is what is
/// asked for. A condition whose values are not of its fact's form is false. Pure, never throws on bad input; costs a
/// hash or two for each condition, and no allocation but the first time a name is asked for.
[[nodiscard]] Truth evaluate(const Condition& condition, const Subject& subject);

}  // namespace assay::policy
