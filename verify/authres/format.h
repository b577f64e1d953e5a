#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "verify/base/ip_address.h"
#include "verify/verdict.h"

namespace assay::authres {

/// What the field says besides the Verdict.
struct Stamp {
  std::string authserv_id;          ///< A valid domain or token.
  std::optional<IpAddress> client;  ///< For iprev and arc.
  bool null_sender = false;         ///< MAIL FROM is <>: its SPF identity is postmaster@HELO, written as smtp.helo.
  std::string rule;                 ///< The rule that decided, for a comment after dmarc=; empty for none.
  std::string action;               ///< What was decided ("quarantine"), for the same comment; empty for none.
  std::string would;                ///< What the policy would do if it were in force, where that differs; else empty.
  std::string would_rule;           ///< The rule behind `would`; shown where it is another than `rule`.
  bool internationalized = false;   ///< SMTPUTF8 message: UTF-8 may stand (RFC 8601 section 2.2).
};

constexpr std::size_t kMaxSignaturesShown = 20;    ///< dkim= results; a comment counts the rest.
constexpr std::size_t kMaxSignatureOctets = 8192;  ///< All dkim= results together.
constexpr std::size_t kMaxAuthorsShown = 10;       ///< dmarc= results; a comment counts the rest.
constexpr std::size_t kMaxFieldOctets = 16'384;    ///< The value, whatever the message holds.

/// The value of the Authentication-Results field for a verified message (RFC 8601), one resinfo per method, identity
/// and signature. Starts with the authserv-id (no leading space), folded by LF and one space, no line over 78 octets
/// unless one property is longer, and none over 998. Whatever the message or DNS held, the value parses by the grammar:
/// every foreign string passes one encoder, is cut to a bound, and cannot end a comment, a quoted-string or the field.
/// Domain names stand as A-labels, in internationalized messages too, so that readers compare one form; a selector in
/// U-labels keeps them there, and is written as A-labels elsewhere.
/// A Verdict that `exceeded` a bound gives `dkim=permerror` and `dmarc=permerror` alone.
[[nodiscard]] std::string format(const Verdict& verdict, const Stamp& stamp);

/// For local mail that is not verified: `id; auth=pass smtp.auth=USER` when a user authenticated, else `id; none`.
[[nodiscard]] std::string format_unverified(std::string_view authserv_id, std::string_view authenticated_user);

}  // namespace assay::authres
