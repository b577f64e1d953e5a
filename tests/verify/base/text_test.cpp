#include "verify/base/text.h"

#include "tests/support/catch.h"

using namespace assay;

TEST_CASE("base/text: only ASCII letters change case, whatever the locale", "[base]") {
  for (int i = 0; i < 256; ++i) {
    CAPTURE(i);
    const char c = static_cast<char>(i);
    const bool upper = i >= 65 && i <= 90;
    CHECK(to_lower(c) == (upper ? static_cast<char>(i + 32) : c));
    CHECK(is_control(c) == (i < 32 || i == 127));
    CHECK(is_wsp(c) == (i == 9 || i == 32));
    CHECK(is_crlf_or_wsp(c) == (i == 9 || i == 10 || i == 13 || i == 32));
    CHECK(is_ascii(c) == (i < 128));
    CHECK(is_digit(c) == (i >= 48 && i <= 57));
    CHECK(is_alpha(c) == (upper || (i >= 97 && i <= 122)));
  }
  CHECK(to_lower("A.Z\xC3\x84") == "a.z\xC3\x84");
}

TEST_CASE("base/text: comparison without case", "[base]") {
  CHECK(iequals("", ""));
  CHECK(iequals("From", "fROM"));
  CHECK_FALSE(iequals("From", "Fro"));
  CHECK_FALSE(iequals("\xC3\x84", "\xC3\xA4"));
  CHECK(istarts_with("V=SPF1 all", "v=spf1"));
  CHECK(istarts_with("a", ""));
  CHECK_FALSE(istarts_with("v=spf", "v=spf1"));
  CHECK(is_ascii(""));
  CHECK_FALSE(is_ascii("a\x80"));
}

TEST_CASE("base/text: trimming", "[base]") {
  CHECK(trim_wsp(" \t a b\t ") == "a b");
  CHECK(trim_wsp("\r\n a") == "\r\n a");
  CHECK(trim_wsp(" \t").empty());
  CHECK(trim_wsp("").empty());
  CHECK(trim_fws("\r\n\t a\r\nb \r\n ") == "a\r\nb");
  CHECK(trim_fws("\v a") == "\v a");
}
