#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace assay::crypto {

enum class Hash : std::uint8_t { Sha256, Sha1 };

/// A finished hash value: 32 octets for SHA-256, 20 for SHA-1.
struct DigestValue {
  std::array<std::uint8_t, 32> octets{};
  std::size_t size = 0;

  [[nodiscard]] std::span<const std::uint8_t> view() const noexcept { return {octets.data(), size}; }
  friend bool operator==(const DigestValue& a, const DigestValue& b) noexcept;
};

/// A running hash. Algorithms are fetched once per process, never per message. Throws std::bad_alloc or
/// std::runtime_error only if OpenSSL itself cannot work (no memory, algorithm missing).
class Digest {
 public:
  explicit Digest(Hash hash);
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  ~Digest();

  void update(std::string_view octets);
  /// Another hash that begins with all that this one was given.
  [[nodiscard]] Digest fork() const;
  /// The value; the object must not be used afterwards.
  [[nodiscard]] DigestValue finish();

 private:
  struct State;
  explicit Digest(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// The hash of `octets` in one call.
[[nodiscard]] DigestValue digest(Hash hash, std::string_view octets);

}  // namespace assay::crypto
