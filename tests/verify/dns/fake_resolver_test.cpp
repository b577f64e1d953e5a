#include "tests/support/fake_resolver.h"

#include "tests/support/catch.h"

using namespace assay;
using dns::Status;
using dns::Type;
using test::FakeResolver;

namespace {

constexpr std::string_view kZone = R"(
# a comment
Example.COM.         TXT   "one"
example.com          TXT   "two \"q\" \\ \009" " joined"
example.com          MX    10 MX.example.com.
mx.example.com       A     192.0.2.1
mx.example.com       A     192.0.2.2
mx.example.com       AAAA  2001:db8::1
www.example.com      CNAME mx.example.com
loop.example.com     CNAME loop.example.com
1.2.0.192.in-addr.arpa PTR mx.example.com.
deep.below.example.com NONE
slow.example.com     TXT   !TEMPFAIL
broken.example.com   *     !TEMPFAIL
forged.example.com   TXT   !BOGUS
nullmx.example.com   MX    0 .
)";

}  // namespace

TEST_CASE("support/fake_resolver: the five ways to answer stay apart", "[dns]") {
  struct Row {
    std::string name;
    Type type;
    Status status;
  };
  FakeResolver dns(kZone);
  for (const Row& row : {
           Row{"example.com", Type::TXT, Status::Found},
           Row{"EXAMPLE.com", Type::TXT, Status::Found},
           Row{"example.com", Type::A, Status::NoData},
           Row{"com", Type::A, Status::NoData},                // a name above one that exists
           Row{"below.example.com", Type::A, Status::NoData},  // likewise
           Row{"deep.below.example.com", Type::TXT, Status::NoData},
           Row{"no.example.com", Type::TXT, Status::NxDomain},
           Row{"ample.com", Type::TXT, Status::NxDomain},  // the end of a name that exists, but no name above it
           Row{"slow.example.com", Type::TXT, Status::TempFail},
           Row{"slow.example.com", Type::A, Status::NoData},
           Row{"broken.example.com", Type::MX, Status::TempFail},
           Row{"forged.example.com", Type::TXT, Status::Bogus},
           Row{"www.example.com", Type::A, Status::Found},
           Row{"www.example.com", Type::TXT, Status::NoData},
           Row{"loop.example.com", Type::A, Status::TempFail},
           Row{"a..example.com", Type::A, Status::NxDomain},
       }) {
    CAPTURE(row.name);
    CHECK(dns.lookup({row.name, row.type})->status == row.status);
  }
}

TEST_CASE("support/fake_resolver: records and questions", "[dns]") {
  FakeResolver dns(kZone);
  const auto texts = dns.lookup({"example.com", Type::TXT})->texts;
  CHECK(texts == std::vector<std::string>{"one", "two \"q\" \\ \t joined"});
  const auto mx = dns.lookup({"example.com", Type::MX});
  REQUIRE(mx->exchanges.size() == 1);
  CHECK(mx->exchanges[0].preference == 10);
  CHECK(mx->exchanges[0].host == "mx.example.com");
  const auto null_mx = dns.lookup({"nullmx.example.com", Type::MX});
  REQUIRE(null_mx->exchanges.size() == 1);
  CHECK(null_mx->exchanges[0].host.empty());
  CHECK(dns.lookup({"mx.example.com", Type::A})->addresses.size() == 2);
  CHECK(dns.lookup({"1.2.0.192.in-addr.arpa", Type::PTR})->names == std::vector<std::string>{"mx.example.com"});
  CHECK(dns.lookup({"example.com", Type::TXT})->ttl.count() > 0);

  CHECK(dns.questions().size() == 6);
  CHECK(dns.distinct_questions() == 5);
  CHECK(dns.questions()[1] == dns::Question{"example.com", Type::MX});
  dns.forget_questions();
  CHECK(dns.questions().empty());

  dns::Answer made;
  made.status = Status::Found;
  made.texts = {std::string("\0\xFF", 2)};
  dns.add("New.example.com", Type::TXT, made);
  CHECK(dns.lookup({"new.example.com", Type::TXT})->texts == made.texts);
  CHECK(dns.lookup({"new.example.com", Type::A})->status == Status::NoData);
}
