#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "verify/base/domain.h"
#include "verify/message/header_block.h"

namespace assay::message {

/// What Sendmail keeps of a mailbox (name, address and comments) when it writes a From field anew: MAXNAME of its
/// conf.h. Found in 8.17.1: the rest is cut off, so that the reader of `(230 octets) a@bank.example.attacker.example`
/// sees `a@bank.example`.
inline constexpr std::size_t kSendmailMailboxOctets = 256;

/// What the From header fields say about the author (RFC 9989 sections 4.2, 4.4, 5.3.1).
enum class FromStatus : std::uint8_t {
  Ok,          ///< One From field, well formed, at least one mailbox, every mailbox with a usable domain.
  Missing,     ///< No From field.
  Repeated,    ///< More than one From field, those counted that follow a lone CR or LF inside another field.
  Unparsable,  ///< Not a mailbox-list, address-list or group of RFC 5322 / 6854, or a forbidden octet in it.
  NoDomain,    ///< Well formed but without any mailbox (`From: undisclosed:;`), or a domain that DNS cannot name.
};

[[nodiscard]] const char* to_string(FromStatus status) noexcept;

struct Authors {
  FromStatus status = FromStatus::Missing;
  std::string detail;                  ///< Why a single field is Unparsable or has NoDomain, in words; empty if Ok.
  std::vector<Domain> domains;         ///< Distinct, in order of appearance; empty unless Ok. Never more than max + 1.
  std::vector<std::string> mailboxes;  ///< addr-specs as written (comments and display names gone), for the record;
                                       ///< at most max + 1, none of a field that is Unparsable. Escape before writing.
};

/// Reads every From field. Stops collecting after `max_domains` + 1 distinct domains, so that a caller can see that the
/// bound was passed; the syntax is still checked to the end. Strict on purpose: obsolete syntax is accepted only where
/// every reader of mail agrees on its meaning (RFC 5322 section 4, comments and folding), and source routes, NUL, bare
/// CR or LF, and two @ are refused, and so is a field whose domains are not settled by its first 1,000 mailboxes. UTF-8
/// is accepted as RFC 6532 does. With `sendmail_delivers` a field with a mailbox that kSendmailMailboxOctets cannot
/// hold is refused. Pure.
[[nodiscard]] Authors find_authors(const HeaderBlock& headers, std::size_t max_domains, bool sendmail_delivers = false);

}  // namespace assay::message
