#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/crypto/digest.h"
#include "verify/dkim/signature.h"
#include "verify/message/header_block.h"

namespace assay::dkim {

/// The header hashes of one message: for each signature over it what its b= signs. What they have in common is done
/// once: the fields are sorted by name when the first hash is wanted, and each is brought into relaxed form when the
/// first signature covers it. `headers` must outlive this and stay as it is.
class HeaderHashes {
 public:
  explicit HeaderHashes(const message::HeaderBlock& headers) : headers_(headers) {}

  /// The hash that the b= of a DKIM-Signature or ARC-Message-Signature signs (RFC 6376 section 3.7, hash step 2): the
  /// fields that h= lists, each name taken from the bottom of the message up and contributing nothing once it is used
  /// up (section 5.4.2), then the signature field `field` itself without its b= value. That field is never one of those
  /// that h= lists.
  /// Costs `budget`, in octets, what is hashed as it stands in the message, and Limits::kOctetsPerName for each name in
  /// h=. nullopt if that is more than is left: then nothing is hashed, and the budget stays. With `octets`, all that is
  /// hashed is appended there, too.
  [[nodiscard]] std::optional<crypto::DigestValue> hash(const Signature& signature, std::size_t field,
                                                        std::size_t& budget, std::string* octets = nullptr);
  /// The same, whatever it costs.
  [[nodiscard]] crypto::DigestValue hash(const Signature& signature, std::size_t field, std::string* octets = nullptr);

  /// A field in relaxed form (RFC 6376 section 3.4.2), without the CRLF at its end. Valid until the next call.
  [[nodiscard]] std::string_view relaxed(std::size_t field);

  [[nodiscard]] const message::HeaderBlock& headers() const noexcept { return headers_; }

 private:
  /// The fields of one name: part of `by_name_`, the lowest first.
  struct Group {
    message::FieldName name;
    std::uint32_t begin;
    std::uint32_t end;
    std::uint32_t next = 0;  ///< The lowest that `hash_number` has not taken.
    std::uint64_t hash_number = 0;
  };
  /// Where the relaxed form of a field is in `relaxed_`.
  struct Part {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;  ///< 0: not made yet. No field is empty.
  };

  void sort_fields();
  Group* find_group(const std::string& name);
  void choose(const Signature& signature, std::size_t field);

  const message::HeaderBlock& headers_;
  std::vector<std::uint32_t> by_name_;
  std::vector<Group> groups_;          ///< By name.
  std::vector<std::uint32_t> chosen_;  ///< What the hash at hand covers, in order.
  std::uint64_t hash_number_ = 0;
  std::string relaxed_;
  std::vector<Part> parts_;
};

/// One header hash alone.
[[nodiscard]] crypto::DigestValue header_hash(const Signature& signature, const message::HeaderBlock& headers,
                                              std::size_t field, std::string* octets = nullptr);

}  // namespace assay::dkim
