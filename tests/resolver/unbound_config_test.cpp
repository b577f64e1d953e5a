#include "resolver/unbound_config.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"

namespace assay::resolver {
namespace {

TEST_CASE("resolver/unbound_config: the servers of resolv.conf(5)", "[resolver][config]") {
  struct Row {
    const char* text;
    std::vector<std::string> servers;
  };
  const std::vector<std::string> local{"127.0.0.1"};
  for (const Row& row : std::initializer_list<Row>{
           {"", local},
           {"search example.com\noptions ndots:2\n", local},
           {"nameserver 192.0.2.1\nnameserver 2001:db8::1\n", {"192.0.2.1", "2001:db8::1"}},
           {"# nameserver 192.0.2.9\n;nameserver 192.0.2.9\n  nameserver\t192.0.2.1  # office\nsearch a\n",
            {"192.0.2.1"}},
           {"nameserver 192.0.2.1", {"192.0.2.1"}},
           {"nameserver\nnameserver nonsense\nnameserver 192.0.2.300\n", local},
           {"nameservers 192.0.2.1\n", local},
           {"nameserver fe80::1%lo\n", {"fe80::1%1"}},
           {"nameserver fe80::1%no_such_if\n", local},
       }) {
    CAPTURE(row.text);
    CHECK(servers_of_resolv_conf(row.text) == row.servers);
  }
}

TEST_CASE("resolver/unbound_config: sockets are a quarter of the files, 16 to 4,096", "[resolver][config]") {
  CHECK(udp_sockets(0) == 16);
  CHECK(udp_sockets(67) == 16);
  CHECK(udp_sockets(68) == 17);
  CHECK(udp_sockets(1024) == 256);
  CHECK(udp_sockets(2048) == 512);
  CHECK(udp_sockets(16'383) == 4095);
  CHECK(udp_sockets(16'384) == 4096);
  CHECK(udp_sockets(static_cast<std::size_t>(-1)) == 4096);
}

bool has(const std::string& text, const std::string& line) {
  return text.find("  " + line + "\n") != std::string::npos;
}

TEST_CASE("resolver/unbound_config: with servers all is forwarded, and nothing is kept or made up",
          "[resolver][config]") {
  const std::string text = unbound_config({}, {to_unbound({IpAddress::parse("::1").value(), 5353}), "192.0.2.1"}, 100);
  for (const char* const line :
       {"module-config: \"iterator\"", "serve-expired: no", "do-not-query-localhost: no", "infra-keep-probing: yes",
        "infra-host-ttl: 3", "outgoing-range: 100", "name: \".\"", "forward-addr: ::1@5353", "forward-addr: 192.0.2.1",
        "forward-no-cache: yes", "local-zone: \"test.\" nodefault", "unblock-lan-zones: yes",
        "infra-cache-min-rtt: 833"}) {
    CAPTURE(line);
    CHECK(has(text, line));
  }
}

TEST_CASE("resolver/unbound_config: without servers it asks from the root", "[resolver][config]") {
  const std::string text = unbound_config({}, {}, 100);
  CHECK(text.find("forward") == std::string::npos);
  CHECK(has(text, "do-not-query-localhost: yes"));
  CHECK(has(text, "serve-expired: no"));
}

TEST_CASE("resolver/unbound_config: DNSSEC brings the validator and its anchor", "[resolver][config]") {
  Settings settings;
  settings.dnssec = true;
  settings.trust_anchor = "/some where/root.key";
  const std::string text = unbound_config(settings, {}, 100);
  CHECK(has(text, "module-config: \"validator iterator\""));
  CHECK(has(text, "trust-anchor-file: \"/some where/root.key\""));
}

}  // namespace
}  // namespace assay::resolver
