#include <string>
#include <vector>

#include "resolver/answer_reader.h"
#include "resolver/unbound.h"
#include "tests/resolver/asking.h"
#include "tests/support/catch.h"
#include "tests/support/faulty_dns.h"

// What the owner of a domain may have his servers send, through libunbound.
namespace assay::resolver {
namespace {

using dns::Status;
using dns::Type;
using std::chrono::seconds;
using test::ask_one;
using test::FaultyDns;

std::shared_ptr<Backend> backend_for(const FaultyDns& server) {
  Settings settings;
  settings.forward = {{parse_forwarder("127.0.0.1@" + std::to_string(server.port())).value()}};
  auto backend = make_backend(settings);
  REQUIRE(backend.has_value());
  return *backend;
}

TEST_CASE("resolver/hostile: a record that comes along for another name is not believed (RFC 2181 section 5.4.1)",
          "[resolver][unbound]") {
  const std::string victim = "k._domainkey.victim.test";
  for (const std::string section : {"ANSWER", "AUTHORITY", "ADDITIONAL"}) {
    CAPTURE(section);
    std::string script = "evil.test 300 TXT \"own\"\nevil.test + ";
    script.append(section).append(" ").append(victim).append(" 300 TXT \"v=DKIM1; p=forged\"\n");
    script.append(victim).append(" 300 TXT \"v=DKIM1; p=true\"\n");
    const FaultyDns server(script);
    const auto backend = backend_for(server);
    CHECK(ask_one(*backend, "evil.test").texts == std::vector<std::string>{"own"});
    CHECK(backend->cached({victim, Type::TXT}) == nullptr);
    CHECK(ask_one(*backend, victim).texts == std::vector<std::string>{"v=DKIM1; p=true"});
    CHECK(server.count(victim) == 1);
  }
}

TEST_CASE("resolver/hostile: a TTL of 2^31 and above is none (RFC 2181 section 8), and none lasts longer than a day",
          "[resolver][unbound]") {
  const FaultyDns server(R"(
zero.test   0          TXT "x"
most.test   2147483647 TXT "x"
sign.test   2147483648 TXT "x"
all.test    4294967295 TXT "x"
)");
  const auto backend = backend_for(server);
  for (const char* const name : {"zero.test", "sign.test", "all.test"}) {
    CAPTURE(name);
    for (int i = 0; i < 2; ++i) {
      const dns::Answer answer = ask_one(*backend, name);
      CHECK(answer.status == Status::Found);
      CHECK(answer.ttl == seconds(0));
    }
    CHECK(server.count(name) == 2);
  }
  CHECK(ask_one(*backend, "most.test").status == Status::Found);
  CHECK(ask_one(*backend, "most.test").status == Status::Found);
  CHECK(server.count("most.test") == 1);
}

TEST_CASE("resolver/hostile: every octet arrives as sent", "[resolver][unbound]") {
  std::string sent;
  std::string script = "octets.test 300 TXT \"";
  for (unsigned octet = 0; octet < 256; ++octet) {
    const std::string digits = std::to_string(octet);
    script += "\\" + std::string(3 - digits.size(), '0') + digits + (octet == 127 ? "\" \"" : "");
    sent += static_cast<char>(octet);
  }
  const FaultyDns server(script + "\"\n");
  CHECK(ask_one(*backend_for(server), "octets.test").texts == std::vector<std::string>{sent});
}

TEST_CASE("resolver/hostile: as many records as a message holds", "[resolver][unbound]") {
  constexpr int kRecords = 4000;
  std::string script;
  for (int i = 0; i < kRecords; ++i) {
    script += "many.test 300 A 10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250) + "\n";
  }
  for (int i = 0; i < kRecords / 2; ++i) {
    script += "storm.test 300 MX 10 h" + std::to_string(i) + ".test\n";
    script += "crowd.test 300 TXT \"t" + std::to_string(i) + "\"\n";
  }
  const FaultyDns server(script);
  const auto backend = backend_for(server);
  // More addresses than are kept are no answer, more mail exchangers than are kept are cut: ten are too many for SPF.
  CHECK(ask_one(*backend, "many.test", Type::A).status == Status::TempFail);
  CHECK(ask_one(*backend, "storm.test", Type::MX).exchanges.size() == kMaxRecords);
  CHECK(ask_one(*backend, "crowd.test").texts.size() == kRecords / 2);
}

TEST_CASE("resolver/hostile: records of another type or class are none", "[resolver][unbound]") {
  const FaultyDns server(R"(
type.test   300 TYPE99 0178
chaos.test  300 TXT "x"
chaos.test  ! CLASS 3
short.test  300 TYPE1 c00002
long.test   300 TYPE1 c000020101
mixed.test  300 TYPE99 0178
mixed.test  300 TXT "x"
)");
  const auto backend = backend_for(server);
  CHECK(ask_one(*backend, "type.test").status == Status::NoData);
  CHECK(ask_one(*backend, "chaos.test").status == Status::NoData);
  CHECK(ask_one(*backend, "mixed.test").texts == std::vector<std::string>{"x"});
  // An address of three octets or of five is no address, and no "no address" either.
  CHECK(ask_one(*backend, "short.test", Type::A).status == Status::TempFail);
  CHECK(ask_one(*backend, "long.test", Type::A).status == Status::TempFail);
}

}  // namespace
}  // namespace assay::resolver
