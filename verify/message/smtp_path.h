#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay::message {

/// An SMTP reverse-path or forward-path.
struct SmtpPath {
  std::string mailbox;  ///< local@domain as written, without angle brackets and source route; empty for the null path.
  std::string local_part;  ///< With its quoting removed.
  std::string domain;      ///< As written; empty for the null path and for one without '@', such as <postmaster>.
  bool is_null = false;    ///< `<>`, or nothing.
};

/// The path at the start of `text`, by RFC 5321 section 4.1.2 with the characters of RFC 6531 section 3.3; nullopt if
/// none of that grammar stands there. A source route is skipped (appendix C). A blank and ESMTP parameters may follow.
///
/// Read as well, since no reader takes them for anything else: a path without angle brackets, one without '@' or local
/// part, dots anywhere in a local part, any octet in quotes, octets that are not UTF-8, underscores in a domain and a
/// dot behind it. Refused is all that readers know to tell apart, or that some skip: comments, blanks, backslashes
/// outside quotes, text behind the '>'.
[[nodiscard]] std::optional<SmtpPath> parse_smtp_path(std::string_view text);

/// The one reading of a path that SPF, rules and records share. `argument` is what followed MAIL FROM: or RCPT TO:,
/// `mta` what the MTA made of it (the macros {mail_addr} and {rcpt_addr}), if it tells.
///
/// Returns what parse_smtp_path() takes for the same path wherever it is read again: `mailbox`, empty for the null
/// path; or, if neither can be read, the argument as it is, which parse_smtp_path() refuses.
///
/// The argument goes first where the grammar leaves no doubt: it is the identity that RFC 7208 section 2.4 means, and
/// what an MTA says may be rewritten. Sendmail resolves the address by its rulesets, so that a user of its own has no
/// domain any more and an entry of the virtusertable stands for another mailbox; Postfix puts all of it into lower
/// case. Where the argument is in doubt the MTA's word counts, for that is where the message goes or comes from.
[[nodiscard]] std::string read_smtp_path(std::string_view argument, const std::optional<std::string>& mta);

/// The domain of a path, a part of `path`: as parse_smtp_path() reads it, empty if there is none.
[[nodiscard]] std::string_view domain_of_path(std::string_view path) noexcept;

/// Whether both texts name the same domain: case, a dot at the end and U-labels do not matter. They may be names that
/// DNS cannot have.
[[nodiscard]] bool is_same_domain(std::string_view a, std::string_view b);

/// Whether two paths name the same mailbox. Local parts are compared without their quoting (RFC 5321 section 4.1.2:
/// "foo" in quotes and without are one) and, against the letter of section 2.4, without regard to ASCII case: a host
/// may tell `Bob` from `bob`, but none in use does, and by treating them as two a sender would choose which of the
/// site's rules count.
[[nodiscard]] bool is_same_mailbox(std::string_view a, std::string_view b);

}  // namespace assay::message
