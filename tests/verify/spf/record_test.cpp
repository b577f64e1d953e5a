#include "verify/spf/record.h"

#include <random>

#include "tests/support/catch.h"

using namespace assay;

TEST_CASE("spf/record: what is an SPF record (RFC 7208 section 4.5)", "[spf][parse]") {
  for (const char* text : {"v=spf1", "v=spf1 ", "V=SPF1 -all", "v=Spf1 nonsense"}) {
    CAPTURE(text);
    CHECK(spf::is_spf_record(text));
  }
  for (const char* text :
       {"", "v=spf", "v=spf10", "v=spf1\t-all", " v=spf1", "v=spf1-all", "v=spf1\n", "spf1", "v=spf2.0/pra"}) {
    CAPTURE(text);
    CHECK_FALSE(spf::is_spf_record(text));
    CHECK_FALSE(spf::parse_record(text));
  }
  // an octet 0 ends nothing
  CHECK_FALSE(spf::is_spf_record(std::string_view("v=spf1\0-all", 11)));
  CHECK_FALSE(spf::parse_record(std::string_view("v=spf1 +all\0", 12)));
}

TEST_CASE("spf/record: well-formed records (RFC 7208 section 4.6.1)", "[spf][parse]") {
  struct Row {
    const char* text;
    std::size_t directives;
    std::size_t unknown_modifiers;
  };
  for (const Row& row : {
           Row{"v=spf1", 0, 0},
           Row{"v=spf1  ", 0, 0},
           Row{"v=spf1   mx   -all   ", 2, 0},
           Row{"v=spf1 +ALL", 1, 0},
           Row{"v=spf1 a A:example.com a/24 a//64 a/24//64 a:example.com/0//0 a:%{d}/32//128", 7, 0},
           Row{"v=spf1 mx Mx:example.com/24 mx//0", 3, 0},
           Row{"v=spf1 ptr PTR:example.com ?ptr:%{d}", 3, 0},
           Row{"v=spf1 ip4:192.0.2.0/24 ip4:0.0.0.0/0 IP4:255.255.255.255/32", 3, 0},
           Row{"v=spf1 ip6:2001:db8::/32 ip6:::/0 ip6:::1 ip6:1:2:3:4:5:6:7:8/128 ip6:::ffff:192.0.2.1/96", 5, 0},
           Row{"v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d} include:_spf.example.com ~all", 3, 0},
           // a modifier is what has '=' right after its name (section 4.6.1)
           Row{"v=spf1 ip4=192.0.2.1 include=example.org all=1 x= y.z-1_=a:b/c", 0, 5},
           // unknown ones may stand anywhere and often (section 6)
           Row{"v=spf1 moo= -all moo=%{d} moo=", 1, 3},
           Row{"v=spf1 redirect=example.org exp=%{d} -all", 1, 0},
           Row{"v=spf1 REDIRECT=example.org. EXP=why.example.org.", 0, 0},
           Row{"v=spf1 a:foo:bar/baz.example.com a:example.com/24.org a:%{l/}", 3, 0},
           Row{"v=spf1 a:a.1-2 a:%{H}.bar a:a..com include:.com", 4, 0},
       }) {
    DYNAMIC_SECTION(row.text) {
      const auto record = spf::parse_record(row.text);
      REQUIRE(record);
      CHECK(record->directives.size() == row.directives);
      CHECK(record->unknown_modifiers.size() == row.unknown_modifiers);
      CHECK(record->text == row.text);
    }
  }
}

TEST_CASE("spf/record: one malformed term anywhere is an error that names it (RFC 7208 section 4.6)", "[spf][parse]") {
  for (const char* term : {
           // names and qualifiers
           "nonsense",
           "--all",
           "-",
           "+",
           "=",
           ":",
           "1a",
           "_a=b",
           "-redirect=example.org",
           "+exp=example.org",
           "?x=y",
           "redirect:example.org",
           "exp:example.org",
           "redirect",
           "exp",
           "mechanism:example.org",
           "é",
           "a;",
           "a,mx",
           "v=spf1\t",
           "-all\r",
           "\x01",
           // all
           "all:x",
           "all/8",
           "all.",
           "all:",
           "-all:foobar",
           // include, exists, ptr
           "include",
           "include:",
           "include:com",
           "include:example.com/24",
           "include/24",
           "exists",
           "exists:",
           "exists:example.com/24",
           "exists:%(ir).example.org",
           "ptr:",
           "ptr/0",
           "ptr:example.com/24",
           "ptr//8",
           // a and mx
           "a:",
           "mx:",
           "a:com",
           "a:com.",
           "a:1.2.3.4",
           "mx:192.0.2.1/24",
           "a/",
           "a//",
           "a///64",
           "a/33",
           "a//129",
           "a/032",
           "a/00",
           "a//064",
           "a/24/64",
           "a/-1",
           "a/8a",
           "a/+8",
           "mx//0/0",
           "a:/24",
           "a://64",
           "a:example.com/",
           "a:example.com//",
           "a:example.com/33",
           "mx:example.com//129",
           "a:example.com:8080",
           "a:example.com/24/64",
           "a:example.com///64",
           "a:%{d}/",
           "a.",
           "a:example.com-",
           "a:%{c}.example.com",
           "a:%{r}",
           "mx:%{t}.com",
           "a:%{x}.com",
           "a:%{d",
           "a:%",
           "a:%{d0}.com",
           // ip4
           "ip4",
           "ip4:",
           "ip4/8",
           "ip4:1.2.3",
           "ip4:1.2.3.4.5",
           "ip4:1.2.3.256",
           "ip4:01.2.3.4",
           "ip4:1.2.3.4:25",
           "ip4:1.2.3.4//32",
           "ip4:1.2.3.4/33",
           "ip4:1.2.3.4/",
           "ip4:1.2.3.4/08",
           "ip4:1.2..4",
           "ip4:example.com",
           "ip4:::1",
           "ip4:::ffff:1.2.3.4",
           "ip4:1.2.3.4/24/24",
           "ip4:%{i}",
           "ip4:1.2.3.4/4294967320",
           // ip6
           "ip6",
           "ip6:",
           "ip6:1.2.3.4",
           "ip6:::1/129",
           "ip6:::1/",
           "ip6:::1//64",
           "ip6:::1/064",
           "ip6:[::1]",
           "ip6:fe80::1%eth0",
           "ip6:1:2:3:4:5:6:7",
           "ip6:1::2::3",
           "ip6:12345::",
           "ip6:::g",
           // modifiers
           "redirect=",
           "exp=",
           "redirect=com",
           "redirect=%{c}",
           "exp=%{r}.example.org",
           "redirect=a/24",
           "moo=%",
           "moo=%{",
           "moo=%{c}",
           "moo=\xC3\xA9",
           "moo=a\tb",
           "moo=%{d9",
       }) {
    DYNAMIC_SECTION(term) {
      for (const std::string& before : {std::string("v=spf1 "), std::string("v=spf1 +all  ")}) {
        for (const char* after : {"", " ", " -all", " redirect=example.net"}) {
          const auto record = spf::parse_record(before + term + after);
          REQUIRE_FALSE(record);
          CHECK(record.error().term == term);
          CHECK(record.error().offset >= before.size());
          CHECK(record.error().offset <= before.size() + std::string(term).size());
          CHECK_FALSE(record.error().what.empty());
        }
      }
    }
  }
}

TEST_CASE("spf/record: redirect= and exp= may stand once each (RFC 7208 section 6)", "[spf][parse]") {
  CHECK_FALSE(spf::parse_record("v=spf1 redirect=a.example redirect=a.example"));
  CHECK_FALSE(spf::parse_record("v=spf1 exp=a.example -all Exp=b.example"));
  CHECK(spf::parse_record("v=spf1 exp=a.example redirect=a.example"));
}

TEST_CASE("spf/record: what the terms hold", "[spf][parse]") {
  const auto record =
      spf::parse_record("v=spf1 ~a:x.example/24//64 -mx ?ip4:192.0.2.9/30 ip6:::ffff:192.0.2.1/120 redirect=R.example");
  REQUIRE(record);
  REQUIRE(record->directives.size() == 4);
  CHECK(record->directives[0].qualifier == spf::Qualifier::SoftFail);
  const auto& a = std::get<spf::A>(record->directives[0].mechanism);
  CHECK(a.target);
  CHECK(a.prefix4 == 24);
  CHECK(a.prefix6 == 64);
  CHECK(record->term(record->directives[0].text) == "~a:x.example/24//64");
  CHECK(record->directives[1].qualifier == spf::Qualifier::Fail);
  const auto& mx = std::get<spf::Mx>(record->directives[1].mechanism);
  CHECK_FALSE(mx.target);
  CHECK(mx.prefix4 == 32);
  CHECK(mx.prefix6 == 128);
  CHECK(record->directives[2].qualifier == spf::Qualifier::Neutral);
  CHECK(std::get<spf::Ip4>(record->directives[2].mechanism).network.prefix_bits == 30);
  CHECK(record->directives[3].qualifier == spf::Qualifier::Pass);
  const auto& ip6 = std::get<spf::Ip6>(record->directives[3].mechanism);
  CHECK(ip6.network == std::array<std::uint8_t, 16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 1});
  CHECK(ip6.prefix == 120);
  REQUIRE(record->redirect);
  CHECK(record->term(record->redirect->text) == "redirect=R.example");
  CHECK_FALSE(record->explanation);
}

TEST_CASE("spf/record: the number of terms is bounded", "[spf][parse]") {
  std::string text = "v=spf1";
  for (std::size_t i = 0; i < spf::kMaxTerms; ++i) {
    text += i % 2 == 0 ? " a" : " x=";
  }
  CHECK(spf::parse_record(text));
  text += " a";
  const auto record = spf::parse_record(text);
  REQUIRE_FALSE(record);
  CHECK(record.error().offset == text.size() - 1);
}

TEST_CASE("spf/record: the term in an error is cut at 255 octets", "[spf][parse]") {
  for (const std::size_t octets : {255U, 256U, 4000U}) {
    const auto record = spf::parse_record("v=spf1 " + std::string(octets, 'z'));
    REQUIRE_FALSE(record);
    CHECK(record.error().term.size() == 255);
  }
}

TEST_CASE("spf/record: no truncation, flipped or random octet crashes the parser", "[spf][parse][property]") {
  const auto try_record = [](const std::string& text) {
    const auto record = spf::parse_record(text);
    if (record) {
      std::size_t octets = 0;
      for (const auto& directive : record->directives) {
        octets += record->term(directive.text).size();
      }
      CHECK(octets <= text.size());
    } else {
      CHECK(record.error().offset <= text.size());
    }
  };
  const std::string valid =
      "v=spf1 +a:x.example/24//64 -mx//0 ptr:%{p} ?ip4:192.0.2.9/30 ip6:2001:db8::1.2.3.4/120 "
      "~exists:%{ir}.%{L1r+-}.%{d2} "
      "include:_a.example. moo=%{o}%%%_%- exp=%{d127}.example redirect=%{h}.x.example -all ";
  REQUIRE(spf::parse_record(valid));
  for (std::size_t at = 0; at <= valid.size(); ++at) {
    try_record(valid.substr(0, at));
  }
  for (std::size_t at = 0; at < valid.size(); ++at) {
    for (int octet = 0; octet < 256; ++octet) {
      std::string flipped = valid;
      flipped[at] = static_cast<char>(octet);
      try_record(flipped);
    }
  }
  const std::string_view alphabet = "amxptrlinc46:/%{}.-+~?= 0123dSe\x80";
  std::mt19937 random(7208);  // NOLINT(cert-msc51-cpp, cert-msc32-c): the same records in every run
  for (int i = 0; i < 20'000; ++i) {
    std::string text = "v=spf1 ";
    for (std::size_t octets = random() % 40; octets > 0; --octets) {
      text += alphabet[random() % alphabet.size()];
    }
    try_record(text);
  }
}
