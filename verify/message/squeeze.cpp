#include "verify/message/squeeze.h"

#include <algorithm>

#if defined(__SSE2__)
#include <emmintrin.h>

#include <array>
#endif

#include "verify/base/text.h"

namespace assay::message {
namespace {

#if defined(__SSE2__)

constexpr std::size_t kBlock = 16;     ///< Octets of one vector.
constexpr std::size_t kLookAhead = 2;  ///< Octets behind a block that decide what becomes of it.

__m128i load(const char* from) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

void store(char* to, __m128i octets) noexcept {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), octets);
}

__m128i equal(__m128i octets, char c) noexcept {
  return _mm_cmpeq_epi8(octets, _mm_set1_epi8(c));
}

/// squeeze_wsp() for kBlock octets. Reads kLookAhead more and may write kBlock, whatever it returns.
std::size_t squeeze_block(const char* text, char* out) noexcept {
  const __m128i here = load(text);
  const __m128i next = load(text + 1);
  const __m128i is_tab = equal(here, '\t');
  const __m128i is_wsp = _mm_or_si128(is_tab, equal(here, ' '));
  const __m128i is_before_wsp = _mm_or_si128(equal(next, ' '), equal(next, '\t'));
  const __m128i is_before_crlf = _mm_and_si128(equal(next, '\r'), equal(load(text + 2), '\n'));
  const __m128i is_dropped = _mm_and_si128(is_wsp, _mm_or_si128(is_before_wsp, is_before_crlf));
  const __m128i octets = _mm_xor_si128(here, _mm_and_si128(is_tab, _mm_set1_epi8('\t' ^ ' ')));
  const auto dropped = static_cast<unsigned>(_mm_movemask_epi8(is_dropped));
  if (dropped == 0) {
    store(out, octets);
    return kBlock;
  }
  // No branches: where white space stands is hard to foretell.
  alignas(kBlock) std::array<char, kBlock> copy;
  store(copy.data(), octets);
  std::size_t written = 0;
  for (unsigned i = 0; i < kBlock; ++i) {
    out[written] = copy[i];
    written += 1U & ~(dropped >> i);
  }
  return written;
}

#endif

}  // namespace

std::size_t squeeze_wsp(std::string_view text, std::size_t size, char* out) noexcept {
  std::size_t written = 0;
  std::size_t begin = 0;
#if defined(__SSE2__)
  const std::size_t last = std::min(size, text.size() - std::min(text.size(), kLookAhead));
  for (; begin + kBlock <= last; begin += kBlock) {
    written += squeeze_block(text.data() + begin, out + written);
  }
#endif
  return written + squeeze_wsp_slowly(text.substr(begin), size - begin, out + written);
}

std::size_t squeeze_wsp_slowly(std::string_view text, std::size_t size, char* out) noexcept {
  std::size_t written = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const char c = text[i];
    const std::string_view behind = text.substr(i + 1, 2);
    if (!is_wsp(c)) {
      out[written++] = c;
    } else if (behind.empty() || !(is_wsp(behind.front()) || behind == "\r\n")) {
      out[written++] = ' ';
    }
  }
  return written;
}

}  // namespace assay::message
