#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policy/condition.h"
#include "policy/streams.h"

namespace assay::policy {

/// Conditions that prove where the messages of a stream come from.
struct StreamProof {
  std::vector<Condition> conditions;
  std::uint64_t covered = 0;  ///< Messages of the stream that show it.
};

/// The best proof that at least kMinCoverage percent of the stream's messages show: a signature, a trusted seal that
/// claims dmarc=pass, MAIL FROM, the client's name, its address. `of_carrier`: the first three may be taken.
[[nodiscard]] std::optional<StreamProof> find_proof(const Stream& stream, bool of_carrier);

// Proofs by the very things that show an author's consent, and nothing beside them; nullopt if they cover too little of
// `messages` messages.

/// The domains of the author's owner, by DKIM or else by SPF.
[[nodiscard]] std::optional<StreamProof> find_related_proof(const Stream& stream);
/// Client names with iprev: pass.
[[nodiscard]] std::optional<StreamProof> find_name_proof(const Tally& names, std::uint64_t messages);
/// Client addresses (IpAddress::to_string), or networks of which many were seen.
[[nodiscard]] std::optional<StreamProof> find_address_proof(const Tally& clients, std::uint64_t messages);

/// Conditions that make a rule narrower: list_id if the stream has one, and rcpt if it has few recipients.
[[nodiscard]] std::vector<Condition> find_scope(const Stream& stream);

/// from_domain: one of `authors`
[[nodiscard]] Condition from_domain(const std::set<std::string>& authors);

/// Whether `part` is at least kMinCoverage percent of `whole`, which is not 0.
[[nodiscard]] bool covers(std::uint64_t part, std::uint64_t whole) noexcept;

}  // namespace assay::policy
