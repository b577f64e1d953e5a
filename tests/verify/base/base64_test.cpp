#include "verify/base/base64.h"

#include <string>

#include "tests/support/catch.h"

using namespace assay;

namespace {

std::vector<std::uint8_t> octets(std::string_view text) {
  return {text.begin(), text.end()};
}

}  // namespace

TEST_CASE("base/base64: the vectors of RFC 4648 section 10", "[base]") {
  struct Row {
    std::string_view plain, encoded;
  };
  for (const Row& row : {Row{"", ""}, Row{"f", "Zg=="}, Row{"fo", "Zm8="}, Row{"foo", "Zm9v"}, Row{"foob", "Zm9vYg=="},
                         Row{"fooba", "Zm9vYmE="}, Row{"foobar", "Zm9vYmFy"}}) {
    CAPTURE(row.encoded);
    CHECK(encode_base64(octets(row.plain)) == row.encoded);
    REQUIRE(decode_base64(row.encoded));
    CHECK(*decode_base64(row.encoded) == octets(row.plain));
  }
}

TEST_CASE("base/base64: white space anywhere is dropped (RFC 6376 section 2.10)", "[base]") {
  CHECK(decode_base64(" Z\r\n\tm\t9 v\r\n").value() == octets("foo"));
  CHECK(decode_base64("Zg=\r\n =").value() == octets("f"));
  CHECK(decode_base64(" \r\n").value().empty());
}

TEST_CASE("base/base64: what is not base64 is refused where it stands", "[base]") {
  struct Row {
    std::string_view text;
    std::size_t offset;
  };
  for (const Row& row :
       {Row{"Zg=", 3}, Row{"Zg", 2}, Row{"Z", 1}, Row{"=", 1}, Row{"==", 2}, Row{"====", 2}, Row{"Z===", 3},
        Row{"Zm9v====", 6}, Row{"Zg==Zg==", 4}, Row{"Zm9v==", 6}, Row{"Zm9v=", 5}, Row{"Zm-v", 2}, Row{"Zm_v", 2},
        Row{"Zm9\v", 3}, Row{"Zm9\x80", 3}, Row{std::string_view("Zm\0v", 4), 2}}) {
    CAPTURE(row.text);
    const auto decoded = decode_base64(row.text);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().offset == row.offset);
  }
}

TEST_CASE("base/base64: white space between any two digits, and a fault at any place", "[base]") {
  const std::string plain = "The quick brown fox";
  const std::string encoded = encode_base64(octets(plain));
  for (std::size_t at = 0; at <= encoded.size(); ++at) {
    CAPTURE(at);
    CHECK(decode_base64(std::string(encoded).insert(at, "\r\n ")).value() == octets(plain));
    const auto broken = decode_base64(std::string(encoded).insert(at, "!"));
    REQUIRE_FALSE(broken);
    CHECK(broken.error().offset == at);
  }
  std::string spaced;
  for (const char c : encoded) {
    spaced += c;
    spaced += ' ';
  }
  CHECK(decode_base64(spaced).value() == octets(plain));
}

TEST_CASE("base/base64: every octet value survives the round trip at every alignment", "[base]") {
  std::vector<std::uint8_t> all;
  for (int lead = 0; lead < 3; ++lead) {
    for (int i = 0; i < 256; ++i) {
      all.push_back(static_cast<std::uint8_t>(i));
    }
    REQUIRE(decode_base64(encode_base64(all)));
    CHECK(*decode_base64(encode_base64(all)) == all);
    all.push_back(0);
  }
}
