#include <chrono>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "verify/authres/parse.h"

namespace {

using assay::authres::must_remove;
using namespace std::string_literals;

const std::vector<std::string> kOurIds{"mx.example.net"};

struct Row {
  const char* name;
  std::string value;
};

}  // namespace

TEST_CASE("authres/remove: a field that claims our id goes (RFC 8601 section 5)", "[authres][remove]") {
  const std::vector<Row> rows{
      {"plain", "mx.example.net; dmarc=pass"},
      {"with the space after the colon", " mx.example.net; dmarc=pass"},
      {"nothing else", "mx.example.net"},
      {"no payload", "mx.example.net;"},
      {"garbage payload", "mx.example.net; = ="},
      {"letter case and version", "MX.Example.NET 1; none"},
      {"quoted", "\"mx.example.net\"; spf=pass"},
      {"quoted with quoted-pairs", "\"mx.exa\\mple.net\"; spf=pass"},
      {"quoted with a space", "\" mx.example.net \"; spf=pass"},
      {"after and before comments", "(c (nested) \\) x) mx.example.net (y); dkim=pass"},
      {"after an empty comment", "()mx.example.net; dkim=pass"},
      {"folded by LF", "\n mx.example.net; dkim=pass"},
      {"folded by CRLF", "\r\n\tmx.example.net\r\n 1; dkim=pass"},
      {"a path after it", "mx.example.net/filter; dkim=pass"},
      {"garbage after it", "mx.example.net dkim=pass"},
      {"a colon after it", "mx.example.net: dkim=pass"},
      {"a comma after it", "mx.example.net, dkim=pass"},
      {"an equals sign after it", "mx.example.net=1; dkim=pass"},
      {"an at sign before it", "x@mx.example.net; dkim=pass"},
      {"a token character after it", "mx.example.net!; dkim=pass"},
      {"a token character before it", "*mx.example.net; dkim=pass"},
      {"a trailing dot", "mx.example.net.; dkim=pass"},
      {"a dot before it", ".mx.example.net; dkim=pass"},
      {"spaces between labels", "mx . example . net; dkim=pass"},
      {"comments between characters", "mx.exam(x)ple.net; dkim=pass"},
      {"split in strings", "\"mx.\"\"example.net\"; dkim=pass"},
      {"split in token and string", "mx.\"example.net\"; dkim=pass"},
      {"name of the field again", "Authentication-Results: mx.example.net; dkim=pass"},
      {"NUL after it", "mx.example.net\0; dkim=pass"s},
      {"NUL within it", "mx.exa\0mple.net; dkim=pass"s},
      {"a control character within it", "mx.exa\x01mple.net; dkim=pass"},
      {"a control character in quotes", "\"mx.example.net\x7F\"; dkim=pass"},
      {"vertical tab before it", "\x0Bmx.example.net; dkim=pass"},
      {"8-bit garbage within it", "mx.exa\x80mple.net; dkim=pass"},
      {"a byte order mark before it", "\xEF\xBB\xBFmx.example.net; dkim=pass"},
      {"a zero-width space within it",
       "mx.\xE2\x80\x8B"
       "example.net; dkim=pass"},
      {"a soft hyphen within it", "mx.exam\xC2\xADple.net; dkim=pass"},
      {"full-width letters", "\xEF\xBD\x8D\xEF\xBD\x98.example.net; dkim=pass"},
      {"ideographic full stops",
       "mx\xE3\x80\x82"
       "example\xE3\x80\x82net; dkim=pass"},
      {"non-breaking space after it", "mx.example.net\xC2\xA0; dkim=pass"},
      {"encoded word", "=?utf-8?q?mx.example.net?=; dkim=pass"},
      {"encoded word in base64 and quotes", "\"=?utf-8?b?bXguZXhhbXBsZS5uZXQ=?=\"; dkim=pass"},
      {"encoded word that closes a comment", "(=?utf-8?q?=29_mx.example.net=3B_dmarc=3Dpass_=28?=) other.org; none"},
      // Readers without nested comments, or without backslashes in them, see our id first.
      {"inside a nested comment", "(a (b) mx.example.net; dmarc=pass (x) y) other.org; spf=fail"},
      {"inside a comment after a backslash", "(\\) mx.example.net; dmarc=pass (\\) other.org; spf=fail"},
      {"after what some take for one long comment", "(a\\(b) other.org; spf=pass (x)) mx.example.net; dmarc=pass"},
      {"in a comment before a stranger's", "(mx.example.net) other.org; dmarc=pass"},
      {"in a comment after a stranger's", "other.org (mx.example.net); dmarc=pass"},
      {"after a comment in quotes", "\"(\" mx.example.net; dmarc=pass (\")\""},
      {"quotes in a comment", "(\") other.org; spf=fail (\") mx.example.net; dmarc=pass"},
      {"a line of its own for readers of bare CR",
       "other.org; none\rAuthentication-Results: mx.example.net; dmarc=pass"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      CHECK(must_remove(row.value, kOurIds));
    }
  }
}

TEST_CASE("authres/remove: whoever it names, a field goes if its id cannot be read or its version is unknown",
          "[authres][remove]") {
  const std::vector<Row> rows{
      {"empty", ""},
      {"white space", " \t"},
      {"no id", "; spf=pass"},
      {"no id after a comment", "(x); spf=pass"},
      {"NUL", "\0"s},
      {"an empty string", "\"\"; spf=pass"},
      {"an open string", "\"other.org; spf=pass"},
      {"an open comment", "(other.org; spf=pass"},
      {"a result in place of the id", "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.com"},
      {"version 2", "other.org 2; dkim=pass"},
      {"version 2 of ours", "mx.example.net 2; none"},
      {"version 0", "other.org 0; dkim=pass"},
      {"version 12", "other.org 12; dkim=pass"},
      {"version 10 after comments", "other.org (x) 10 (y); dkim=pass"},
      {"a comment in a comment after the version", "other.org 1 (x(y)); dkim=pass"},
      {"no version but a word", "other.org one; dkim=pass"},
      {"two versions", "other.org 1 2; dkim=pass"},
      {"an id that is not UTF-8", "\xFF\xFE.org; dkim=pass"},
      {"a stray LF", "other.org; dkim=pass\nspf=pass"},
      {"a stray CR", "other.org; dkim=pass\r spf=pass"},
      {"NUL far behind", "other.org; dkim=pass (x\0)"s},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      CHECK(must_remove(row.value, kOurIds));
    }
  }
}

TEST_CASE("authres/remove: a stranger's well-formed field stays (RFC 8601 section 5)", "[authres][remove]") {
  const std::vector<Row> rows{
      {"a name that begins with ours", "mx.example.net.attacker.test; dmarc=pass"},
      {"a name that ends in ours", "x-mx.example.net; dmarc=pass"},
      {"a subdomain", "a.mx.example.net; dmarc=pass"},
      {"a parent", "example.net; dmarc=pass"},
      {"another", "other.org; spf=pass smtp.mailfrom=example.com"},
      {"another with version", " other.org 1; spf=pass"},
      {"another with version and comments", "(x) other.org (y) 1 (z); spf=pass"},
      {"another, quoted", "\"other.org\"; spf=pass"},
      {"another, folded", "\r\n other.org;\r\n\tspf=pass\r\n"},
      {"a token", "filter-7; spf=pass"},
      {"no payload", "other.org"},
      {"our id among its results", "other.org; arc=pass (as mx.example.net said) header.d=mx.example.net"},
      {"U-labels",
       "b\xC3\xBC"
       "cher.example; spf=pass"},
      {"an encoded word among its results", "other.org; spf=pass (=?utf-8?q?x?=)"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      CHECK_FALSE(must_remove(row.value, kOurIds));
    }
  }
}

TEST_CASE("authres/remove: ids are compared as A- and U-labels, and every alias counts", "[authres][remove]") {
  const std::vector<std::string> ids{"mx1", "xn--bcher-kva.example.",
                                     "B\xC3\xBC"
                                     "ro.example",
                                     "filter/3"};
  CHECK(must_remove("MX1; none", ids));
  CHECK(must_remove("\"mx1\"; none", ids));
  CHECK(must_remove("mx1.; none", ids));
  CHECK_FALSE(must_remove("mx11; none", ids));
  CHECK_FALSE(must_remove("mx1.example.net; none", ids));
  CHECK(
      must_remove("b\xC3\xBC"
                  "cher.example; none",
                  ids));
  CHECK(
      must_remove("B\xC3\x9C"
                  "CHER.example; none",
                  ids));
  CHECK(must_remove("XN--BCHER-KVA.example; none", ids));
  CHECK(must_remove("b\xC3\xBCro.example; none", ids));
  CHECK(must_remove("xn--bro-hoa.example; none", ids));
  CHECK(must_remove("\"filter/3\"; none", ids));
  CHECK(must_remove("MX1..Internal; none", {"mx1..internal"}));  // No name of DNS.
  CHECK_FALSE(must_remove("\"filter 4\"; none", ids));
  CHECK_FALSE(must_remove("other.org; none", {}));
}

TEST_CASE("authres/remove: what stands before the first ';' is bounded to 2048 octets", "[authres][remove]") {
  const std::string id = "other.org ";
  CHECK_FALSE(must_remove(id + "(" + std::string(2048 - id.size() - 2, 'x') + "); none", kOurIds));
  CHECK(must_remove(id + "(" + std::string(2048 - id.size() - 1, 'x') + "); none", kOurIds));
}

TEST_CASE("authres/remove: values of any size take linear time", "[authres][remove]") {
  constexpr std::size_t kHuge = 500'000;
  const auto repeated = [](std::string_view text, std::size_t octets) {
    std::string out;
    while (out.size() < octets) {
      out += text;
    }
    return out;
  };
  const auto begin = std::chrono::steady_clock::now();
  CHECK(must_remove("(" + std::string(70'000, 'x') + ") mx.example.net; dmarc=pass", kOurIds));
  CHECK(must_remove("mx.example.net; " + repeated("dmarc=pass ", 70'000), kOurIds));
  for (const char* filler : {"(", ")", "(x) ", "\\", "\"", "mx.example.net.x ", "\xC3\xBC ", "a.", ";", "\r\n "}) {
    CAPTURE(filler);
    CHECK(must_remove(repeated(filler, kHuge) + "mx.example.net; dmarc=pass", kOurIds));
    CHECK_FALSE(must_remove("other.org; " + repeated(filler, kHuge), kOurIds));
  }
  // A quadratic scan would take much longer.
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
}
