#include "resolver/zone_file.h"

#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "resolver/answer_reader.h"
#include "tests/resolver/asking.h"
#include "tests/support/catch.h"

namespace assay::resolver {
namespace {

using dns::Status;
using dns::Type;
using std::chrono::seconds;

Zones zones_of(const std::string& text) {
  Zones zones;
  const auto problem = zones.add(text, "zone");
  CAPTURE(problem.value_or(""));
  REQUIRE_FALSE(problem.has_value());
  return zones;
}

std::string problem_of(const std::string& text) {
  Zones zones;
  return zones.add(text, "zone").value_or("no problem");
}

TEST_CASE("resolver/zone_file: records of every type are answered", "[resolver][zone]") {
  const Zones zones = zones_of(R"(
$ORIGIN example.com.
$TTL 600
@     IN SOA ns hostmaster ( 1 ; serial
             2 3 4
             60 )
      IN NS  ns
      IN TXT "v=spf1 ip4:192.0.2.0/24" " -all"   ; a comment "with a quote
      IN TXT "second;\"\\\195\128"
      IN MX  20 b
      IN MX  10 MX.Example.NET.
mx 30 IN A   192.0.2.1
   30    AAAA 2001:db8::1
null     MX  0 .
1.2.0.192.in-addr.arpa. PTR mx
)");
  const dns::Answer text = *zones.answer({"example.com", Type::TXT});
  CHECK(text.status == Status::Found);
  CHECK(text.texts == std::vector<std::string>{"v=spf1 ip4:192.0.2.0/24 -all", "second;\"\\\xC3\x80"});
  CHECK(text.ttl == seconds(600));
  const dns::Answer exchanges = *zones.answer({"example.com", Type::MX});
  REQUIRE(exchanges.exchanges.size() == 2);
  CHECK(exchanges.exchanges[0].host == "mx.example.net");
  CHECK(exchanges.exchanges[1].host == "b.example.com");
  const dns::Answer v4 = *zones.answer({"mx.example.com", Type::A});
  CHECK(v4.addresses == std::vector<IpAddress>{IpAddress::parse("192.0.2.1").value()});
  CHECK(v4.ttl == seconds(30));
  CHECK(zones.answer({"mx.example.com", Type::AAAA})->addresses ==
        std::vector<IpAddress>{IpAddress::parse("2001:db8::1").value()});
  CHECK(zones.answer({"null.example.com", Type::MX})->exchanges.at(0).host.empty());
  CHECK(zones.answer({"1.2.0.192.in-addr.arpa", Type::PTR})->names == std::vector<std::string>{"mx.example.com"});
}

TEST_CASE("resolver/zone_file: a name outside is NXDOMAIN; one with other records, or only names below, has no data",
          "[resolver][zone]") {
  const Zones zones = zones_of(R"(
$ORIGIN example.com.
@ 300 SOA ns hostmaster 1 2 3 4 60
k._domainkey TXT "v=DKIM1; p="
host A 192.0.2.1
srv SRV 0 0 25 host
)");
  struct Row {
    const char* name;
    Type type;
    Status status;
    int ttl;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"host.example.com", Type::TXT, Status::NoData, 60},
           {"_domainkey.example.com", Type::TXT, Status::NoData, 60},
           {"example.com", Type::TXT, Status::NoData, 60},
           {"srv.example.com", Type::A, Status::NoData, 60},
           {"com", Type::A, Status::NoData, 0},
           {"nothing.example.com", Type::A, Status::NxDomain, 60},
           {"a.b.host.example.com", Type::A, Status::NxDomain, 60},
           {"example.org", Type::A, Status::NxDomain, 0},
           {"xexample.com", Type::A, Status::NxDomain, 0},
       }) {
    CAPTURE(row.name);
    const dns::Answer answer = *zones.answer({row.name, row.type});
    CHECK(answer.status == row.status);
    CHECK(answer.ttl == seconds(row.ttl));
  }
  CHECK(Zones().answer({"example.com", Type::A})->status == Status::NxDomain);
}

// The zone and the answers of RFC 4592 section 2.2.1, as far as our types go.
TEST_CASE("resolver/zone_file: wildcards (RFC 4592 section 2.2.1)", "[resolver][zone]") {
  const Zones zones = zones_of(R"(
$ORIGIN example.
$TTL 3600
example.                 3600     SOA   ns.example. host.example. 1 2 3 4 60
example.                 3600     NS    ns.example.com.
*.example.               3600     TXT   "this is a wildcard"
*.example.               3600     MX    10 host1.example.
sub.*.example.           3600     TXT   "this is not a wildcard"
host1.example.           3600     A     192.0.2.1
_ssh._tcp.host1.example. 3600     SRV   0 0 22 host1.example.
_ssh._tcp.host2.example. 3600     SRV   0 0 22 host2.example.
subdel.example.          3600     NS    ns.example.com.
)");
  struct Row {
    const char* name;
    Type type;
    Status status;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"host3.example", Type::MX, Status::Found},
           {"host3.example", Type::A, Status::NoData},
           {"foo.bar.example", Type::TXT, Status::Found},
           {"host1.example", Type::MX, Status::NoData},
           {"sub.*.example", Type::MX, Status::NoData},
           {"_telnet._tcp.host1.example", Type::TXT, Status::NxDomain},
           {"ghost.*.example", Type::MX, Status::NxDomain},
           {"*.example", Type::TXT, Status::Found},
           {"host2.example", Type::TXT, Status::NoData},  // an empty non-terminal
       }) {
    CAPTURE(row.name);
    CHECK(zones.answer({row.name, row.type})->status == row.status);
  }
}

TEST_CASE("resolver/zone_file: CNAMEs are followed, across zones and through wildcards", "[resolver][zone]") {
  const Zones zones = zones_of(R"(
a.test.     300 CNAME b.example.
b.example.   20 CNAME c.test.
c.test.     100 TXT "end"
*.w.test.   300 CNAME c.test.
out.test.   300 CNAME nothing.elsewhere.
bare.test.  300 CNAME c.test.
loop.test.  300 CNAME pool.test.
pool.test.  300 CNAME loop.test.
)");
  const dns::Answer chain = *zones.answer({"a.test", Type::TXT});
  CHECK(chain.texts == std::vector<std::string>{"end"});
  CHECK(chain.ttl == seconds(20));
  CHECK(zones.answer({"x.w.test", Type::TXT})->texts == std::vector<std::string>{"end"});
  CHECK(zones.answer({"out.test", Type::TXT})->status == Status::NxDomain);
  CHECK(zones.answer({"bare.test", Type::A})->status == Status::NoData);
  const dns::Answer loop = *zones.answer({"loop.test", Type::TXT});
  CHECK(loop.status == Status::TempFail);
  CHECK(loop.detail == "the CNAME chain is a loop, or longer than 16");
}

TEST_CASE("resolver/zone_file: kMaxAliases CNAMEs are followed, one more is TempFail", "[resolver][zone]") {
  for (const std::size_t length : {kMaxAliases, kMaxAliases + 1}) {
    std::string text;
    for (std::size_t i = 0; i < length; ++i) {
      text += "n" + std::to_string(i) + ".test. CNAME n" + std::to_string(i + 1) + ".test.\n";
    }
    text += "n" + std::to_string(length) + ".test. TXT end\n";
    const Zones zones = zones_of(text);
    CHECK(zones.answer({"n0.test", Type::TXT})->status == (length == kMaxAliases ? Status::Found : Status::TempFail));
  }
}

TEST_CASE("resolver/zone_file: names are relative to $ORIGIN, at first the root (RFC 1035 section 5.1)",
          "[resolver][zone]") {
  const Zones zones = zones_of(
      "a.test TXT root\n"
      "$ORIGIN test.\n"
      "b TXT test\n"
      "$ORIGIN sub ; relative itself\n"
      "c TXT sub\n"
      "@ TXT apex\n"
      "$ORIGIN deeper\n"
      "d TXT deeper\n"
      "$ORIGIN other.\n"
      "e TXT other\n"
      "$ORIGIN .\n"
      "f TXT root\n");
  for (const char* const name : {"a.test", "b.test", "c.sub.test", "sub.test", "d.deeper.sub.test", "e.other", "f"}) {
    CAPTURE(name);
    CHECK(zones.answer({name, Type::TXT})->status == Status::Found);
  }
}

TEST_CASE("resolver/zone_file: comment lines and empty lines may stand before a directive", "[resolver][zone]") {
  const Zones zones = zones_of("; zone\n$TTL 300\n\n ; names\n\t\r\n$ORIGIN test.\n; last\na TXT text\n;\n");
  CHECK(zones.answer({"a.test", Type::TXT})->status == Status::Found);
  CHECK(zones.answer({"a.test", Type::TXT})->ttl == std::chrono::seconds(300));
}

TEST_CASE("resolver/zone_file: the class may stand before the TTL (RFC 1035 section 5.1)", "[resolver][zone]") {
  const Zones zones = zones_of(
      "$ORIGIN example.com.\na IN 30 TXT one\n\tin\t2h A 192.0.2.1\n; a comment\n\nb. IN 5 MX ( 10 ; c\n a )\n  40 IN "
      "TXT "
      "\"two\"\nc TXT IN 30\nIN 30 IN TXT three\nlast IN 7 A 192.0.2.2");
  CHECK(zones.answer({"a.example.com", Type::TXT})->texts == std::vector<std::string>{"one"});
  CHECK(zones.answer({"a.example.com", Type::TXT})->ttl == seconds(30));
  CHECK(zones.answer({"a.example.com", Type::A})->ttl == seconds(7200));
  CHECK(zones.answer({"b", Type::MX})->exchanges.at(0).host == "a.example.com");
  CHECK(zones.answer({"b", Type::MX})->ttl == seconds(5));
  CHECK(zones.answer({"b", Type::TXT})->ttl == seconds(40));
  CHECK(zones.answer({"c.example.com", Type::TXT})->texts == std::vector<std::string>{"IN30"});
  CHECK(zones.answer({"in.example.com", Type::TXT})->ttl == seconds(30));
  CHECK(zones.answer({"last.example.com", Type::A})->ttl == seconds(7));
  CHECK(problem_of("a. TXT x\n\nb. IN 30 A 1.2.3\n").starts_with("zone:3: "));
}

TEST_CASE("resolver/zone_file: line ends, blanks and a missing last line end do not matter", "[resolver][zone]") {
  CHECK(zones_of("").answer({"a", Type::A})->status == Status::NxDomain);
  CHECK(zones_of("\n\n ; nothing\n").answer({"a", Type::A})->status == Status::NxDomain);
  CHECK(zones_of("a A 192.0.2.1\r\nb A 192.0.2.2\r\n").answer({"b", Type::A})->status == Status::Found);
  CHECK(zones_of("a A 192.0.2.1").answer({"a", Type::A})->status == Status::Found);
}

TEST_CASE("resolver/zone_file: owners may hold any octet", "[resolver][zone]") {
  const Zones zones = zones_of("a\\032\\255\\\\.test. TXT odd\na\\.b.test. TXT dotted\n");
  CHECK(zones.answer({"a \xFF\\.test", Type::TXT})->status == Status::Found);
  // One label "a.b" is not the two labels a and b.
  CHECK(zones.answer({"a.b.test", Type::TXT})->status == Status::NxDomain);
}

TEST_CASE("resolver/zone_file: files are merged, and a record in two of them counts once", "[resolver][zone]") {
  Zones zones;
  REQUIRE_FALSE(zones.add("a.test. TXT one\na.test. TXT two\n", "first").has_value());
  REQUIRE_FALSE(zones.add("a.test. 60 TXT two\na.test. TXT three\nb.test. A 192.0.2.1\n", "second").has_value());
  const dns::Answer answer = *zones.answer({"a.test", Type::TXT});
  CHECK(answer.texts == std::vector<std::string>{"one", "two", "three"});
  CHECK(zones.answer({"b.test", Type::A})->status == Status::Found);
}

TEST_CASE("resolver/zone_file: an error names file and line", "[resolver][zone]") {
  struct Row {
    const char* text;
    const char* problem;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"a A 192.0.2.300\n", "zone:1: "},
           {"a A 192.0.2.1\n\nb BLAH x\n", "zone:3: "},
           {"a A 192.0.2.1\nb A nonsense", "zone:2: "},
           {"a SOA ns h (1\n2 3\n4 5)\n; b\nb TXT\n", "zone:5: "},
           {"\n ; blank\n\t\na SOA ns h (1 ; x\n2 3\n4 y)\n", "zone:4: "},
           {"a TXT \"open\nb A 192.0.2.1\n", "zone:1: a quoted string is not closed"},
           {"  A 192.0.2.1\n", "zone:1: the first record has no name"},
           {"a CH TXT x\n", "zone:1: the class of the record is not IN"},
           {"$INCLUDE other\n", "zone:1: $INCLUDE is not supported: name the other file as a zone file, too"},
           {"$GENERATE 1-9 a$ A 192.0.2.$\n", "zone:1: "},
           {"$TTL soon\n", "zone:1: $TTL is no number"},
           {"$ORIGIN a..b.\n", "zone:1: "},
           {"a DNAME b\n", "zone:1: DNAME is not supported"},
           {"a CNAME b\na TXT x\n", "zone:2: a CNAME and other records at the same name (RFC 1034 section 3.6.2)"},
           {"a NS x\na CNAME b\n", "zone:2: a CNAME and other records at the same name (RFC 1034 section 3.6.2)"},
           {"a CNAME b\na CNAME c\n", "zone:2: a second CNAME at the same name"},
       }) {
    CAPTURE(row.text);
    const std::string problem = problem_of(row.text);
    CAPTURE(problem);
    CHECK(problem.compare(0, std::string(row.problem).size(), row.problem) == 0);
  }
  const std::string long_text = "a TXT \"" + std::string(20'000, 'x') + "\"\n";
  CHECK(problem_of("a A 192.0.2.1\n" + long_text) != "no problem");
}

TEST_CASE("resolver/zone_file: no cut of a good file ends the program", "[resolver][zone][property]") {
  const std::string text =
      "$ORIGIN test.\n$TTL 60\n@ IN SOA ns h ( 1 2\n 3 4 5 )\n TXT \"a;b\" c\\\"d ; x\nb MX 10 @\n*.c CNAME b\n";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    Zones zones;
    static_cast<void>(zones.add(text.substr(0, size), "zone"));
    for (const char noise : {'\0', '"', '(', ')', '\\', '\xFF', '@', '$', '\n'}) {
      std::string flipped = text;
      flipped[size % text.size()] = noise;
      Zones others;
      static_cast<void>(others.add(flipped, "zone"));
    }
  }
  SUCCEED();
}

TEST_CASE("resolver/zone_file: the backend reads files and answers at once", "[resolver][zone]") {
  const std::string stem = "assay_test_zone." + std::to_string(getpid());
  { std::ofstream(stem + ".1") << "a.test. TXT one\n"; }
  { std::ofstream(stem + ".2") << "b.test. TXT two\nbroken\n"; }
  Settings settings;
  settings.zones = {stem + ".1"};
  const auto good = make_backend(settings);
  settings.zones.push_back(stem + ".2");
  const auto bad = make_backend(settings);
  unlink((stem + ".1").c_str());
  unlink((stem + ".2").c_str());

  REQUIRE(good.has_value());
  CHECK(test::ask_one(**good, "a.test").texts == std::vector<std::string>{"one"});
  CHECK(test::ask_one(**good, "a..test").status == Status::NxDomain);
  CHECK((*good)->health().questions == 2);

  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().find(stem + ".2:2: ") == 0);
  settings.zones = {"/nonexistent/zone"};
  CHECK(make_backend(settings).error() == "cannot read /nonexistent/zone: No such file or directory");
  settings.zones = {"/"};
  CHECK(make_backend(settings).error() == "cannot read /: Is a directory");
}

}  // namespace
}  // namespace assay::resolver
