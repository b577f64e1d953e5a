#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "verify/base/ip_address.h"
#include "verify/base/time.h"
#include "verify/dns/resolver.h"
#include "verify/limits.h"
#include "verify/spf/outcome.h"

namespace assay::spf {

/// The arguments of check_host() (RFC 7208 section 4.1) and what the macros need (section 7).
struct Query {
  IpAddress client;           ///< <ip>; never an IPv4-mapped IPv6 address (IpAddress sees to that).
  std::string domain;         ///< <domain>: right-hand side of the identity, as given by the client.
  std::string local_part;     ///< Left-hand side of <sender>; empty means "postmaster" (section 4.3).
  std::string sender_domain;  ///< Right-hand side of <sender>.
  std::string helo;           ///< For %{h}, as given.
  std::string receiver;       ///< For %{r} in explanations; "unknown" when empty.
  Time now{};                 ///< For %{t} in explanations.
  bool trace = false;         ///< Fill Outcome::trace.
};

/// Decides whether `query.client` may send for `query.domain` (check_host, RFC 7208 section 4).
/// At most `limits.spf_dns_terms` DNS terms and `limits.spf_void_lookups` empty answers; beyond: PermError (4.6.4).
/// TempError only where `dns` says TempFail or Bogus. Keeps no reference after return. Never throws on bad input.
[[nodiscard]] Outcome evaluate(const Query& query, dns::Resolver& dns, const Limits& limits);

/// The MAIL FROM identity (section 2.4): for the null reverse-path, postmaster@HELO. `reverse_path` as
/// message::read_smtp_path() returns it; one that cannot be read has no domain, and so the result none (section 4.3).
[[nodiscard]] Query mail_from_identity(const IpAddress& client, std::string_view reverse_path, std::string_view helo);
/// The HELO identity (section 2.3): sender is postmaster@HELO.
[[nodiscard]] Query helo_identity(const IpAddress& client, std::string_view helo);

}  // namespace assay::spf
