#include "resolver/wire_name.h"

#include <optional>
#include <string>

#include "tests/support/catch.h"

namespace assay::resolver {
namespace {

TEST_CASE("resolver/wire_name: names to the wire and back (RFC 1035 section 3.1)", "[resolver][names]") {
  const std::string wire(
      "\x01"
      "a\x04test\0",
      8);
  CHECK(to_wire("a.test") == wire);
  CHECK(to_wire("A.tEST") == wire);
  CHECK(from_wire(wire) == "a.test");
  CHECK(from_wire(std::string("\x01"
                              "A\x04TEST\0",
                              8)) == "a.test");
  CHECK(from_wire(std::string(1, '\0')) == "");
  const std::string longest =
      std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(61, 'd');
  CHECK(to_wire(longest).size() == 255);
  CHECK(from_wire(to_wire(longest)) == longest);
  std::string odd;
  for (int octet = 0; octet < 60; ++octet) {
    odd += static_cast<char>(octet == '.' ? ' ' : octet);
  }
  CHECK(from_wire(to_wire(odd)) == odd);
}

TEST_CASE("resolver/wire_name: what is no name, or cannot be said with dots, is not read", "[resolver][names]") {
  for (const std::string& wire : {std::string(),
                                  std::string("\x01"
                                              "a",
                                              2),
                                  std::string("\x02"
                                              "a\0",
                                              3),
                                  std::string("\x01"
                                              "a\0x",
                                              4),
                                  std::string("\x40") + std::string(64, 'a') + '\0', std::string("\xC0\x0C", 2),
                                  std::string("\x03"
                                              "a.b\0",
                                              5)}) {
    CHECK(from_wire(wire) == std::nullopt);
  }
}

TEST_CASE("resolver/wire_name: what is above a name", "[resolver][names]") {
  const std::string name = to_wire("a.b.test");
  CHECK(parent_of(name) == to_wire("b.test"));
  CHECK(parent_of(to_wire("test")) == std::string(1, '\0'));
  CHECK(parent_of(std::string(1, '\0')).empty());
  CHECK(parent_of("").empty());
  CHECK(is_within(name, name));
  CHECK(is_within(name, to_wire("test")));
  CHECK(is_within(name, std::string(1, '\0')));
  CHECK_FALSE(is_within(to_wire("test"), name));
  CHECK_FALSE(is_within(to_wire("xtest"), to_wire("test")));
  CHECK_FALSE(is_within("", to_wire("test")));
  // The octets of an ancestor may turn up inside a label.
  CHECK_FALSE(is_within(std::string("\x06") + std::string("\x04test\0", 6) + '\0', to_wire("test")));
}

TEST_CASE("resolver/wire_name: presentation format leaves nothing to interpret (RFC 1035 section 5.1)",
          "[resolver][names]") {
  CHECK(to_presentation("_dmarc.a-b.test") == "_dmarc.a-b.test.");
  CHECK(to_presentation(std::string("\0\x7F\xFF \\\"", 6)) == "\\000\\127\\255\\032\\092\\034.");
}

}  // namespace
}  // namespace assay::resolver
