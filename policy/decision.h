#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::policy {

enum class Action : std::uint8_t { Accept, Reject, TempFail, Quarantine, Discard };
[[nodiscard]] const char* to_string(Action action) noexcept;  ///< "accept", "reject", "tempfail" ...
/// From the mildest to the harshest: accept 0, quarantine, tempfail, reject, discard 4.
[[nodiscard]] int severity(Action action) noexcept;

enum class QuarantineHow : std::uint8_t { Header, Hold, Reject, Redirect };
[[nodiscard]] const char* to_string(QuarantineHow how) noexcept;

/// How a quarantined message is marked.
struct Quarantine {
  QuarantineHow how = QuarantineHow::Header;
  std::string name = "X-Spam-Flag";  ///< Header: the field added.
  std::string value = "YES";
  std::string to;  ///< Redirect: the address that replaces all recipients.
  friend bool operator==(const Quarantine&, const Quarantine&) = default;
};

/// Evidence that a message came by an indirect way (a list, a forwarder), so that a DMARC failure may be honest.
enum class Indirect : std::uint8_t { SignedHeaders, ArcOrigin, List, Forwarder };
[[nodiscard]] const char* to_string(
    Indirect evidence) noexcept;  ///< "signed_headers", "arc_origin", "list", "forwarder"

struct Reply {
  int code = 550;        ///< SMTP, 4xx or 5xx to fit the action.
  std::string enhanced;  ///< "5.7.1"
  std::string text;      ///< US-ASCII, no control characters, at most 400 octets.
  friend bool operator==(const Reply&, const Reply&) = default;
};

/// A header field that is added.
struct HeaderField {
  std::string name;
  std::string value;
  friend bool operator==(const HeaderField&, const HeaderField&) = default;
};

/// An observed rule that matched.
struct Observed {
  std::string rule;
  Action action = Action::Accept;  ///< What would have been done, were it in force.
  friend bool operator==(const Observed&, const Observed&) = default;
};

/// Why a message that fails DMARC is handled otherwise than the domain owner asks (RFC 9990, PolicyOverrideReason).
struct Override {
  std::string type;     ///< "local_policy" ...
  std::string comment;  ///< "arc=pass as[1].d=lists.example.org", or the rule.
  friend bool operator==(const Override&, const Override&) = default;
};

/// What the daemon decides beside the policy, as it stands in Decision::rule. No rule has such a name.
inline constexpr std::string_view kInternalError = "internal_error";  ///< Something broke: the message is deferred.
inline constexpr std::string_view kForgedResults = "forged_results";  ///< Too many forged fields: it is refused.
inline constexpr std::string_view kMta = "mta";  ///< The MTA does not carry out what was decided: it is deferred.
inline constexpr std::array kBesidePolicy{kInternalError, kForgedResults, kMta};

/// What shall happen to a message, and why.
struct Decision {
  Action action = Action::Accept;
  /// "default", a name of the published-policy mapping, an admin rule's, or one of kBesidePolicy.
  std::string rule = "default";
  /// What would happen if the policy were in force, where that differs from `action`. In monitor mode: the action that
  /// enforce mode takes. In enforce mode: that of the first observed rule that matched.
  std::optional<Action> would;
  std::string would_rule;                ///< The rule behind `would`; empty without.
  std::optional<Reply> reply;            ///< For Reject, TempFail, and Quarantine by Reject.
  std::optional<Quarantine> quarantine;  ///< For Quarantine.
  /// The form that was decided where the MTA does not offer it: `quarantine` is by header in its place.
  std::optional<QuarantineHow> unavailable_form;
  std::vector<HeaderField> headers;  ///< Fields that rules add.
  std::vector<std::string> tags;     ///< Of `continue` rules that matched, in order, without repetition.
  std::vector<Observed> observed;    ///< Observed rules that matched, in order; none of `continue`.
  std::vector<std::string>
      undecided;  ///< Rules that hang on a check which failed temporarily; "arc.trusted_sealers", too.
  std::optional<Override> override;  ///< DMARC fails, and `action` is milder than the published policy.
  bool unproven = false;             ///< A rule decided that accepts and lacks a proof (proof.h).
  bool mixed_recipients = false;     ///< Not every recipient by itself would have got this decision.
  std::vector<Indirect> indirect;    ///< Evidence found when DMARC fails, whether or not it mattered; else empty.
  friend bool operator==(const Decision&, const Decision&) = default;
};

}  // namespace assay::policy
