#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string_view>

// Each fuzz_<subject>.cpp states what must hold of any octets that one parser is given. It is linked with libFuzzer,
// which makes up the octets, and with corpus_test.cpp, which gives it those of corpus/<subject>.

/// What libFuzzer calls with each input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace assay::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the run where a property does not hold, in every build type, and says where that is.
inline void require(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!holds) {
    static_cast<void>(std::fprintf(stderr, "%s:%d: this does not hold\n", file, line));
    std::abort();
  }
}

/// The part of `rest` before the first octet 0, which goes with it: how one input is several texts.
inline std::string_view take_part(std::string_view& rest) {
  const std::string_view part = rest.substr(0, rest.find('\0'));
  rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  return part;
}

/// Whether `part` is some octets of `whole`, not a copy of them.
inline bool is_inside(std::string_view part, std::string_view whole) {
  const std::less_equal<const char*> is_before;
  return is_before(whole.data(), part.data()) && is_before(part.data() + part.size(), whole.data() + whole.size());
}

}  // namespace assay::fuzz
