#include "verify/base/domain.h"

#include <random>
#include <unordered_set>

#include "tests/support/catch.h"
#include "verify/base/text.h"
#include "verify/dns/answer.h"

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

TEST_CASE("base/domain: a name in U-labels has 1,024 octets at most", "[base][bounds]") {
  // Neither is a name: the longest that could be one has four octets for each of 253.
  const std::string most = repeat("\xC3\xBC", 511) + ".a";
  REQUIRE(most.size() == 1024);
  CHECK(Domain::parse(most).error().what == "a label that IDNA cannot convert");
  CHECK(Domain::parse(most + "a").error().what == "an internationalized domain name of more than 1024 octets");
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

TEST_CASE("base/domain: U-labels become A-labels (RFC 8616, RFC 5891, UTS #46 non-transitional)", "[base]") {
  struct Row {
    std::string_view text, name;
  };
  for (const Row& row : {
           Row{"b\u00FCcher.example", "xn--bcher-kva.example"},
           Row{"B\u00DCCHER.Example.", "xn--bcher-kva.example"},
           Row{"bu\u0308cher.example", "xn--bcher-kva.example"},  // decomposed
           Row{"fa\u00DF.de", "xn--fa-hia.de"},                   // not "fass.de": UTS #46, non-transitional
           Row{"\u03C2.gr", "xn--3xa.gr"},                        // final sigma
           Row{"_dmarc.fa\u00DF.de", "_dmarc.xn--fa-hia.de"},
           Row{"r3---sn.fa\u00DF.de", "r3---sn.xn--fa-hia.de"},  // rules of IDNA do not touch ASCII labels
           Row{"-.fa\u00DF.de", "-.xn--fa-hia.de"},
           Row{"xn--99zzzz-not-punycode.fa\u00DF.de", "xn--99zzzz-not-punycode.xn--fa-hia.de"},
           // Test names of IANA, 2007.
           Row{"\u4F8B\u3048.\u30C6\u30B9\u30C8", "xn--r8jz45g.xn--zckzah"},
           Row{"\u0645\u062B\u0627\u0644.\u0625\u062E\u062A\u0628\u0627\u0631", "xn--mgbh0fb.xn--kgbechtv"},
           // What looks like another name stays another name.
           Row{"p\u0430ypal.com", "xn--pypal-4ve.com"},  // Cyrillic a
           // What is shown as ASCII is ASCII.
           Row{"\uFF45\uFF58\uFF41mple.com", "example.com"},
           Row{"\u212Aelvin.example", "kelvin.example"},
           Row{"exa\u00ADmple.com", "example.com"},
           // UTS #46 section 4.5: these separate labels.
           Row{"example\u3002com", "example.com"},
           Row{"example\uFF0Ecom\u3002", "example.com"},
           Row{"example\uFF61com", "example.com"},
       }) {
    CAPTURE(row.text);
    REQUIRE(Domain::parse(row.text));
    CHECK(domain(row.text).str() == row.name);
    CHECK(domain(domain(row.text).str()) == domain(row.text));
  }
}

TEST_CASE("base/domain: what no label can be made of is refused", "[base]") {
  for (const std::string_view text : {
           "\u00AD.com",       // maps to nothing
           "a\u2024b.com",     // maps to a dot inside the label
           "\u2488com",        // "1." and more
           "\u2100.com",       // "a/c"
           "_\u00FC.com",      // '_' is for ASCII labels
           "\uFF3Fdmarc.com",  // full-width '_'
           "\u00FC(1).com",    "xn--\u00FC.com",   "ab--\u00FC.com", "-\u00FC.com", "\u00FC-.com",
           "\u2603.net",  // a symbol: not in IDNA2008
           "\U0001F600.com",
           "a\u200Db.com",  // joiners need their context (RFC 5892 appendix A)
           "1\u05D0.com",   // Bidi rule (RFC 5893)
           "\u202E\u00FC.com",
           "\u0301a.com",       // begins with a combining mark
           "\u00FC\u00A0.com",  // becomes a space
           "\u00FC\u3000.com", "\u00FC\u2028.com", "com.\u3002",     "\u3002",      "[\u00FC]",
       }) {
    CAPTURE(text);
    CHECK_FALSE(Domain::parse(text));
  }
}

TEST_CASE("base/domain: names for people to read lead back to the same name", "[base]") {
  struct Row {
    std::string_view name, shown;
  };
  for (const Row& row : {
           Row{"example.com", "example.com"}, Row{"xn--bcher-kva.example", "b\u00FCcher.example"},
           Row{"_dmarc.xn--fa-hia.de", "_dmarc.fa\u00DF.de"},
           Row{"xn--r8jz45g.xn--zckzah", "\u4F8B\u3048.\u30C6\u30B9\u30C8"},
           Row{"xn--99zzzz-not-punycode.xn--fa-hia.de", "xn--99zzzz-not-punycode.fa\u00DF.de"},
           Row{"xn--.com", "xn--.com"}, Row{"xn--n3h.net", "xn--n3h.net"},  // a symbol
           Row{"xn--abc-.com", "xn--abc-.com"},                             // an A-label that decodes to ASCII
       }) {
    CAPTURE(row.name);
    CHECK(to_unicode(domain(row.name)) == row.shown);
    CHECK(domain(to_unicode(domain(row.name))) == domain(row.name));
  }
}

TEST_CASE("base/domain: no text crashes, and every name read is one that DNS can carry", "[base][property]") {
  std::mt19937 random(7);
  const std::vector<std::string> parts{"a",      "Z9",     ".",      "-",      "_",      "xn--",     "\u00FC",
                                       "\u3002", "\u00AD", "\uFF0E", "\u05D0", "\u200D", "\u0301",   "\u00DF",
                                       "\xC3",   "\xFF",   " ",      "@",      "[",      "bcher-kva"};
  for (int round = 0; round < 5'000; ++round) {
    std::string text;
    for (std::size_t i = random() % 8; i != 0; --i) {
      text += parts[random() % parts.size()];
    }
    const auto name = Domain::parse(text);
    if (name) {
      CAPTURE(text);
      REQUIRE(dns::is_askable(name->str()));
      REQUIRE(to_lower(name->str()) == name->str());
      REQUIRE(domain(name->str()) == *name);
      REQUIRE(domain(to_unicode(*name)) == *name);
    }
  }
}

TEST_CASE("base/domain: the place of a fault lies in the text that was given, converted names included", "[base]") {
  // The A-label of the first label is longer than all of the text.
  const std::string text = "\xEB\xBD\xA1oooooooooooooooo.:";
  const auto name = Domain::parse(text);
  REQUIRE_FALSE(name);
  CHECK(name.error().offset <= text.size());
  CHECK(Domain::parse("example.c:m").error().offset == 9);
}

TEST_CASE("base/domain: an A-label of what no U-label may hold is shown as it is (RFC 5890 section 2.3.2.1)",
          "[base]") {
  // Punycode of U+00FC behind text with '_', which no U-label has: read as one it would be refused.
  const Domain name = domain("xn--bchie-_e-65a.example");
  CHECK(to_unicode(name) == "xn--bchie-_e-65a.example");
  CHECK(domain(to_unicode(name)) == name);
}
