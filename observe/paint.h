#pragma once

#include <string>
#include <string_view>

namespace assay::observe {

/// Colours on a terminal, plain text elsewhere.
class Paint {
 public:
  explicit Paint(bool is_on) : is_on_(is_on) {}

  [[nodiscard]] std::string bold(std::string_view text) const { return in("1", text); }
  [[nodiscard]] std::string dim(std::string_view text) const { return in("2", text); }
  [[nodiscard]] std::string good(std::string_view text) const { return in("32", text); }
  [[nodiscard]] std::string bad(std::string_view text) const { return in("31", text); }
  [[nodiscard]] std::string doubtful(std::string_view text) const { return in("33", text); }

  /// A result or action word in the colour of what it says.
  [[nodiscard]] std::string result(std::string_view word) const {
    if (word == "pass" || word == "accept") {
      return good(word);
    }
    if (word == "fail" || word == "reject" || word == "discard") {
      return bad(word);
    }
    return word == "none" || word == "neutral" ? std::string(word) : doubtful(word);
  }

 private:
  [[nodiscard]] std::string in(std::string_view code, std::string_view text) const {
    if (!is_on_ || text.empty()) {
      return std::string(text);
    }
    return "\x1B[" + std::string(code) + 'm' + std::string(text) + "\x1B[0m";
  }
  bool is_on_;
};

/// Whether the descriptor is a terminal that does what escape sequences say (TERM is not dumb: a shell in an editor, a
/// serial console).
[[nodiscard]] bool obeys_escapes(int descriptor);
/// Whether it is one that may be coloured (NO_COLOR unset or empty).
[[nodiscard]] bool wants_colour(int descriptor);

}  // namespace assay::observe
