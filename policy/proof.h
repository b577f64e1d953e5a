#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "policy/rule.h"

namespace assay::policy {

// The widest that a value may be and still name somebody.
/// client_ip: the shortest prefix, that of the largest IPv4 allocations.
inline constexpr unsigned kMinProofBitsV4 = 8;
/// As above for IPv6, where regional registries have /12 to /23 and networks much less.
inline constexpr unsigned kMinProofBitsV6 = 16;
/// Labels after the `*.` of a pattern: anybody can have a name below a top-level domain.
inline constexpr std::size_t kMinProofLabels = 2;

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
