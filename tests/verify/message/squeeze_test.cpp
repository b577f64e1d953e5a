#include "verify/message/squeeze.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/dice.h"
#include "verify/base/text.h"

using namespace assay;
using message::squeeze_wsp;
using message::squeeze_wsp_slowly;
using test::Dice;

namespace {

/// RFC 6376 section 3.4.4, step a, for a text whose end is no line end.
std::string reference(std::string_view text) {
  std::string out;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t line_end = text.find("\r\n", begin);
    const bool is_last = line_end == std::string_view::npos;
    std::string_view line = text.substr(begin, is_last ? line_end : line_end - begin);
    begin = is_last ? text.size() : line_end + 2;
    if (!is_last) {
      line = trim_wsp_end(line);  // "Ignore all whitespace at the end of lines."
    }
    for (std::size_t i = 0; i < line.size(); ++i) {
      // "Reduce all sequences of WSP within a line to a single SP character."
      if (!is_wsp(line[i])) {
        out += line[i];
      } else if (i == 0 || !is_wsp(line[i - 1])) {
        out += ' ';
      }
    }
    out += is_last ? "" : "\r\n";
  }
  return out;
}

/// What it makes of the first `size` octets of `text`, which stand at every alignment in turn. The octets around the
/// room that it needs must stay as they are.
std::string squeezed(std::string_view text, std::size_t size, std::size_t alignment, bool slowly) {
  constexpr std::size_t kGuard = 32;
  const std::string at_alignment = std::string(alignment, ' ').append(text);
  std::string room(kGuard + size + kGuard, '#');
  const std::string_view source = std::string_view(at_alignment).substr(alignment);
  const std::size_t written =
      (slowly ? squeeze_wsp_slowly : squeeze_wsp)(source, size, room.data() + kGuard + alignment % 2);
  CHECK(written <= size);
  CHECK(room.substr(0, kGuard) == std::string(kGuard, '#'));
  CHECK(room.substr(kGuard + size + alignment % 2) == std::string(kGuard - alignment % 2, '#'));
  return room.substr(kGuard + alignment % 2, written);
}

}  // namespace

TEST_CASE("message/squeeze: white space of a line (RFC 6376 section 3.4.4)", "[message]") {
  struct Row {
    std::string text, expected;
  };
  for (const Row& row : {
           Row{"", ""},
           Row{"a", "a"},
           Row{" C \r\nD \t E\r\n", " C\r\nD E\r\n"},  // Section 3.4.5.
           Row{"\ta", " a"},
           Row{"a \rb", "a \rb"},
           Row{"a \nb", "a \nb"},
           Row{"a \r\r\n", "a \r\r\n"},
           Row{"a \t ", "a "},
           Row{"a \r", "a \r"},
           Row{"\t\r\n\t", "\r\n "},
           Row{"0123456789abcdef \t\r\n0123456789abcdef\t0123456789abcdef",
               "0123456789abcdef\r\n0123456789abcdef 0123456789abcdef"},
       }) {
    CAPTURE(row.text);
    CHECK(reference(row.text) == row.expected);
    CHECK(squeezed(row.text, row.text.size(), 0, true) == row.expected);
    CHECK(squeezed(row.text, row.text.size(), 0, false) == row.expected);
  }
}

TEST_CASE("message/squeeze: text beyond the size decides, and is not written", "[message]") {
  for (const bool slowly : {true, false}) {
    const std::string filler(40, 'x');
    CHECK(squeezed("a \r\n", 2, 0, slowly) == "a");
    CHECK(squeezed("a \r", 2, 0, slowly) == "a ");
    CHECK(squeezed("a  ", 2, 0, slowly) == "a");
    CHECK(squeezed("a\tb", 2, 0, slowly) == "a ");
    CHECK(squeezed(filler + " \r\n" + filler, 41, 0, slowly) == filler);
    CHECK(squeezed(filler + "\t" + filler, 41, 0, slowly) == filler + " ");
  }
}

TEST_CASE("message/squeeze: both ways are one on random text, wherever it stands and is cut", "[message][property]") {
  Dice dice(3404);
  for (const std::string_view alphabet :
       {"a \t\r\n", "abcdefghijklmnopq \t", "ab\r\n ", "\t", " ", "\xC3\xA4\xFF\x80\x01 \x7F"}) {
    for (std::size_t size = 0; size < 150; ++size) {
      for (int round = 0; round < 8; ++round) {
        const std::string text = dice.text(size, alphabet);
        const std::string expected = reference(text);
        CAPTURE(text);
        REQUIRE(squeezed(text, size, 0, true) == expected);
        REQUIRE(squeezed(text, size, dice.below(16), false) == expected);
        const std::size_t part = dice.below(size + 1);
        REQUIRE(squeezed(text, part, dice.below(16), false) == squeezed(text, part, 0, true));
      }
    }
  }
}

TEST_CASE("message/squeeze: one place to change, at every distance", "[message][property]") {
  for (const std::string_view place :
       {" ", "  ", "\t", " \r\n", " \r", "\t\t\t\r\n", "                    ", " \n", "\r\n"}) {
    for (std::size_t before = 0; before < 80; ++before) {
      for (std::size_t after = 0; after < 80; ++after) {
        const std::string text = std::string(before, 'x').append(place).append(after, 'y');
        CAPTURE(text);
        REQUIRE(squeezed(text, text.size(), 0, false) == reference(text));
      }
    }
  }
}
