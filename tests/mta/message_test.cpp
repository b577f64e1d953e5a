#include "mta/message.h"

#include <string>
#include <utility>

#include "tests/support/catch.h"

using namespace std::string_literals;

namespace assay::mta {
namespace {

std::string names_and_values(const std::vector<HeaderField>& header) {
  std::string out;
  for (const HeaderField& field : header) {
    out += field.name + ":" + field.value + "|";
  }
  return out;
}

}  // namespace

TEST_CASE("mta/message: the header is split as Postfix does it", "[mta]") {
  struct Row {
    std::string name;
    std::string text;
    std::string header;
    std::string body;
  };
  const std::vector<Row> rows{
      {"plain", "A: 1\r\nB:2\r\n\r\nbody\r\n", "A: 1|B:2|", "body\r\n"},
      {"LF alone", "A: 1\nB:\t2\n\nbody\nend", "A: 1|B:\t2|", "body\r\nend\r\n"},
      {"folded", "A: 1\r\n 2\r\n\t3\r\n\r\n", "A: 1\n 2\n\t3|", ""},
      {"white space before the colon is not kept", "A \t: 1\r\n\r\n", "A: 1|", ""},
      {"no empty line", "A: 1\r\nno field\r\nB: 2\r\n", "A: 1|", "no field\r\nB: 2\r\n"},
      {"no header", "\r\nbody\r\n", "", "body\r\n"},
      {"continuation of nothing", " x\r\nA: 1\r\n", "", " x\r\nA: 1\r\n"},
      {"a colon at the start is no field", ": x\r\n\r\n", "", ": x\r\n\r\n"},
      {"empty value", "A:\r\n\r\n", "A:|", ""},
      {"a CR within a line is data", "A: 1\r2\r\n\r\nb\rb\r\n", "A: 1\r2|", "b\rb\r\n"},
      {"empty", "", "", ""},
      {"high octets", "A: \xff\xfe\r\n\r\n\x80", "A: \xff\xfe|", "\x80\r\n"},
      {"a name of other than US-ASCII is no field", "\xc3\xa4: x\r\n", "", "\xc3\xa4: x\r\n"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const Message message = split_message(row.text);
      CHECK(names_and_values(message.header) == row.header);
      CHECK(message.body == row.body);
    }
  }
}

TEST_CASE("mta/message: a message in CR LF comes back as it was", "[mta]") {
  const std::string text = "A: 1\r\n 2\r\nB:\r\n\r\nbody\r\n.\r\n";
  CHECK(to_text(split_message(text)) == text);
}

TEST_CASE("mta/message: edits count as Sendmail and Postfix count", "[mta]") {
  // Insertions are relative to the message as delivered, with the MTA's own Received on top; changes are relative to
  // what the filter saw, without it (the comment at cleanup_find_header_start in Postfix's cleanup_milter.c).
  const std::vector<HeaderField> header{
      {"Received", " own", true}, {"Received", " first"}, {"A", " 1"}, {"received", " second"}, {"A", " 2"}};
  using Kind = Edit::Kind;
  struct Row {
    std::string name;
    std::vector<Edit> edits;
    std::string expected;
  };
  const std::string before = "Received: own|Received: first|A: 1|received: second|A: 2|";
  const std::vector<Row> rows{
      {"none", {}, before},
      {"insert at 0 is the very top", {{Kind::InsertHeader, 0, "X", " n"}}, "X: n|" + before},
      {"insert at 1 is below the own Received",
       {{Kind::InsertHeader, 1, "X", " n"}},
       "Received: own|X: n|Received: first|A: 1|received: second|A: 2|"},
      {"insert beyond the end appends", {{Kind::InsertHeader, 99, "X", " n"}}, before + "X: n|"},
      {"of two inserts at 0 the last is topmost",
       {{Kind::InsertHeader, 0, "X", " 1"}, {Kind::InsertHeader, 0, "X", " 2"}},
       "X: 2|X: 1|" + before},
      {"add appends", {{Kind::AddHeader, 0, "X", " n"}}, before + "X: n|"},
      {"change counts without the own Received, in any case",
       {{Kind::ChangeHeader, 2, "RECEIVED", " n"}},
       "Received: own|Received: first|A: 1|RECEIVED: n|A: 2|"},
      {"change 0 is change 1",
       {{Kind::ChangeHeader, 0, "A", " n"}},
       "Received: own|Received: first|A: n|received: second|A: 2|"},
      {"an empty value removes",
       {{Kind::ChangeHeader, 2, "A", ""}, {Kind::ChangeHeader, 1, "A", ""}},
       "Received: own|Received: first|received: second|"},
      {"after a removal the next one takes its number",
       {{Kind::ChangeHeader, 1, "A", ""}, {Kind::ChangeHeader, 1, "A", ""}},
       "Received: own|Received: first|received: second|"},
      {"removing what is not there does nothing", {{Kind::ChangeHeader, 3, "A", ""}}, before},
      {"changing what is not there appends", {{Kind::ChangeHeader, 3, "A", " n"}}, before + "A: n|"},
      {"edits of other kinds leave the header", {{Kind::ReplaceBody, 0, "", "x"}}, before},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      auto edited = header;
      apply_header_edits(edited, row.edits, true);
      CHECK(names_and_values(edited) == row.expected);
    }
  }
}

TEST_CASE("mta/message: without leading space negotiated one space is put before each value", "[mta]") {
  std::vector<HeaderField> header;
  apply_header_edits(header, {{Edit::Kind::AddHeader, 0, "X", "n"}, {Edit::Kind::ChangeHeader, 1, "X", " m"}}, false);
  CHECK(names_and_values(header) == "X:  m|");
}

}  // namespace assay::mta
