#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace assay::policy {

enum class Action : std::uint8_t { Accept, Reject, TempFail, Quarantine, Discard };
[[nodiscard]] const char* to_string(Action action) noexcept;  ///< "accept", "reject", "tempfail" ...

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

/// What shall happen to a message, and why.
struct Decision {
  Action action = Action::Accept;
  std::string rule = "default";          ///< "default", a name of the published-policy mapping, or an admin rule's.
  std::optional<Action> would;           ///< Monitor mode: the action that enforce mode would take, if it differs.
  std::optional<Reply> reply;            ///< For Reject, TempFail, and Quarantine by Reject.
  std::optional<Quarantine> quarantine;  ///< For Quarantine.
  std::vector<Indirect> indirect;        ///< Evidence found when DMARC fails, whether or not it mattered; else empty.
  friend bool operator==(const Decision&, const Decision&) = default;
};

}  // namespace assay::policy
