#pragma once

#include <optional>
#include <string>

#include "policy/rule.h"
#include "verify/base/ip_address.h"

namespace assay::policy {

// The widest that a value may be and still name somebody.
/// client_ip: the shortest prefix, that of the largest blocks given to one holder (IANA IPv4 Address Space Registry).
inline constexpr unsigned kMinProofBitsV4 = 8;
/// As above for IPv6, where blocks of /12 to /23 are those of regional registries (IANA IPv6 Global Unicast Address
/// Assignments).
inline constexpr unsigned kMinProofBitsV6 = 24;
/// Whether a client's address in `network` says who it is: it is no wider than that, nor, where addresses stand for
/// IPv4 ones (NAT64, 6to4, Teredo), than for an IPv4 /8. Of the pattern of a name, kMinOwnedLabels have to follow the
/// `*.`.
[[nodiscard]] bool names_somebody(const IpNetwork& network);

/// Whether `rule` may let in a message that fails DMARC: it accepts (add_header, too), and its conditions do not say
/// that DMARC is pass or none. Rules under `observe` are asked, too, since they are there to be turned on.
[[nodiscard]] bool needs_proof(const Rule& rule);

/// Whether each message that `rule` matches shows something that its sender cannot make up: the client's address, its
/// name (with iprev=pass), the domain of a passing signature, the MAIL FROM domain (with spf=pass), the sealers of a
/// passing chain, or a login. True, too, where the conditions say that DMARC is pass or none. Sound, not complete: what
/// is not seen to be proven is not, as proof that only several conditions of different branches give together.
[[nodiscard]] bool is_proven(const Rule& rule);

/// What to tell the administrator of a rule that needs a proof and has none, whatever `rule.unproven` says: the attack,
/// why what the rule names does not count, and what would. Nullopt for a rule that is fine. The text may hold names of
/// the configuration: escape before writing.
[[nodiscard]] std::optional<std::string> find_missing_proof(const Rule& rule);

}  // namespace assay::policy
