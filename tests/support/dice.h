#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace assay::test {

/// Random choices that are the same in every run and with every standard library.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}

  /// 0 to `count` - 1; `count` is at least 1.
  std::size_t below(std::size_t count) { return engine_() % count; }
  bool flip() { return below(2) == 1; }
  bool one_in(std::size_t count) { return below(count) == 0; }

  /// Any enumerator up to `last`.
  template <class Enum>
  Enum up_to(Enum last) {
    return static_cast<Enum>(below(static_cast<std::size_t>(last) + 1));
  }
  template <class T>
  const T& pick(const std::vector<T>& items) {
    return items[below(items.size())];
  }
  char octet() { return static_cast<char>(below(256)); }
  /// `octets` octets out of `alphabet`.
  std::string text(std::size_t octets, std::string_view alphabet) {
    std::string out;
    while (out.size() < octets) {
      out += alphabet[below(alphabet.size())];
    }
    return out;
  }

 private:
  std::mt19937 engine_;
};

}  // namespace assay::test
