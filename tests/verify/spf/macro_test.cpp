#include "verify/spf/macro.h"

#include "tests/support/catch.h"

using namespace assay;
using spf::MacroPlace;

namespace {

/// The setting of RFC 7208 section 7.4.
spf::MacroValues values(const std::string& client = "192.0.2.3") {
  spf::MacroValues values;
  values.sender = "strong-bad@email.example.com";
  values.local_part = "strong-bad";
  values.sender_domain = "email.example.com";
  values.domain = "email.example.com";
  values.client = IpAddress::parse(client).value();
  values.validated_name = "mx.example.org";
  values.helo = "Mail.Example.NET";
  values.receiver = "mx.example.net";
  values.now = Time(std::chrono::seconds(1'234'567'890));
  return values;
}

std::string expand(const std::string& text, const spf::MacroValues& with = values()) {
  return spf::expand_text(spf::parse_macro_string(text, MacroPlace::Explanation).value(), with, 1000);
}

std::string name_of(const std::string& spec, const spf::MacroValues& with = values()) {
  return spf::expand_domain(spf::parse_domain_spec(spec).value(), with);
}

}  // namespace

TEST_CASE("spf/macro: the examples of RFC 7208 section 7.4", "[spf][macro]") {
  struct Row {
    const char* text;
    const char* expected;
  };
  for (const Row& row : {
           Row{"%{s}", "strong-bad@email.example.com"},
           Row{"%{o}", "email.example.com"},
           Row{"%{d}", "email.example.com"},
           Row{"%{d4}", "email.example.com"},
           Row{"%{d3}", "email.example.com"},
           Row{"%{d2}", "example.com"},
           Row{"%{d1}", "com"},
           Row{"%{dr}", "com.example.email"},
           Row{"%{d2r}", "example.email"},
           Row{"%{l}", "strong-bad"},
           Row{"%{l-}", "strong.bad"},
           Row{"%{lr}", "strong-bad"},
           Row{"%{lr-}", "bad.strong"},
           Row{"%{l1r-}", "strong"},
           Row{"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
           Row{"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
           Row{"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
           Row{"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
           Row{"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
       }) {
    DYNAMIC_SECTION(row.text) {
      CHECK(expand(row.text) == row.expected);
      CHECK(name_of(row.text) == row.expected);
    }
  }
  CHECK(name_of("%{ir}.%{v}._spf.%{d2}", values("2001:db8::cb01")) ==
        "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com");
}

TEST_CASE("spf/macro: the other letters (RFC 7208 section 7.2)", "[spf][macro]") {
  CHECK(expand("%{p}") == "mx.example.org");
  CHECK(expand("%{h}") == "Mail.Example.NET");
  CHECK(expand("%{v}") == "in-addr");
  CHECK(expand("%{v}", values("2001:db8::1")) == "ip6");
  CHECK(expand("%{c}") == "192.0.2.3");
  CHECK(expand("%{c}", values("2001:db8::cb01")) == "2001:db8::cb01");
  // in upper case, as the openspf suite has it in its explanations
  CHECK(expand("%{i}", values("2001:db8::cb01")) == "2.0.0.1.0.D.B.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.C.B.0.1");
  CHECK(expand("%{r}") == "mx.example.net");
  CHECK(expand("%{t}") == "1234567890");
}

TEST_CASE("spf/macro: an IPv4-mapped client is IPv4 (RFC 7208 section 5)", "[spf][macro]") {
  CHECK(expand("%{i} %{v} %{c}", values("::ffff:192.0.2.3")) == "192.0.2.3 in-addr 192.0.2.3");
}

TEST_CASE("spf/macro: %% %_ and %- (RFC 7208 section 7.1)", "[spf][macro]") {
  CHECK(expand("a%%b%_c%-d") == "a%b c%20d");
}

TEST_CASE("spf/macro: empty parts are parts, and parts are joined with dots (RFC 7208 section 7.3)", "[spf][macro]") {
  auto with = values();
  with.local_part = "-a--b+c/d_e=f,g";
  CHECK(expand("%{l-}", with) == ".a..b+c/d_e=f,g");
  CHECK(expand("%{lr-}", with) == "b+c/d_e=f,g..a.");
  CHECK(expand("%{l2-}", with) == ".b+c/d_e=f,g");
  CHECK(expand("%{l+/_=,-}", with) == ".a..b.c.d.e.f.g");
  CHECK(expand("%{l.}", with) == with.local_part);
}

TEST_CASE("spf/macro: the number of parts (RFC 7208 section 7.3)", "[spf][macro]") {
  CHECK_FALSE(spf::parse_macro_string("%{d0}", MacroPlace::Record));
  CHECK_FALSE(spf::parse_macro_string("%{d00r}", MacroPlace::Record));
  CHECK(expand("%{d127}") == "email.example.com");
  CHECK(expand("%{d02}") == "example.com");
  CHECK(expand("%{d99999999999999999999999999999}") == "email.example.com");
  auto with = values();
  with.domain.clear();
  for (int i = 0; i < 127; ++i) {
    with.domain += (i == 0 ? "" : ".") + std::to_string(i % 10);
  }
  CHECK(expand("%{d127}", with) == with.domain);
  CHECK(expand("%{d126}", with) == with.domain.substr(2));
}

TEST_CASE("spf/macro: an upper-case letter escapes all but the unreserved set (RFC 7208 section 7.3)", "[spf][macro]") {
  auto with = values();
  with.local_part = "~jack&jill=up-a_b3.c d%\xC3\xA9";
  CHECK(expand("%{L}", with) == "~jack%26jill%3Dup-a_b3.c%20d%25%C3%A9");
  CHECK(expand("%{LR-}", with) == "a_b3.c%20d%25%C3%A9.~jack%26jill%3Dup");
  CHECK(expand("%{D}", with) == "email.example.com");
}

TEST_CASE("spf/macro: malformed macro-strings (RFC 7208 sections 7.1 and 7.3)", "[spf][macro]") {
  for (const char* text :
       {"%",      "a%",    "%a",    "%(ir)", "%{",      "%{}", "%{d",  "%{x}",  "%{d2",     "%{d2.r}", "%{dr2}",
        "%{drr}", "%{d:}", "%{d }", "%{1}",  "%{%{d}}", "% ",  "a\tb", "a\x7F", "\xC3\xA9", "a\nb"}) {
    CAPTURE(text);
    CHECK_FALSE(spf::parse_macro_string(text, MacroPlace::Record));
    CHECK_FALSE(spf::parse_macro_string(text, MacroPlace::Explanation));
  }
  CHECK_FALSE(spf::parse_macro_string(std::string_view("a\0b", 3), MacroPlace::Explanation));
  CHECK_FALSE(spf::parse_macro_string(std::string_view("%{\0}", 4), MacroPlace::Explanation));
}

TEST_CASE("spf/macro: c, r, t and SP are for explanation text (RFC 7208 sections 7.2 and 6.2)", "[spf][macro]") {
  for (const char* text : {"%{c}", "%{r}", "%{t}", "%{C}", "%{R}", "%{T}", "two words"}) {
    CAPTURE(text);
    CHECK_FALSE(spf::parse_macro_string(text, MacroPlace::Record));
    CHECK(spf::parse_macro_string(text, MacroPlace::Explanation));
  }
}

TEST_CASE("spf/macro: how a domain-spec must end (RFC 7208 section 7.1)", "[spf][macro]") {
  for (const char* spec :
       {"example.com", "example.com.", "%{d}", "x%{d}", "x%%", "x%_", "x%-", "a.1-2", "a.xn--p1ai", "a.1a", ".com",
        "%{d}.com", "foo:bar/baz.example.com", "a..com", "111.222.33.44.x", "%{H}.bar", "example.com/24.org", "_x.y"}) {
    CAPTURE(spec);
    CHECK(spf::parse_domain_spec(spec));
  }
  for (const char* spec : {"", ".", "com", "com.", "1.2.3.4", "example.com..", "example.-com", "example.com-",
                           "example.c_m", "%{d}com", "%{d}.", "%{d}.1", "example.com/24", "a.b:25", "%{d}x.c!m"}) {
    CAPTURE(spec);
    CHECK_FALSE(spf::parse_domain_spec(spec));
  }
}

TEST_CASE("spf/macro: names are in lower case, without a trailing dot", "[spf][macro]") {
  CHECK(name_of("Example.COM.") == "example.com");
  CHECK(name_of("a.%{h}") == "a.mail.example.net");
}

TEST_CASE("spf/macro: left labels are dropped until 253 octets are left (RFC 7208 section 7.3)", "[spf][macro]") {
  const std::string l49 = std::string(48, 'a') + ".";
  const std::string tail = l49 + l49 + l49 + l49 + std::string(45, 'b') + ".example.com";  // 253
  REQUIRE(tail.size() == 253);
  CHECK(name_of(tail) == tail);
  CHECK(name_of(tail + ".") == tail);
  CHECK(name_of("x." + tail) == tail);
  CHECK(name_of("x" + tail) == tail.substr(49));
  auto with = values();
  with.sender_domain = tail;
  CHECK(name_of("%{o}", with) == tail);
  CHECK(name_of("%{o}.%{o}", with) == tail);
  CHECK(name_of("y.%{o}", with) == tail);
  CHECK(name_of("%{o}.y.example", with) == tail.substr(49) + ".y.example");
  // One label alone cannot be shortened; no DNS message carries it.
  with.sender_domain = std::string(254, 'a');
  CHECK(name_of("%{o}", with) == with.sender_domain);
}

TEST_CASE("spf/macro: any number of macros expands to a bounded name", "[spf][macro]") {
  std::string spec;
  for (int i = 0; i < 2000; ++i) {
    spec += "%{d}.";
  }
  spec += "com";
  auto with = values();
  with.domain = std::string(63, 'a') + "." + std::string(63, 'b') + ".example";
  CHECK(name_of(spec, with).size() <= 253);
}

TEST_CASE("spf/macro: explanation text is cut", "[spf][macro]") {
  const auto text = spf::parse_macro_string("%{s}%{s}!", MacroPlace::Explanation).value();
  const std::string whole = "strong-bad@email.example.comstrong-bad@email.example.com!";
  CHECK(spf::expand_text(text, values(), whole.size()) == whole);
  CHECK(spf::expand_text(text, values(), whole.size() - 1) == whole.substr(0, whole.size() - 1));
  CHECK(spf::expand_text(text, values(), 0).empty());
}
