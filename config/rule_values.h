#pragma once

#include <cstddef>
#include <string_view>

#include "config/checks.h"
#include "policy/rule.h"
#include "verify/base/parsed.h"
#include "verify/base/time.h"

namespace assay::config {

// The values that rules have, one by one. A complaint follows the quoted text.

/// The longest comment of a rule, octets.
inline constexpr std::size_t kMaxCommentOctets = 1000;
/// The longest word that a condition may ask for, octets, where words are free.
inline constexpr std::size_t kMaxWordOctets = 253;

/// [A-Za-z0-9._-], at most policy::kMaxRuleNameOctets, and not a name that the program itself gives.
[[nodiscard]] Complaint check_rule_name(std::string_view name);
/// [A-Za-z0-9._-], at most policy::kMaxTagOctets.
[[nodiscard]] Complaint check_tag(std::string_view tag);
/// Printable ASCII on one line, at most policy::kMaxReplyOctets; no braces but those of {from_domain}, {reason} and
/// {rule}.
[[nodiscard]] Complaint check_reply_text(std::string_view text);
/// METHOD=RESULT as ARC-Authentication-Results claims it, of spf, dkim and dmarc.
[[nodiscard]] Complaint check_claim(std::string_view text);
/// `postmaster@example.net`, or `*@example.net` for every address of that domain.
[[nodiscard]] Complaint check_recipient(std::string_view text);
/// A word that is not of a list: at most kMaxWordOctets, no control characters.
[[nodiscard]] Complaint check_word(std::string_view text);
/// One line of UTF-8 without control characters, at most kMaxCommentOctets.
[[nodiscard]] Complaint check_comment(std::string_view text);

/// `550`, `5.7.1` or `550 5.7.1` (RFC 5321 section 4.2, RFC 2034 section 4), of the class `wanted`: '4' or '5'. What is
/// not said stays unset. 421 and 521 are refused.
[[nodiscard]] Parsed<policy::ReplyTemplate> parse_code(std::string_view text, char wanted);
/// YYYY-MM-DD, from 1970 on: the first second after that day, UTC.
[[nodiscard]] Parsed<Time> parse_last_day(std::string_view text);

}  // namespace assay::config
