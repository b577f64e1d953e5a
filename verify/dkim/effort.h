#pragma once

#include <cstddef>
#include <cstdint>

#include "verify/dkim/header_hash.h"
#include "verify/limits.h"

namespace assay::dkim {

/// What the DKIM signatures of one message may still cost, and then the message signatures and seals of its chain. What
/// would cost more is not verified, and says so (Reason::TooCostly): a sender chooses how many signatures there are,
/// what they cover and how large their keys are, but not what all of it together costs.
struct Effort {
  [[nodiscard]] static Effort for_signatures(HeaderHashes& hashes, const Limits& limits) {
    return {hashes, limits.header_hash_octets(), limits.signature_key_work()};
  }
  /// After the signatures, of whose effort `left` is what they left.
  [[nodiscard]] static Effort for_chain(const Effort& left, const Limits& limits) {
    return {left.hashes, limits.header_hash_octets(), left.key_work + Limits::kChainKeyWork};
  }

  HeaderHashes& hashes;
  std::size_t header_octets;  ///< As HeaderHashes::hash counts them.
  std::uint64_t key_work;     ///< As crypto::PublicKey::work counts it.
};

}  // namespace assay::dkim
