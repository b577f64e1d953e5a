#include "verify/message/squeeze.h"

#if defined(__SSE2__)
#include <emmintrin.h>

#include <bit>
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

#endif

}  // namespace

std::size_t squeeze_wsp(std::string_view text, std::size_t size, char* out) noexcept {
  std::size_t written = 0;
  std::size_t begin = 0;
#if defined(__SSE2__)
  for (; begin + kReadable <= size; begin += kBlock) {
    written += squeeze_block(text.data() + begin, out + written);
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
