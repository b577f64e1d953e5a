#pragma once

#include <string>
#include <string_view>

#include "policy/decision.h"
#include "policy/ruling.h"
#include "verify/verdict.h"

namespace assay::policy {

/// What the client is told of a ruling that refuses() the message: 4xx for TempFail, 5xx for all others. The text is
/// printable US-ASCII on one line, at most kMaxReplyOctets, never empty, and names the rule if one of the
/// administrator's decided.
///
/// Codes of such a rule, unless it gives its own: 550 or 451, and of the checks that the rule asks about those that
/// this message does not pass: X.7.23 for an SPF fail (X.7.24 if SPF ended in an error), X.7.20 for DKIM (X.7.21 if
/// some signature passes), X.7.25 for iprev, X.7.26 for several (RFC 7372 section 3), X.7.29 for ARC (RFC 8617
/// section 10.3). X.7.1 for none of them, and for any rule that asks about DMARC (RFC 9989 section 7.2).
[[nodiscard]] Reply make_reply(const Ruling& ruling, const Verdict& verdict);

/// Fills in {from_domain}, {reason} and {rule}; other braces stay. Octets that are not printable US-ASCII become '?'.
/// " (rule NAME)" follows where {rule} is not in it. At most kMaxReplyOctets: what is filled in is
/// cut first, then the text, and the rule's name, where it stands first, never.
[[nodiscard]] std::string expand_reply(std::string_view text, std::string_view from_domain, std::string_view reason,
                                       std::string_view rule);

}  // namespace assay::policy
