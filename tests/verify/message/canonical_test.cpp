#include "verify/message/canonical.h"

#include "tests/support/catch.h"

using namespace assay;
using message::Canonicalization;
using message::HeaderBlock;

namespace {

std::string canonical(std::string_view name, std::string_view value, Canonicalization form) {
  HeaderBlock headers;
  headers.add(name, value);
  std::string out = "kept";
  append_canonical(out, headers[0], form);
  REQUIRE(out.substr(0, 4) == "kept");
  return out.substr(4);
}

std::string without_b(std::string_view name, std::string_view value, Canonicalization form) {
  HeaderBlock headers;
  headers.add(name, value);
  std::string out;
  append_canonical_without_b(out, headers[0], form);
  return out;
}

}  // namespace

TEST_CASE("message/canonical: the examples of RFC 6376 section 3.4.5", "[message]") {
  CHECK(canonical("A", " X", Canonicalization::Relaxed) == "a:X");
  CHECK(canonical("B ", " Y\t\r\n\tZ  ", Canonicalization::Relaxed) == "b:Y Z");
  CHECK(canonical("A", " X", Canonicalization::Simple) == "A: X");
  CHECK(canonical("B ", " Y\t\r\n\tZ  ", Canonicalization::Simple) == "B : Y\t\r\n\tZ  ");
}

TEST_CASE("message/canonical: relaxed fields (RFC 6376 section 3.4.2)", "[message]") {
  struct Row {
    std::string_view name, value, relaxed;
  };
  for (const Row& row : {
           Row{"SUBJect", "AbC", "subject:AbC"},
           Row{"X\xC3\x84", " \xC3\x84", "x\xC3\x84:\xC3\x84"},  // only ASCII letters change (RFC 8616 section 5)
           Row{"A", "", "a:"}, Row{"A", " \t ", "a:"}, Row{"A \t ", "\t b", "a:b"}, Row{"A", "\r\n b", "a:b"},
           Row{"A", "b\r\n ", "a:b"}, Row{"A", "b \r\n \r\n c", "a:b c"}, Row{"A", " a  b\t\tc \t d ", "a:a b c d"},
           Row{"A", "b\r\nc", "a:b\r\nc"},  // no fold: not followed by WSP
           Row{"A", "b\rc", "a:b\rc"},      // a lone CR is data
           Row{"A", "b \r c", "a:b \r c"},  // also between spaces
           Row{"A",
               "b\v\f\xC2\xA0"
               "c",
               "a:b\v\f\xC2\xA0"
               "c"},  // only SP and HTAB are WSP
       }) {
    CAPTURE(row.name, row.value);
    CHECK(canonical(row.name, row.value, Canonicalization::Relaxed) == row.relaxed);
  }
}

TEST_CASE("message/canonical: the value of b= is left out (RFC 6376 section 3.7)", "[message]") {
  struct Row {
    std::string_view value, simple, relaxed;
  };
  for (const Row& row : {
           Row{" v=1; bh=abc=; b = dz\r\n\tdVy==; d=x", " v=1; bh=abc=; b =; d=x", "v=1; bh=abc=; b =; d=x"},
           Row{" v=1; b=abc", " v=1; b=", "v=1; b="},
           Row{" v=1; b=abc\r\n  def ", " v=1; b=", "v=1; b="},
           Row{" v=1; b=abc ;", " v=1; b=;", "v=1; b=;"},
           Row{"b=abc; v=1", "b=; v=1", "b=; v=1"},
           Row{" b\r\n =\r\n abc\r\n ; v=1", " b\r\n =; v=1", "b =; v=1"},
           Row{" v=1; b=; d=x", " v=1; b=; d=x", "v=1; b=; d=x"},
           Row{" v=1; b=  ; d=x", " v=1; b=; d=x", "v=1; b=; d=x"},
           Row{" z=b=keep; bh=b=; b=x=y", " z=b=keep; bh=b=; b=", "z=b=keep; bh=b=; b="},
           Row{" B=keep; b=x", " B=keep; b=", "B=keep; b="},
           Row{" xb=keep; b=x", " xb=keep; b=", "xb=keep; b="},
           Row{" x b=keep; b=x", " x b=keep; b=", "x b=keep; b="},
           Row{" =b; ; b; b=x;", " =b; ; b; b=;", "=b; ; b; b=;"},
           Row{" v=1;  d=x ", " v=1;  d=x ", "v=1; d=x"},
           Row{"", "", ""},
           Row{" a=1; b=x;\r\n\t c=2", " a=1; b=;\r\n\t c=2", "a=1; b=; c=2"},
       }) {
    CAPTURE(row.value);
    CHECK(without_b("DKIM-Signature", row.value, Canonicalization::Simple) ==
          "DKIM-Signature:" + std::string(row.simple));
    CHECK(without_b("DKIM-Signature", row.value, Canonicalization::Relaxed) ==
          "dkim-signature:" + std::string(row.relaxed));
    CHECK(without_b("X \t", row.value, Canonicalization::Simple) == "X \t:" + std::string(row.simple));
  }
}
