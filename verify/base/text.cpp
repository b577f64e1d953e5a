#include "verify/base/text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace assay {

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return to_lower(c); });
  return lower;
}

bool iequals(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return to_lower(x) == to_lower(y); });
}

bool istarts_with(std::string_view text, std::string_view prefix) noexcept {
  return iequals(text.substr(0, prefix.size()), prefix);
}

bool is_ascii(std::string_view text) noexcept {
  constexpr std::uint64_t kTopBits = 0x8080'8080'8080'8080U;
  std::uint64_t word = 0;
  while (text.size() >= sizeof word) {
    std::memcpy(&word, text.data(), sizeof word);
    if ((word & kTopBits) != 0) {
      return false;
    }
    text.remove_prefix(sizeof word);
  }
  return std::all_of(text.begin(), text.end(), [](char c) { return is_ascii(c); });
}

namespace {

template <class Drop>
std::string_view trim(std::string_view text, Drop drop) noexcept {
  while (!text.empty() && drop(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && drop(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

std::string_view trim_wsp(std::string_view text) noexcept {
  return trim(text, is_wsp);
}

std::string_view trim_wsp_end(std::string_view text) noexcept {
  while (!text.empty() && is_wsp(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view trim_fws(std::string_view text) noexcept {
  return trim(text, is_crlf_or_wsp);
}

}  // namespace assay
