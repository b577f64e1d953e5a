#include "verify/message/header_block.h"

#include "tests/support/catch.h"

using namespace assay;
using message::HeaderBlock;

TEST_CASE("message/header_block: octets are kept, line ends become CRLF", "[message]") {
  struct Row {
    std::string_view name, value, raw, field_name, field_value;
  };
  for (const Row& row : {
           Row{"Subject", " hello", "Subject: hello", "Subject", " hello"},
           Row{"Subject", "", "Subject:", "Subject", ""},
           Row{"SUBJect \t", "  x\t", "SUBJect \t:  x\t", "SUBJect", "  x\t"},
           Row{"A", " b\n c", "A: b\r\n c", "A", " b\r\n c"},
           Row{"A", " b\r\n c", "A: b\r\n c", "A", " b\r\n c"},
           Row{"A", "\n b\r\n\tc", "A:\r\n b\r\n\tc", "A", "\r\n b\r\n\tc"},
           Row{"A", " b\n", "A: b", "A", " b"},
           Row{"A", " b\r\n", "A: b", "A", " b"},
           Row{"A", "\n", "A:", "A", ""},
           Row{"A", "\n\n", "A:\r\n", "A", "\r\n"},
           Row{"A", " b\r", "A: b\r", "A", " b\r"},
           Row{"A", " b\rc", "A: b\rc", "A", " b\rc"},
           Row{"A", " b\r\r\n c", "A: b\r\r\n c", "A", " b\r\r\n c"},
           Row{"", " b", ": b", "", " b"},
           Row{"A:B", " c:d", "A:B: c:d", "A:B", " c:d"},
           Row{"A", std::string_view(" \0\xFF", 3), std::string_view("A: \0\xFF", 5), "A",
               std::string_view(" \0\xFF", 3)},
       }) {
    CAPTURE(row.name, row.value);
    HeaderBlock headers;
    headers.add("Before", " 1");
    headers.add(row.name, row.value);
    headers.add("After", " 2");
    CHECK(headers[1].raw == row.raw);
    CHECK(headers[1].name == row.field_name);
    CHECK(headers[1].value == row.field_value);
    CHECK(headers[0].raw == "Before: 1");
    CHECK(headers[2].raw == "After: 2");
    CHECK(headers.size() == 3);
    CHECK(headers.octets() == row.raw.size() + 2 + 11 + 10);
  }
}

TEST_CASE("message/header_block: fields are found in any letter case, top first", "[message]") {
  HeaderBlock headers;
  CHECK(headers.empty());
  CHECK(headers.octets() == 0);
  headers.add("From", " a");
  headers.add("X", " b");
  headers.add("FROM ", " c");
  headers.add("Fromage", " d");
  headers.add("fro", " e");
  CHECK(headers.find("from") == std::vector<std::size_t>{0, 2});
  CHECK(headers.find("Nothing").empty());
  headers.clear();
  CHECK(headers.empty());
  CHECK(headers.octets() == 0);
  CHECK(headers.find("from").empty());
  headers.add("From", " again");
  CHECK(headers[0].raw == "From: again");
}
