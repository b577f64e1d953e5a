#include "verify/base/ip_address.h"

#include "tests/support/catch.h"

using namespace assay;

namespace {

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

}  // namespace

TEST_CASE("base/ip_address: text in the form of RFC 5952", "[base]") {
  struct Row {
    std::string_view text, printed;
  };
  for (const Row& row : {
           Row{"0.0.0.0", "0.0.0.0"},
           Row{"255.255.255.255", "255.255.255.255"},
           Row{"192.0.2.1", "192.0.2.1"},
           Row{"::", "::"},
           Row{"::1", "::1"},
           Row{"1::", "1::"},
           Row{"2001:0db8::0001", "2001:db8::1"},                // section 4.1
           Row{"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},         // section 4.2.1
           Row{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // section 4.2.2
           Row{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // section 4.2.3
           Row{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // section 4.2.3
           Row{"2001:DB8::ABCD", "2001:db8::abcd"},              // section 4.3
           Row{"::ffff:192.0.2.1", "192.0.2.1"},
           Row{"::FFFF:c000:201", "192.0.2.1"},
           Row{"0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"},
           Row{"::fffe:192.0.2.1", "::fffe:c000:201"},
           Row{"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
           Row{"1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"},
       }) {
    CAPTURE(row.text);
    const auto parsed = IpAddress::parse(row.text);
    REQUIRE(parsed);
    CHECK(parsed->to_string() == row.printed);
    CHECK(ip(row.printed) == *parsed);
    CHECK(parsed->is_v4() == (row.printed.find(':') == std::string_view::npos));
    CHECK(parsed->octets().size() == (parsed->is_v4() ? 4U : 16U));
  }
}

TEST_CASE("base/ip_address: what is no address is refused", "[base]") {
  for (const std::string_view text : {"",
                                      ".",
                                      ":",
                                      ":::",
                                      "1",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "1.2.3.",
                                      ".1.2.3",
                                      "1..2.3",
                                      "256.0.0.1",
                                      "01.2.3.4",
                                      "1.2.3.04",
                                      "1.2.3.4 ",
                                      " 1.2.3.4",
                                      "1.2.3.4\n",
                                      "+1.2.3.4",
                                      "1.2.3.-4",
                                      "0x1.2.3.4",
                                      "1.2.3.1000",
                                      "[::1]",
                                      "IPv6:::1",
                                      "fe80::1%eth0",
                                      "fe80::1%1",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1::2::3",
                                      "12345::",
                                      "g::",
                                      "::1 ",
                                      "::1.2.3",
                                      "::01.2.3.4",
                                      "::256.2.3.4",
                                      "1.2.3.4::",
                                      "1:2:3:4:5:6:7:8::",
                                      "0000:0000:0000:0000:0000:0000:0000:00000001"}) {
    CAPTURE(text);
    CHECK_FALSE(IpAddress::parse(text));
  }
  CHECK_FALSE(IpAddress::parse(std::string_view("::1\0", 4)));
  CHECK_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
}

TEST_CASE("base/ip_address: raw octets, mapped ones become IPv4", "[base]") {
  const std::array<std::uint8_t, 4> v4{192, 0, 2, 1};
  CHECK(IpAddress::from_v4(v4) == ip("192.0.2.1"));
  std::array<std::uint8_t, 16> v6{};
  v6[10] = v6[11] = 0xFF;
  v6[15] = 9;
  CHECK(IpAddress::from_v6(v6) == ip("0.0.0.9"));
  v6[0] = 0x20;
  CHECK(IpAddress::from_v6(v6) == ip("2000::ffff:0:9"));
}

TEST_CASE("base/ip_address: prefixes", "[base]") {
  struct Row {
    std::string_view ip, network;
    unsigned bits;
    bool inside;
  };
  for (const Row& row : {
           Row{"203.0.113.9", "0.0.0.0", 0, true},
           Row{"127.0.0.1", "0.0.0.0", 1, true},
           Row{"128.0.0.1", "0.0.0.0", 1, false},
           Row{"192.0.2.1", "192.0.2.0", 31, true},
           Row{"192.0.2.2", "192.0.2.0", 31, false},
           Row{"192.0.2.1", "192.0.2.1", 32, true},
           Row{"192.0.2.0", "192.0.2.1", 32, false},
           Row{"192.0.2.1", "192.0.2.1", 33, true},
           Row{"192.0.2.0", "192.0.2.1", 1000, false},
           Row{"192.0.3.255", "192.0.2.99", 23, true},
           Row{"2001:db8::1", "::", 0, true},
           Row{"7fff::", "::", 1, true},
           Row{"8000::", "::", 1, false},
           Row{"2001:db8:0:0:ffff::", "2001:db8::", 64, true},
           Row{"2001:db8:0:1::", "2001:db8::", 64, false},
           Row{"2001:db8::1", "2001:db8::", 127, true},
           Row{"2001:db8::2", "2001:db8::", 127, false},
           Row{"2001:db8::1", "2001:db8::1", 128, true},
           Row{"2001:db8::", "2001:db8::1", 128, false},
           Row{"2001:db8::", "2001:db8::1", 129, false},
           Row{"192.0.2.1", "::", 0, false},
           Row{"::1", "0.0.0.0", 0, false},
           Row{"::ffff:192.0.2.1", "192.0.2.0", 24, true},
       }) {
    CAPTURE(row.ip, row.network, row.bits);
    CHECK(ip(row.ip).is_in(ip(row.network), row.bits) == row.inside);
  }
}

TEST_CASE("base/ip_address: the name of the PTR record (RFC 1035 section 3.5, RFC 3596 section 2.5)", "[base]") {
  CHECK(ip("192.0.2.10").reverse_name() == "10.2.0.192.in-addr.arpa");
  CHECK(ip("4321:0:1:2:3:4:567:89ab").reverse_name() ==
        "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa");
}

TEST_CASE("base/ip_address: address blocks", "[base]") {
  struct Row {
    std::string_view text, address;
    unsigned bits;
  };
  for (const Row& row : {
           Row{"192.0.2.1", "192.0.2.1", 32},
           Row{"192.0.2.1/24", "192.0.2.1", 24},
           Row{"0.0.0.0/0", "0.0.0.0", 0},
           Row{"2001:db8::1", "2001:db8::1", 128},
           Row{"2001:db8::/32", "2001:db8::", 32},
           Row{"::/0", "::", 0},
           Row{"::ffff:192.0.2.0/120", "192.0.2.0", 24},
           Row{"::ffff:192.0.2.1", "192.0.2.1", 32},
           Row{"::ffff:0:0/96", "0.0.0.0", 0},
           Row{"::ffff:0:0/95", "::fffe:0:0", 95},
           Row{"::ffff:192.0.2.1/80", "::", 80},
           Row{"::ffff:192.0.2.1/0", "::", 0},
       }) {
    CAPTURE(row.text);
    const auto network = IpNetwork::parse(row.text);
    REQUIRE(network);
    CHECK(network->address == ip(row.address));
    CHECK(network->prefix_bits == row.bits);
  }
  CHECK(IpNetwork::parse("::ffff:192.0.2.0/120").value().contains(ip("192.0.2.200")));
  CHECK(IpNetwork::parse("::ffff:192.0.2.1/64").value().contains(ip("::1")));
  CHECK_FALSE(IpNetwork::parse("::/0").value().contains(ip("::ffff:192.0.2.1")));
  for (const std::string_view text :
       {"", "/", "/24", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/024", "192.0.2.0/00", "192.0.2.0/-1", "192.0.2.0/+1",
        "192.0.2.0/1/1", "192.0.2.0 /24", "192.0.2.0/24 ", "192.0.2/24", "::/129", "::/1000", "::/",
        "192.0.2.0/4294967297", "::ffff:192.0.2.0/129"}) {
    CAPTURE(text);
    CHECK_FALSE(IpNetwork::parse(text));
  }
}
