#pragma once

#include <cstddef>
#include <memory>

#include "tests/bench/corpus.h"

namespace assay::bench {

/// What no verifier can do without, by bare OpenSSL calls: one digest of the body for each canonicalization that a
/// signature asks for, and for each signature (DKIM, ARC message signature, seal) one digest of the canonical header
/// and one check under a key that is ready. The octets are canonicalized beforehand, contexts are reused, nothing is
/// looked up. Signatures that cannot be checked, since they expired or have no key, cost nothing here beyond their
/// body.
class Floor {
 public:
  /// Prepares everything. Throws std::runtime_error if a signature does not come out as the message expects: then the
  /// octets are not those that were signed. Not for messages whose chain fails: how much of such a chain must be looked
  /// at is the verifier's choice.
  Floor(const Message& message, dns::Resolver& dns);
  Floor(Floor&&) noexcept;
  ~Floor();

  /// The digests and checks; returns the number of signatures that hold.
  [[nodiscard]] std::size_t run() const;

  /// Octets that run() hashes.
  [[nodiscard]] std::size_t hashed_octets() const noexcept;
  [[nodiscard]] std::size_t checks() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay::bench
