#include "cli/visible.h"

#include "tests/cli/run_assay.h"
#include "tests/observe/sample.h"
#include "tests/support/catch.h"

using assay::cli::visible_lines;
using Lines = std::vector<std::string>;

TEST_CASE("cli/visible: line ends, tabs and hidden spaces are told", "[cli][explain]") {
  CHECK(visible_lines("").empty());
  CHECK(visible_lines("from:a b\r\n") == Lines{R"(from:a b\r\n)"});
  CHECK(visible_lines("a\r\nb") == Lines{R"(a\r\n)", "b"});
  CHECK(visible_lines("Subject: two  spaces \r\n\tand a tab\r\n") ==
        Lines{R"(Subject: two\x20\x20spaces\x20\r\n)", R"(\tand a tab\r\n)"});
  CHECK(visible_lines(" a\r\n") == Lines{R"(\x20a\r\n)"});
  CHECK(visible_lines("end ") == Lines{R"(end\x20)"});
  CHECK(visible_lines("a\rb\\n\nc") == Lines{R"(a\rb\\n\n)", "c"});
  CHECK(visible_lines(" ") == Lines{R"(\x20)"});
}

TEST_CASE("cli/visible: no octet reaches the terminal as it is, and none is cut", "[cli][explain][property]") {
  for (const std::string& odd : assay::test::odd_strings()) {
    for (const std::string& line : visible_lines(odd)) {
      REQUIRE(assay::test::is_fit_for_terminal(line));
    }
  }
  CHECK(visible_lines(std::string(5000, 'x')) == Lines{std::string(5000, 'x')});
  CHECK(visible_lines("\x1B[31m\xC2\x9B\xFF") == Lines{R"(\x1B[31m\xC2\x9B\xFF)"});
}
