#include "verify/message/squeeze.h"

#if defined(__SSE2__)
#include <emmintrin.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#endif

#include "verify/base/text.h"

namespace assay::message {
namespace {

#if defined(__SSE2__)

constexpr std::size_t kBlock = 16;             ///< Octets of one vector.
constexpr std::size_t kReadable = 2 * kBlock;  ///< Those of a block, and what it reads behind them.

__m128i load(const char* from) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

void store(char* to, __m128i octets) noexcept {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), octets);
}

__m128i equal(__m128i octets, char c) noexcept {
  return _mm_cmpeq_epi8(octets, _mm_set1_epi8(c));
}

/// Makes a SP of each HTAB.
__m128i with_spaces(__m128i octets) noexcept {
  return _mm_xor_si128(octets, _mm_and_si128(equal(octets, '\t'), _mm_set1_epi8('\t' ^ ' ')));
}

/// squeeze_wsp() for kBlock octets. Reads kReadable in all and may write as many, whatever it returns.
std::size_t squeeze_block(const char* text, char* out) noexcept {
  const __m128i here = load(text);
  const __m128i next = load(text + 1);
  const __m128i is_wsp = _mm_or_si128(equal(here, ' '), equal(here, '\t'));
  const __m128i is_before_wsp = _mm_or_si128(equal(next, ' '), equal(next, '\t'));
  const __m128i is_before_crlf = _mm_and_si128(equal(next, '\r'), equal(load(text + 2), '\n'));
  const auto dropped =
      static_cast<unsigned>(_mm_movemask_epi8(_mm_and_si128(is_wsp, _mm_or_si128(is_before_wsp, is_before_crlf))));
  store(out, with_spaces(here));
  if (dropped == 0) {
    return kBlock;
  }
  // Nearly always one run, as an indentation is.
  const auto kept = static_cast<std::size_t>(std::countr_zero(dropped));
  const unsigned run = dropped >> kept;
  if ((run & (run + 1)) == 0) {
    const auto left_out = static_cast<std::size_t>(std::countr_one(run));
    store(out + kept, with_spaces(load(text + kept + left_out)));
    return kBlock - left_out;
  }
  // No branches: where white space stands is hard to foretell.
  std::size_t written = 0;
  for (unsigned i = 0; i < kBlock; ++i) {
    out[written] = text[i] == '\t' ? ' ' : text[i];
    written += 1U & ~(dropped >> i);
  }
  return written;
}

constexpr std::size_t kGroup = 4 * kBlock;  ///< Octets whose masks fit one word.

/// What matters of a group here, a bit for each octet.
struct Masks {
  std::uint64_t spaces = 0;
  std::uint64_t blanks = 0;  ///< SP and all below it, HTAB, CR and LF among them.
  __m128i tabs = _mm_setzero_si128();
};

/// Copies a block of a group and looks at it. Inlined, for the shift by a constant costs half.
[[gnu::always_inline]] inline void copy_block(const char* text, char* out, std::size_t begin, Masks& masks) noexcept {
  const __m128i here = load(text + begin);
  const __m128i space = _mm_set1_epi8(' ');
  store(out + begin, here);
  masks.tabs = _mm_or_si128(masks.tabs, equal(here, '\t'));
  const auto mask = [](__m128i octets) { return std::uint64_t{static_cast<unsigned>(_mm_movemask_epi8(octets))}; };
  masks.spaces |= mask(_mm_cmpeq_epi8(here, space)) << begin;
  masks.blanks |= mask(_mm_cmpeq_epi8(_mm_min_epu8(here, space), here)) << begin;
}

/// Copies a group and looks at it.
Masks copy_group(const char* text, char* out) noexcept {
  static_assert(kGroup == 4 * kBlock);
  Masks masks;
  copy_block(text, out, 0, masks);
  copy_block(text, out, kBlock, masks);
  copy_block(text, out, 2 * kBlock, masks);
  copy_block(text, out, 3 * kBlock, masks);
  return masks;
}

/// Copies `text` from `begin` on up to where something may have to change, or nearly to `size`: what follows a group
/// must be within it. Returns where that is.
std::size_t copy_ordinary(const char* text, std::size_t begin, std::size_t size, char* out) noexcept {
  for (; begin + kGroup < size; begin += kGroup, out += kGroup) {
    const Masks masks = copy_group(text + begin, out);
    const auto next = std::uint64_t{static_cast<unsigned char>(text[begin + kGroup]) <= ' '} << (kGroup - 1);
    // A SP before a lone CR stays, too, as squeeze_block() will find.
    const std::uint64_t changes = masks.spaces & ((masks.blanks >> 1U) | next);
    const bool has_tab = _mm_movemask_epi8(masks.tabs) != 0;
    if (changes != 0 || has_tab) {
      const std::size_t tab = has_tab ? std::string_view(text + begin, kGroup).find('\t') : kGroup;
      return begin + std::min<std::size_t>(static_cast<std::size_t>(std::countr_zero(changes)), tab);
    }
  }
  return begin;
}

#endif

}  // namespace

std::size_t squeeze_wsp(std::string_view text, std::size_t size, char* out) noexcept {
  std::size_t written = 0;
  std::size_t begin = 0;
#if defined(__SSE2__)
  while (begin + kReadable <= size) {
    const std::size_t ordinary = copy_ordinary(text.data(), begin, size, out + written);
    written += ordinary - begin;
    begin = ordinary;
    if (begin + kReadable <= size) {
      written += squeeze_block(text.data() + begin, out + written);
      begin += kBlock;
    }
  }
#endif
  return written + squeeze_wsp_slowly(text.substr(begin), size - begin, out + written);
}

std::size_t squeeze_wsp_slowly(std::string_view text, std::size_t size, char* out) noexcept {
  std::size_t written = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (!is_wsp(text[i])) {
      out[written++] = text[i];
      continue;
    }
    const std::string_view behind = text.substr(i + 1, 2);
    if (behind.empty() || !(is_wsp(behind.front()) || behind == "\r\n")) {
      out[written++] = ' ';
    }
  }
  return written;
}

}  // namespace assay::message
