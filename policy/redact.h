#pragma once

#include <string>
#include <string_view>

#include "policy/decision.h"
#include "policy/facts.h"
#include "verify/verdict.h"

namespace assay::policy {

/// Stands where a local part stood.
inline constexpr std::string_view kRedacted = "redacted";
/// Stands in the place of a name where a text stood that is none; no domain name itself.
inline constexpr std::string_view kRedactedName = "[redacted]";

/// Takes out of what is known of a message whatever may be the local part of an address (configuration: log.redact).
/// Nothing is searched for addresses, since in text of others they cannot be found with certainty. Instead only this
/// stays:
///
///   words, numbers and times of our own, what the configuration says, the MTA's queue id and TLS version
///   domain names and address literals, where one belongs: of the author, the client, HELO, signatures, seals, lists
///   of an address its domain, and the tag of a rewritten sender (srs_tag), by which `forwarder` is found
///   of what an ARC chain claims the methods, results and domains
///
/// A text in the place of a name that is none becomes kRedactedName. Explanations and details are emptied: they quote
/// what mail or DNS says. Done again it changes nothing.
void redact_local_parts(Verdict& verdict, Facts& facts);
/// As above, of a decision that rests on them.
void redact_local_parts(Decision& decision);

/// "redacted@example.com" for an address or a login name; "redacted" without a domain. What is empty stays so, and so
/// does "@example.com".
[[nodiscard]] std::string redact_address(std::string_view address);

/// Whether the name of a question to DNS may hold the local part of MAIL FROM, or a HELO that is no name: SPF macros
/// can put them there, whole or in parts (RFC 7208 section 7.3). Before they are redacted.
[[nodiscard]] bool may_hold_local_part(std::string_view name, const Facts& facts);

}  // namespace assay::policy
