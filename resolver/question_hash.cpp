#include "resolver/question_hash.h"

#include <bit>
#include <cstring>
#include <random>

namespace assay::resolver {
namespace {

constexpr std::size_t kWordOctets = 8;

/// The text's octets as a little-endian number.
std::uint64_t read_word(const char* octets, std::size_t count) noexcept {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t word = 0;
  std::memcpy(&word, octets, count);
  return word;
}

struct State {
  std::uint64_t v0;
  std::uint64_t v1;
  std::uint64_t v2;
  std::uint64_t v3;

  void round() noexcept {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void add(std::uint64_t word) noexcept {
    v3 ^= word;
    round();
    v0 ^= word;
  }
};

std::array<std::uint64_t, 2> draw_key() {
  std::random_device source;
  const auto draw = [&source] { return (std::uint64_t{source()} << 32U) | source(); };
  return {draw(), draw()};
}

}  // namespace

std::uint64_t sip_hash(std::string_view text, const std::array<std::uint64_t, 2>& key) noexcept {
  State state{key[0] ^ 0x736F'6D65'7073'6575U, key[1] ^ 0x646F'7261'6E64'6F6DU, key[0] ^ 0x6C79'6765'6E65'7261U,
              key[1] ^ 0x7465'6462'7974'6573U};
  const std::size_t whole = text.size() / kWordOctets * kWordOctets;
  for (std::size_t at = 0; at < whole; at += kWordOctets) {
    state.add(read_word(text.data() + at, kWordOctets));
  }
  // The last word ends in the length.
  constexpr unsigned kLengthShift = 56;
  state.add(read_word(text.data() + whole, text.size() - whole) | (std::uint64_t{text.size()} << kLengthShift));
  state.v2 ^= 0xFFU;
  state.round();
  state.round();
  state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::uint64_t question_hash(const dns::Question& question) noexcept {
  static const std::array<std::uint64_t, 2> key = draw_key();
  // The type in the key: as good as another key for each.
  return sip_hash(question.name, {key[0] ^ static_cast<std::uint64_t>(question.type), key[1]});
}

}  // namespace assay::resolver
