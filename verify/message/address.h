#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verify/base/parsed.h"

namespace assay::message {

/// One addr-spec. `local_part` has its quoted-string quoting removed; `domain` is as written (it may be a
/// domain-literal with its brackets), comments and folding gone.
struct AddrSpec {
  std::string local_part;
  std::string domain;
  std::string text;  ///< The addr-spec as written, comments and folding gone.
};

/// Reads the value of a From field: address-list of RFC 5322 section 3.4 with RFC 6854 groups. Mailboxes inside groups
/// count like any other. An empty list of mailboxes is a valid result (an empty group).
/// At most `max_addresses` are kept, the rest is checked and counted in `total`.
struct AddressList {
  std::vector<AddrSpec> addresses;
  std::size_t total = 0;
};
[[nodiscard]] Parsed<AddressList> parse_address_list(std::string_view value, std::size_t max_addresses);

/// An SMTP reverse-path or forward-path as an MTA hands it over: `<local@domain>`, `local@domain`, `<>` or empty, with
/// ESMTP arguments after the path ignored. For the null path both members are empty. A path without '@' has an empty
/// domain. The domain is what follows the last '@' outside quotes; a source route (RFC 5321 appendix C) is skipped.
struct SmtpPath {
  std::string local_part;
  std::string domain;
  [[nodiscard]] bool is_null() const noexcept { return local_part.empty() && domain.empty(); }
};
[[nodiscard]] SmtpPath parse_smtp_path(std::string_view path);

}  // namespace assay::message
