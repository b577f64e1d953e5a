#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "verify/crypto/digest.h"
#include "verify/message/canonical.h"

namespace assay::message {

/// One hash of the body that some signature needs. `length` is l= (RFC 6376 section 3.5): octets of the canonical body
/// from its start; absent means all, and 0 means none.
struct BodyDigestSpec {
  Canonicalization canonicalization = Canonicalization::Simple;
  crypto::Hash hash = crypto::Hash::Sha256;
  std::optional<std::uint64_t> length;

  friend bool operator==(const BodyDigestSpec&, const BodyDigestSpec&) = default;
};

/// All hashes of one message's body, computed as it streams in and never stored. Equal specs share one hash, and each
/// canonicalization runs once whatever the number of hashes. The result does not depend on how the body is cut in
/// chunks. Memory: constant (a run of empty lines or of WSP that is held back is counted or kept up to a small bound,
/// never stored without limit).
class BodyDigests {
 public:
  using Id = std::size_t;

  BodyDigests();
  BodyDigests(BodyDigests&&) noexcept;
  BodyDigests& operator=(BodyDigests&&) noexcept;
  ~BodyDigests();

  /// Asks for a hash. Only before the first update(). Equal specs get equal ids.
  [[nodiscard]] Id require(const BodyDigestSpec& spec);
  /// Gives every octet that goes into the hash `id` to `sink` as well, in order. Before the first update().
  void copy_to(Id id, std::function<void(std::string_view)> sink);
  /// Body octets, CRLF line ends, in order. A bare CR or LF is data.
  void update(std::string_view chunk);
  /// Whether further octets can still change a hash or a length that was asked for. False lets the MTA stop sending.
  /// A digest with l= needs to know whether unsigned octets follow: it is content once one octet beyond was seen.
  [[nodiscard]] bool wants_more() const noexcept;
  /// The body ended. Once, after the last update().
  void finish();

  // After finish():
  [[nodiscard]] const crypto::DigestValue& value(Id id) const;
  /// For a spec with `length`: whether the canonical body is shorter than l= (such a signature is broken).
  [[nodiscard]] bool is_shorter_than_length(Id id) const;
  /// For a spec with `length`: whether canonical body octets follow that no hash covers.
  [[nodiscard]] bool has_unsigned_octets(Id id) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay::message
