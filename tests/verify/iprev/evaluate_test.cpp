#include "verify/iprev/evaluate.h"

#include "tests/support/catch.h"
#include "tests/support/fake_resolver.h"

using namespace assay;
using iprev::Status;
using test::FakeResolver;

namespace {

const std::string kReverse = "1.2.0.192.in-addr.arpa PTR ";
const std::string kReverse6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR ";

iprev::Outcome check(FakeResolver& dns, const std::string& client = "192.0.2.1") {
  return iprev::evaluate(IpAddress::parse(client).value(), dns, Limits{});
}

}  // namespace

TEST_CASE("iprev/evaluate: the results of RFC 8601 section 2.7.3", "[iprev]") {
  struct Row {
    const char* name;
    std::string zone;
    Status status;
    const char* validated;
  };
  for (const Row& row : {
           Row{"the name leads back", kReverse + "m.example\nm.example A 192.0.2.1\n", Status::Pass, "m.example"},
           Row{"the second name leads back",
               kReverse + "m1.example\n" + kReverse + "m2.example\nm1.example A 192.0.2.9\nm2.example A 192.0.2.1\n",
               Status::Pass, "m2.example"},
           Row{"one of several addresses", kReverse + "m.example\nm.example A 192.0.2.9\nm.example A 192.0.2.1\n",
               Status::Pass, "m.example"},
           Row{"they disagree", kReverse + "m.example\nm.example A 192.0.2.9\n", Status::Fail, "m.example"},
           Row{"the name does not exist", kReverse + "m.example\n", Status::Fail, "m.example"},
           Row{"the name has no address", kReverse + "m.example\nm.example NONE\n", Status::Fail, "m.example"},
           Row{"no such reverse name", "", Status::PermError, ""},
           Row{"no PTR there", "1.2.0.192.in-addr.arpa NONE\n", Status::PermError, ""},
           Row{"the PTR lookup fails", kReverse + "!TEMPFAIL\n", Status::TempError, ""},
           Row{"the PTR answer is bogus", kReverse + "!BOGUS\n", Status::TempError, ""},
           Row{"an address lookup fails", kReverse + "m.example\nm.example A !TEMPFAIL\n", Status::TempError, ""},
           Row{"an address answer is bogus", kReverse + "m.example\nm.example A !BOGUS\n", Status::TempError, ""},
           Row{"a failed lookup does not hide a pass",
               kReverse + "m1.example\n" + kReverse + "m2.example\nm1.example A !TEMPFAIL\nm2.example A 192.0.2.1\n",
               Status::Pass, "m2.example"},
           Row{"a failed lookup leaves it open",
               kReverse + "m1.example\n" + kReverse + "m2.example\nm1.example A 192.0.2.9\nm2.example A !TEMPFAIL\n",
               Status::TempError, ""},
           Row{"a name that cannot be asked", kReverse + "a..example\n", Status::Fail, "a..example"},
           Row{"AAAA records are not asked for IPv4", kReverse + "m.example\nm.example AAAA 2001:db8::1\n",
               Status::Fail, "m.example"},
       }) {
    DYNAMIC_SECTION(row.name) {
      FakeResolver dns(row.zone);
      const auto outcome = check(dns);
      CHECK(std::string(to_string(outcome.status)) == to_string(row.status));
      CHECK(outcome.name == row.validated);
    }
  }
}

TEST_CASE("iprev/evaluate: keywords of the results (RFC 8601 section 2.7.3)", "[iprev]") {
  CHECK(std::string(to_string(Status::Pass)) == "pass");
  CHECK(std::string(to_string(Status::Fail)) == "fail");
  CHECK(std::string(to_string(Status::TempError)) == "temperror");
  CHECK(std::string(to_string(Status::PermError)) == "permerror");
}

TEST_CASE("iprev/evaluate: IPv6 asks ip6.arpa and AAAA", "[iprev]") {
  FakeResolver dns(kReverse6 + "m.example\nm.example AAAA 2001:db8::1\n");
  CHECK(check(dns, "2001:db8::1").status == Status::Pass);
  REQUIRE(dns.questions().size() == 2);
  CHECK(dns.questions()[1] == dns::Question{"m.example", dns::Type::AAAA});
}

TEST_CASE("iprev/evaluate: an IPv4-mapped client is IPv4", "[iprev]") {
  FakeResolver dns(kReverse + "m.example\nm.example A 192.0.2.1\n");
  CHECK(check(dns, "::ffff:192.0.2.1").status == Status::Pass);
}

TEST_CASE("iprev/evaluate: limits.iprev_names names are looked up, not one more (RFC 8601 section 3)",
          "[iprev][limits]") {
  for (const unsigned names : {10U, 11U}) {
    std::string zone;
    for (unsigned i = 1; i <= names; ++i) {
      zone += kReverse + "m" + std::to_string(i) + ".example\n";
    }
    zone += "m" + std::to_string(names) + ".example A 192.0.2.1\n";
    FakeResolver dns(zone);
    CHECK(check(dns).status == (names == 10 ? Status::Pass : Status::Fail));
    CHECK(dns.questions().size() == 11);
  }
}

TEST_CASE("iprev/evaluate: an answer that says Found and holds nothing", "[iprev]") {
  FakeResolver dns;
  dns::Answer nothing;
  nothing.status = dns::Status::Found;
  dns.add("1.2.0.192.in-addr.arpa", dns::Type::PTR, nothing);
  CHECK(check(dns).status == Status::PermError);
  dns::Answer name = nothing;
  name.names = {"m.example"};
  dns.add("1.2.0.192.in-addr.arpa", dns::Type::PTR, name);
  dns.add("m.example", dns::Type::A, nothing);
  CHECK(check(dns).status == Status::Fail);
}
