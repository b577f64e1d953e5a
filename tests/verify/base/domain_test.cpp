#include "verify/base/domain.h"

#include <unordered_set>

#include "tests/support/catch.h"

using namespace assay;

namespace {

Domain domain(std::string_view text) {
  return Domain::parse(text).value();
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) {
    out += text;
  }
  return out;
}

}  // namespace

TEST_CASE("base/domain: ASCII names", "[base]") {
  struct Row {
    std::string_view text, name;
  };
  for (const Row& row : {
           Row{"example.com", "example.com"},
           Row{"Example.COM.", "example.com"},
           Row{"com", "com"},
           Row{"_dmarc.example.com", "_dmarc.example.com"},
           Row{"s1._domainkey.a_b.example", "s1._domainkey.a_b.example"},
           Row{"r3---sn-xx.example", "r3---sn-xx.example"},
           Row{"-a-.example", "-a-.example"},
           Row{"1.2.3.4", "1.2.3.4"},
           Row{"XN--MNCHEN-3ya.example", "xn--mnchen-3ya.example"},
           Row{"xn--99zzzz-not-punycode.example", "xn--99zzzz-not-punycode.example"},
       }) {
    CAPTURE(row.text);
    REQUIRE(Domain::parse(row.text));
    CHECK(domain(row.text).str() == row.name);
  }
}

TEST_CASE("base/domain: what is no name is refused", "[base]") {
  for (const std::string_view text : {"",
                                      ".",
                                      "..",
                                      ".example",
                                      "example..com",
                                      "example.com..",
                                      "[192.0.2.1]",
                                      "[IPv6:::1]",
                                      "a b.example",
                                      " a",
                                      "a ",
                                      "a@b",
                                      "a\tb",
                                      "a,b",
                                      "a/b",
                                      "a:b",
                                      "*.example",
                                      "a\\.b",
                                      "a\x7F.b",
                                      "\xFF.example",
                                      "a.\xC3.example",
                                      "\xC3\xBC..example",
                                      ".\xC3\xBC",
                                      "\xC3\xBC b.example",
                                      "\xC3\xBC@b",
                                      "\xED\xA0\x80.example"}) {
    CAPTURE(text);
    CHECK_FALSE(Domain::parse(text));
  }
  CHECK_FALSE(Domain::parse(std::string_view("a\0b", 3)));
  CHECK_FALSE(Domain::parse(std::string_view("\xC3\xBC\0.example", 11)));
  CHECK_FALSE(Domain::parse(std::string_view("\xC3\xBC.exa\0mple", 11)));
}

TEST_CASE("base/domain: 63 octets a label, 253 a name (RFC 1035 section 2.3.4)", "[base]") {
  const std::string l63(63, 'a');
  CHECK(Domain::parse(l63 + ".example"));
  CHECK_FALSE(Domain::parse(l63 + "a.example"));
  const std::string n252 = repeat(l63 + ".", 3) + std::string(60, 'b');
  CHECK(Domain::parse(n252 + "b"));
  CHECK(Domain::parse(n252 + "b."));
  CHECK_FALSE(Domain::parse(n252 + "bb"));
  CHECK(domain(repeat("a.", 126) + "a").label_count() == 127);
  CHECK_FALSE(Domain::parse(repeat("a.", 126) + "aa"));

  // 57 times U+00FC: the A-label has 63 octets; 58 times: 64 (by Python's punycode codec).
  const std::string u = "\xC3\xBC";
  CHECK(domain(repeat(u, 57) + ".example").str().find('.') == 63);
  CHECK_FALSE(Domain::parse(repeat(u, 58) + ".example"));
  CHECK_FALSE(Domain::parse(repeat(u + ".", 600)));
  CHECK_FALSE(Domain::parse(u + "." + std::string(100'000, 'a')));
}

TEST_CASE("base/domain: parents, suffixes, ancestors", "[base]") {
  const Domain name = domain("a.b.example.com");
  CHECK(name.label_count() == 4);
  CHECK(name.parent()->str() == "b.example.com");
  CHECK_FALSE(domain("com").parent());
  CHECK(name.rightmost(1).str() == "com");
  CHECK(name.rightmost(3).str() == "b.example.com");
  CHECK(name.rightmost(4) == name);
  CHECK(name.rightmost(5) == name);
  CHECK(domain("com").rightmost(1).str() == "com");
  CHECK(name.is_within(name));
  CHECK(name.is_within(domain("com")));
  CHECK(name.is_within(domain("b.example.com")));
  CHECK_FALSE(name.is_within(domain("c.example.com")));
  CHECK_FALSE(domain("notexample.com").is_within(domain("example.com")));
  CHECK_FALSE(domain("com").is_within(domain("example.com")));
  CHECK(domain("a.example") < domain("b.example"));
  std::unordered_set<Domain> names{domain("a.example"), domain("A.example.")};
  CHECK(names.size() == 1);
}
