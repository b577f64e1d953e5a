#include "verify/message/split.h"

#include "tests/support/catch.h"
#include "verify/message/header_block.h"

using namespace assay;
using message::split;

namespace {

std::string fields_of(const message::SplitMessage& message) {
  std::string out;
  for (const auto& field : message.fields) {
    out += "[" + field.name + "|" + field.value + "]";
  }
  return out;
}

}  // namespace

TEST_CASE("message/split: fields and body, whatever the line ends", "[message]") {
  struct Row {
    std::string_view text, fields, body;
  };
  for (const Row& row : {
           Row{"A: b\n\nbody\n", "[A| b]", "body\r\n"},
           Row{"A: b\r\n\r\nbody\r\n", "[A| b]", "body\r\n"},
           Row{"A: b\n c\n\td\nE:f\n\n", "[A| b\r\n c\r\n\td][E|f]", ""},
           Row{"A: b\r\n c\n\r\nx\ny\r\nz", "[A| b\r\n c]", "x\r\ny\r\nz"},
           Row{"A:\n\n\n\nx\n\n", "[A|]", "\r\n\r\nx\r\n\r\n"},
           Row{"A: b", "[A| b]", ""},
           Row{"A: b\n", "[A| b]", ""},
           Row{"A \t: b\n", "[A \t| b]", ""},
           Row{"A: b\n \nC: d\n\nx", "[A| b\r\n ][C| d]", "x"},
           Row{"", "", ""},
           Row{"\n", "", ""},
           Row{"\nbody", "", "body"},
           Row{"From a@b Thu Jan  1 00:00:00 1970\nA: b\n\nx", "[A| b]", "x"},
           Row{"From : a@b\n\nx", "[From | a@b]", "x"},
           Row{"From: a@b\nFrom c\n\nx", "[From| a@b]", "From c\r\n\r\nx"},
           Row{"A: b\nno field\nC: d\n\nx", "[A| b]", "no field\r\nC: d\r\n\r\nx"},
           Row{"A: b\n: c\n", "[A| b]", ": c\r\n"},
           Row{"A: b\nC D: e\n", "[A| b]", "C D: e\r\n"},
           Row{"A: b\n\xC3\xBC: e\n", "[A| b]", "\xC3\xBC: e\r\n"},
           Row{" A: b\n", "", " A: b\r\n"},
           Row{"A: b\rc\r\r\n\nx\ry\r\r\n", "[A| b\rc\r]", "x\ry\r\r\n"},
           Row{"A: b\n\nx\r", "[A| b]", "x\r"},
       }) {
    CAPTURE(row.text);
    const auto message = split(row.text);
    CHECK(fields_of(message) == row.fields);
    CHECK(message.body == row.body);
  }
}

TEST_CASE("message/split: a message with CRLF is put together again octet for octet", "[message]") {
  const std::string text = "A: b\r\n c\r\nD:\r\n\te \r\nF :g\r\n\r\nbody\r\n\r\n--\r\n";
  const auto message = split(text);
  std::string again;
  message::HeaderBlock headers;
  for (const auto& field : message.fields) {
    headers.add(field.name, field.value);
    again += std::string(headers[headers.size() - 1].raw) + "\r\n";
  }
  again += "\r\n" + message.body;
  CHECK(again == text);
}
