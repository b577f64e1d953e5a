#include "verify/authres/parse.h"

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

namespace {

using assay::authres::parse;
using assay::authres::Result;
using Properties = std::vector<std::pair<std::string, std::string>>;

std::string describe(const Result& result) {
  std::string text = result.method + "=" + result.result;
  if (!result.reason.empty()) {
    text += " reason:" + result.reason;
  }
  for (const auto& [name, value] : result.properties) {
    text += " " + name + ":" + value;
  }
  return text;
}

struct Row {
  const char* name;
  std::string value;
  std::string id;
  std::vector<std::string> results;
};

}  // namespace

TEST_CASE("authres/parse: the examples of RFC 8601 appendix B", "[authres][parse]") {
  const std::vector<Row> rows{
      {"B.2", " example.org 1; none", "example.org", {}},
      {"B.3",
       " example.com;\r\n          spf=pass smtp.mailfrom=example.net",
       "example.com",
       {"spf=pass smtp.mailfrom:example.net"}},
      {"B.4",
       " example.com;\r\n          auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n"
       "          spf=pass smtp.mailfrom=example.net",
       "example.com",
       {"auth=pass smtp.auth:sender@example.net", "spf=pass smtp.mailfrom:example.net"}},
      {"B.6",
       " example.com;\r\n      dkim=pass reason=\"good signature\"\r\n        header.i=@mail-router.example.net;\r\n"
       "      dkim=fail reason=\"bad signature\"\r\n        header.i=@newyork.example.com",
       "example.com",
       {"dkim=pass reason:good signature header.i:@mail-router.example.net",
        "dkim=fail reason:bad signature header.i:@newyork.example.com"}},
      {"B.7",
       " foo.example.net (foobar) 1 (baz);\r\n   dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
       "     policy (A dot can go here) . (like that) expired\r\n     (this surprised me) = (as I wasn't expecting it)"
       " 1362471462",
       "foo.example.net",
       {"dkim=fail policy.expired:1362471462"}},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto parsed = parse(row.value);
      REQUIRE(parsed.has_value());
      CHECK(parsed->authserv_id == row.id);
      std::vector<std::string> got;
      for (const Result& result : parsed->results) {
        got.push_back(describe(result));
      }
      CHECK(got == row.results);
    }
  }
}

TEST_CASE("authres/parse: values, versions and what writers get wrong", "[authres][parse]") {
  const std::vector<Row> rows{
      {"the id's case is kept, keywords are lowered",
       "MX.Example; DKIM=Pass Header.D=Example.COM",
       "MX.Example",
       {"dkim=pass header.d:Example.COM"}},
      {"quoted id", "\"an id; with \\\"all\\\"\"; none", "an id; with \"all\"", {}},
      {"UTF-8 id",
       "b\xC3\xBC"
       "cher.example; none",
       "b\xC3\xBC"
       "cher.example",
       {}},
      {"nested comment with quoted-pair", "a.example (x (y \\) z)); spf=pass", "a.example", {"spf=pass"}},
      {"quoted local-part",
       "a.example; auth=pass smtp.auth=\"odd user\"@example.com",
       "a.example",
       {"auth=pass smtp.auth:\"odd user\"@example.com"}},
      {"CFWS after the local-part",
       "a.example; auth=pass smtp.auth=user (x) @example.com",
       "a.example",
       {"auth=pass smtp.auth:user@example.com"}},
      {"quoted values",
       "a.example; dkim=pass header.b=\"ab/c=\" header.s=\"a\\\"b\"",
       "a.example",
       {"dkim=pass header.b:ab/c= header.s:a\"b"}},
      {"unquoted base64",
       "a.example; dkim=pass header.b=ab/c= header.s=s",
       "a.example",
       {"dkim=pass header.b:ab/c= header.s:s"}},
      {"unquoted IPv6",
       "a.example; iprev=pass policy.iprev=2001:db8::1 (x)",
       "a.example",
       {"iprev=pass policy.iprev:2001:db8::1"}},
      {"smtp.mfrom and VERP",
       "a.example; spf=pass smtp.mfrom=b+x=y.example@example.com",
       "a.example",
       {"spf=pass smtp.mfrom:b+x=y.example@example.com"}},
      {"a dot in a property's name",
       "a.example; arc=pass smtp.remote.ip=192.0.2.1",
       "a.example",
       {"arc=pass smtp.remote.ip:192.0.2.1"}},
      {"name=value without a type",
       "a.example; dmarc=pass action=none header.from=example.com",
       "a.example",
       {"dmarc=pass header.from:example.com"}},
      {"reason after properties",
       "a.example; x=fail header.d=a reason=001",
       "a.example",
       {"x=fail reason:001 header.d:a"}},
      {"the first reason counts", "a.example; x=fail reason=1 reason=2", "a.example", {"x=fail reason:1"}},
      {"an empty value",
       "a.example; x=fail header.d= ; spf=pass smtp.helo=\"\"",
       "a.example",
       {"x=fail", "spf=pass smtp.helo:"}},
      {"a ';' too many", "a.example;; spf=pass;; dkim=none;", "a.example", {"spf=pass", "dkim=none"}},
      {"no results at all", "a.example", "a.example", {}},
      {"none with comments", "a.example; (x) none (y)", "a.example", {}},
      {"none in any case", "a.example; None", "a.example", {}},
      {"none as a method", "a.example; none=pass", "a.example", {"none=pass"}},
      {"a method's version 1", "a.example; dkim/1=pass; spf / 01 = pass", "a.example", {"dkim=pass", "spf=pass"}},
      {"a method of an unknown version is dropped",
       "a.example; dkim/2=pass header.d=x; spf=pass",
       "a.example",
       {"spf=pass"}},
      {"no space after a comment", "a.example;spf=pass(x)smtp.helo=a", "a.example", {"spf=pass smtp.helo:a"}},
      {"a fold within a string", "a.example; spf=pass reason=\"a\r\n b\"", "a.example", {"spf=pass reason:a b"}},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto parsed = parse(row.value);
      REQUIRE(parsed.has_value());
      CHECK(parsed->authserv_id == row.id);
      CHECK(parsed->version == 1);
      std::vector<std::string> got;
      for (const Result& result : parsed->results) {
        got.push_back(describe(result));
      }
      CHECK(got == row.results);
    }
  }
}

TEST_CASE("authres/parse: what is not in the grammar of RFC 8601 section 2.2 is an error", "[authres][parse]") {
  const char* value = GENERATE("", " ", ";", "; none", "(x", "\"x", "\"\"; none", "a b; none", "a 2; none", "a 0; none",
                               "a 99999999999999999999; none", "a; none none", "a; =pass", "a; dkim",
                               "a; dkim=", "a; dkim=;", "a; dkim/=pass", "a; dkim/x=pass", "a; dkim=pass header.d",
                               "a; dkim=pass header.d ; spf=pass", "a; dkim=pass (x", "a; dkim=pass header.d=\"x",
                               "a; dkim=pass , spf=pass", "a, b; none", "\xFF; none", "a; dkim=pass )");
  CAPTURE(value);
  CHECK_FALSE(parse(value).has_value());
}

TEST_CASE("authres/parse: bounds at N and N+1", "[authres][parse]") {
  const auto repeat = [](const std::string& text, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
      out += text;
    }
    return out;
  };
  CHECK(parse("a" + repeat("; spf=pass", 100)).value().results.size() == 100);
  CHECK_FALSE(parse("a" + repeat("; spf=pass", 101)).has_value());
  CHECK(parse("a; spf=pass" + repeat(" smtp.helo=x", 20)).value().results[0].properties.size() == 20);
  CHECK_FALSE(parse("a; spf=pass" + repeat(" smtp.helo=x", 21)).has_value());
  CHECK_FALSE(parse("a; spf=pass" + repeat(" helo=x", 21)).has_value());
  CHECK(parse("a " + repeat("(", 20) + repeat(")", 20) + "; none").has_value());
  CHECK_FALSE(parse("a " + repeat("(", 21) + repeat(")", 21) + "; none").has_value());
}

TEST_CASE("authres/parse: no truncation and no flipped octet makes it fail otherwise than by an error",
          "[authres][parse]") {
  const std::string whole =
      "(a(b)\\)) \"mx.\\e\" (x) 1 ;\r\n dkim / 1 = pass (y) reason = \"r\" header . b = \"x\\\"\" (z) "
      "header.i=u (c) @example.com; spf=none";
  REQUIRE(parse(whole).has_value());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    static_cast<void>(parse(std::string_view(whole).substr(0, length)));
    for (unsigned octet = 0; octet < 256; ++octet) {
      std::string flipped = whole;
      flipped[length] = static_cast<char>(octet);
      const auto parsed = parse(flipped);
      if (parsed) {
        CHECK(parsed->results.size() <= 3);
      }
      static_cast<void>(assay::authres::must_remove(flipped, {"mx.e"}));
    }
  }
}
