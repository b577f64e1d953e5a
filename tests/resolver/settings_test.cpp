#include "resolver/settings.h"

#include <string>

#include "tests/support/catch.h"

namespace assay::resolver {
namespace {

TEST_CASE("resolver/settings: a forwarder is ADDRESS or ADDRESS@PORT", "[resolver][settings]") {
  struct Row {
    const char* text;
    const char* address;
    unsigned port;
  };
  for (const Row& row : std::initializer_list<Row>{{"127.0.0.1", "127.0.0.1", 53},
                                                   {"::1", "::1", 53},
                                                   {"127.0.0.1@5353", "127.0.0.1", 5353},
                                                   {"::1@53", "::1", 53},
                                                   {"2001:DB8::35@1", "2001:db8::35", 1},
                                                   {"192.0.2.1@65535", "192.0.2.1", 65535}}) {
    CAPTURE(row.text);
    const auto forwarder = parse_forwarder(row.text);
    REQUIRE(forwarder.has_value());
    CHECK(forwarder->address == IpAddress::parse(row.address).value());
    CHECK(forwarder->port == row.port);
  }
}

TEST_CASE("resolver/settings: what is no forwarder is refused, with the place", "[resolver][settings]") {
  for (const char* const text :
       {"", "localhost", "127.0.0.1:53", "[::1]", "[::1]@53", "fe80::1%eth0", "127.0.0.1 ", " 127.0.0.1", "@53"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_forwarder(text).has_value());
  }
  for (const char* const port :
       {"", "0", "65536", "99999999999999999999", "-1", "+53", " 53", "53 ", "0x35", "53@53", "domain"}) {
    CAPTURE(port);
    const auto forwarder = parse_forwarder("127.0.0.1@" + std::string(port));
    REQUIRE_FALSE(forwarder.has_value());
    CHECK(forwarder.error().what == "port is not a number from 1 to 65535");
    CHECK(forwarder.error().offset == 10);
  }
}

}  // namespace
}  // namespace assay::resolver
