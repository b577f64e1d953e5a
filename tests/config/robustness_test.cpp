#include <algorithm>
#include <random>
#include <string>

#include "config/example.h"
#include "config/load.h"
#include "tests/support/catch.h"

namespace assay::config {
namespace {

/// Loads a text that may be anything. Problems must point into it.
bool is_sound(const std::string& text) {
  const Loaded loaded = load_text(text, "f", "mx");
  if (loaded) {
    const Loaded again = load_text(to_yaml(*loaded), "f", "mx");
    return again && *again == *loaded;
  }
  const auto line_count = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  for (const Problem& problem : loaded.error()) {
    // The parser sees one line end more, and blames the line after it for what is missing.
    if (problem.message.empty() || problem.line < 0 || problem.line > line_count + 2 ||
        (problem.line > 0) != (problem.column > 0)) {
      return false;
    }
  }
  return !loaded.error().empty();
}

/// The example without its comments, so that most octets matter.
std::string dense_example() {
  return to_yaml(*load_text("", "f", "mx"));
}

}  // namespace

TEST_CASE("config/load: a text cut anywhere is read or refused", "[config][load][property]") {
  const std::string text = example_text();
  for (std::size_t size = 0; size < text.size(); size += 7) {
    CAPTURE(size);
    REQUIRE(is_sound(text.substr(0, size)));
  }
  const std::string dense = dense_example();
  for (std::size_t size = 0; size < dense.size(); ++size) {
    CAPTURE(size);
    REQUIRE(is_sound(dense.substr(0, size)));
  }
}

TEST_CASE("config/load: a text with any octet changed is read or refused", "[config][load][property]") {
  const std::string dense = dense_example();
  for (std::size_t i = 0; i < dense.size(); i += 3) {
    for (const char octet : {'\0', '\n', ':', '"', '[', '}', '*', '-', '\xff'}) {
      std::string changed = dense;
      changed[i] = octet;
      CAPTURE(i, octet);
      REQUIRE(is_sound(changed));
    }
  }
}

TEST_CASE("config/load: random YAML punctuation is read or refused", "[config][load][property]") {
  static const std::string alphabet = "[]{}:,-?&*!|>'\"%@`# \n\tab0~<";
  std::mt19937 engine(4);
  for (int i = 0; i < 5'000; ++i) {
    std::string text;
    for (auto size = engine() % 24; size > 0; --size) {
      text += alphabet[engine() % alphabet.size()];
    }
    CAPTURE(text);
    REQUIRE(is_sound(text));
  }
}

}  // namespace assay::config
