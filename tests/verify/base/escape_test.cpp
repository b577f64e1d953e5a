#include "verify/base/escape.h"

#include <string>

#include "tests/support/catch.h"

using namespace assay;

TEST_CASE("base/escape: every octet value by itself", "[base]") {
  for (int i = 0; i < 256; ++i) {
    CAPTURE(i);
    const std::string text(1, static_cast<char>(i));
    const std::string escaped = escape(text);
    CHECK(is_utf8(escaped));
    CHECK(is_utf8(text) == (i < 0x80));
    if (i == '\\') {
      CHECK(escaped == "\\\\");
    } else if (i >= 0x20 && i < 0x7F) {
      CHECK(escaped == text);
    } else {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      CHECK(escaped ==
            std::string("\\x") + kHex[static_cast<std::size_t>(i) / 16] + kHex[static_cast<std::size_t>(i) % 16]);
    }
  }
}

TEST_CASE("base/escape: UTF-8 is well formed exactly as RFC 3629 section 4 tells", "[base]") {
  struct Row {
    std::string_view text;
    bool good;
  };
  for (const Row& row : {
           Row{"", true},
           Row{"\xC2\x80", true},
           Row{"\xDF\xBF", true},
           Row{"\xE0\xA0\x80", true},
           Row{"\xED\x9F\xBF", true},
           Row{"\xEE\x80\x80", true},
           Row{"\xF0\x90\x80\x80", true},
           Row{"\xF4\x8F\xBF\xBF", true},
           Row{"\xC0\x80", false},          // overlong NUL
           Row{"\xC1\xBF", false},          // overlong
           Row{"\xE0\x9F\xBF", false},      // overlong
           Row{"\xF0\x8F\xBF\xBF", false},  // overlong
           Row{"\xED\xA0\x80", false},      // surrogate
           Row{"\xED\xBF\xBF", false},      // surrogate
           Row{"\xF4\x90\x80\x80", false},  // above U+10FFFF
           Row{"\xF5\x80\x80\x80", false},
           Row{"\xC3", false},
           Row{"\xE2\x82", false},
           Row{"\xF0\x9F\x98", false},
           Row{"\xC3\xC3", false},
           Row{"\x80", false},
           Row{"\xFF", false},
       }) {
    CAPTURE(row.text);
    CHECK(is_utf8(row.text) == row.good);
    CHECK(is_utf8(escape(row.text)));
  }
}

TEST_CASE("base/escape: text stays on one line and in its order", "[base]") {
  CHECK(escape("a\r\nb\tc") ==
        "a\\x0D\\x0A"
        "b\\x09"
        "c");
  CHECK(escape("\xC2\x85") == "\\xC2\\x85");           // NEL
  CHECK(escape("\xE2\x80\xA8") == "\\xE2\\x80\\xA8");  // line separator
  CHECK(escape("\xE2\x80\xAE") == "\\xE2\\x80\\xAE");  // right-to-left override
  CHECK(escape("\xE2\x81\xA6") == "\\xE2\\x81\\xA6");  // left-to-right isolate
  CHECK(escape("\x1B[31m") == "\\x1B[31m");
  CHECK(escape("J\xC3\xBCrgen \xE2\x82\xAC \xF0\x9F\x98\x80") == "J\xC3\xBCrgen \xE2\x82\xAC \xF0\x9F\x98\x80");
  CHECK(escape("a\\x41") == "a\\\\x41");
}

TEST_CASE("base/escape: the cut never falls inside a character", "[base]") {
  CHECK(escape("abcd", 4) == "abcd");
  CHECK(escape("abcde", 4) == "abcd...");
  CHECK(escape("abc\xE2\x82\xAC", 6) == "abc\xE2\x82\xAC");
  for (std::size_t max = 3; max < 6; ++max) {
    CHECK(escape("abc\xE2\x82\xAC", max) == "abc...");
  }
  CHECK(escape("\xFF\xFF", 1) == "\\xFF...");
  CHECK(escape("", 0).empty());
  CHECK(escape("a", 0) == "...");
  CHECK(escape(std::string(1024, 'x')) == std::string(1024, 'x'));
  CHECK(escape(std::string(1025, 'x')) == std::string(1024, 'x') + "...");
}

TEST_CASE("base/escape: what was escaped can be undone", "[base][property]") {
  std::string text;
  for (int i = 0; i < 256; ++i) {
    for (const char* before : {"", "a", "\\", "\xC3", "\xF0\x9F\x93"}) {
      const std::string original = before + std::string(1, static_cast<char>(i)) + "x0A";
      CAPTURE(original);
      REQUIRE(unescape(escape(original), text));
      REQUIRE(text == original);
    }
  }
}

TEST_CASE("base/escape: a backslash that escape() does not write cannot be undone", "[base]") {
  std::string text;
  for (const char* escaped :
       {"\\", "a\\", "\\\\\\", "\\x", "\\x0", "\\xG0", "\\x0G", "\\x0a", "\\X0A", "\\n", "\\ \\"}) {
    CAPTURE(escaped);
    CHECK_FALSE(unescape(escaped, text));
  }
}

TEST_CASE("base/escape: a cut is seen at the bound", "[base][bounds]") {
  constexpr std::size_t kBound = 10;
  std::string text;
  for (const char* last : {"a", "\xC3\xA9", "\xE2\x80\xA8", "\xF0\x9F\x93\xA7", "\xFF"}) {
    for (std::size_t before = kBound - 4; before <= kBound; ++before) {
      const std::string original = std::string(before, 'a') + last;
      CAPTURE(original);
      REQUIRE(unescape(escape(original, kBound), text));
      CHECK(may_be_cut(text, kBound) == (original.size() > kBound));
    }
  }
  CHECK_FALSE(may_be_cut("123456...", kBound));
  CHECK(may_be_cut("1234567...", kBound));
}
