#include "verify/crypto/der.h"

#include <algorithm>
#include <array>
#include <optional>

namespace assay::crypto {
namespace {

using Octets = std::span<const std::uint8_t>;

enum class Tag : std::uint8_t { Integer = 0x02, BitString = 0x03, Null = 0x05, ObjectId = 0x06, Sequence = 0x30 };

/// 1.2.840.113549.1.1.1, rsaEncryption.
constexpr std::array<std::uint8_t, 9> kRsaEncryption{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01};

/// Takes DER elements off the front of some octets. Every bound is checked against what is left.
class Reader {
 public:
  explicit Reader(Octets octets) : rest_(octets) {}

  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] bool next_is(Tag tag) const noexcept {
    return !rest_.empty() && rest_.front() == static_cast<std::uint8_t>(tag);
  }

  /// The contents of the next element if it has that tag, else nullopt.
  std::optional<Octets> take(Tag tag) {
    if (!next_is(tag) || rest_.size() < 2) {
      return std::nullopt;
    }
    const std::size_t first = rest_[1];
    std::size_t header = 2;
    std::size_t length = first;
    if (first >= 0x80) {
      // Two octets of length reach 65,535: more than any key here may have, and than DNS text can carry.
      const std::size_t count = first & 0x7FU;
      if (count == 0 || count > 2 || rest_.size() < header + count) {
        return std::nullopt;
      }
      length = 0;
      for (std::size_t i = 0; i < count; ++i) {
        length = (length << 8U) | rest_[header + i];
      }
      header += count;
      const bool is_shortest = count == 1 ? length >= 0x80 : length > 0xFF;
      if (!is_shortest) {
        return std::nullopt;
      }
    }
    if (rest_.size() - header < length) {
      return std::nullopt;
    }
    const Octets contents = rest_.subspan(header, length);
    rest_ = rest_.subspan(header + length);
    return contents;
  }

  /// A positive INTEGER without its sign octet.
  std::optional<Octets> take_positive() {
    auto contents = take(Tag::Integer);
    if (!contents || contents->empty()) {
      return std::nullopt;
    }
    if (contents->front() != 0) {
      const bool is_negative = (contents->front() & 0x80U) != 0;
      return is_negative ? std::nullopt : contents;
    }
    // A zero octet is only there to keep the next one from being a sign; alone it is the number zero.
    if (contents->size() == 1 || ((*contents)[1] & 0x80U) == 0) {
      return std::nullopt;
    }
    return contents->subspan(1);
  }

 private:
  Octets rest_;
};

/// The contents of the RSAPublicKey SEQUENCE inside a SubjectPublicKeyInfo, of which `info` has read the tag.
std::optional<Octets> unwrap_public_key_info(Reader info) {
  const auto algorithm = info.take(Tag::Sequence);
  const auto bits = info.take(Tag::BitString);
  if (!algorithm || !bits || !info.at_end()) {
    return std::nullopt;
  }
  Reader fields(*algorithm);
  const auto oid = fields.take(Tag::ObjectId);
  if (!oid || !std::ranges::equal(*oid, kRsaEncryption)) {
    return std::nullopt;
  }
  if (!fields.at_end()) {
    const auto parameters = fields.take(Tag::Null);
    if (!parameters || !parameters->empty() || !fields.at_end()) {
      return std::nullopt;
    }
  }
  // The first octet of a BIT STRING counts the unused bits of its last one.
  if (bits->empty() || bits->front() != 0) {
    return std::nullopt;
  }
  Reader key(bits->subspan(1));
  const auto contents = key.take(Tag::Sequence);
  return key.at_end() ? contents : std::nullopt;
}

}  // namespace

Parsed<RsaNumbers> parse_rsa_key(std::span<const std::uint8_t> der) {
  Reader outer(der);
  auto contents = outer.take(Tag::Sequence);
  if (!contents || !outer.at_end()) {
    return parse_error("not one DER SEQUENCE");
  }
  // RSAPublicKey begins with a number, SubjectPublicKeyInfo with the algorithm.
  if (Reader(*contents).next_is(Tag::Sequence)) {
    contents = unwrap_public_key_info(Reader(*contents));
    if (!contents) {
      return parse_error("not a SubjectPublicKeyInfo of an RSA key");
    }
  }
  Reader numbers(*contents);
  const auto modulus = numbers.take_positive();
  const auto exponent = numbers.take_positive();
  if (!modulus || !exponent || !numbers.at_end()) {
    return parse_error("not an RSAPublicKey");
  }
  return RsaNumbers{*modulus, *exponent};
}

}  // namespace assay::crypto
