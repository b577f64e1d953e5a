#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::config {

/// A text as YAML: plain where every reader of YAML takes it for the same text, else in double quotes. Control
/// characters other than HTAB must not be in it; the loader refuses them.
[[nodiscard]] std::string print_text(std::string_view text);
/// The word off for an empty text.
[[nodiscard]] std::string print_text_or_off(std::string_view text);
/// An octal number of three digits behind a 0.
[[nodiscard]] std::string print_file_mode(unsigned mode);

/// [a, b], each printed by `print`.
template <class T, class Print>
std::string print_list(const std::vector<T>& values, Print print) {
  std::string text = "[";
  for (const T& value : values) {
    text += (text.size() > 1 ? ", " : "") + print(value);
  }
  return text + "]";
}

}  // namespace assay::config
