#include "verify/spf/evaluate.h"

#include <algorithm>
#include <optional>
#include <random>

#include "tests/support/catch.h"
#include "tests/support/fake_resolver.h"

using namespace assay;
using spf::Reason;
using spf::Status;
using test::FakeResolver;

namespace {

constexpr const char* kClient = "192.0.2.1";
constexpr const char* kClient6 = "2001:db8::1";

spf::Query query_for(const std::string& sender, const std::string& client = kClient) {
  spf::Query query;
  query.client = IpAddress::parse(client).value();
  const auto at = sender.rfind('@');
  query.local_part = sender.substr(0, at);
  query.sender_domain = sender.substr(at + 1);
  query.domain = query.sender_domain;
  query.helo = "helo.example.net";
  return query;
}

spf::Outcome check(FakeResolver& dns, const std::string& sender = "user@d.example",
                   const std::string& client = kClient) {
  return spf::evaluate(query_for(sender, client), dns, Limits{});
}

spf::Outcome check(const std::string& zone, const std::string& sender = "user@d.example",
                   const std::string& client = kClient) {
  FakeResolver dns(zone);
  return check(dns, sender, client);
}

/// The zone of d.example: its SPF record, and more lines.
std::string zone_of(const std::string& record, const std::string& more = {}) {
  return "d.example TXT \"" + record + "\"\n" + more;
}

std::string numbered(unsigned count, const std::string& pattern) {
  std::string text;
  for (unsigned i = 1; i <= count; ++i) {
    std::string one = pattern;
    for (auto at = one.find('#'); at != std::string::npos; at = one.find('#')) {
      one.replace(at, 1, std::to_string(i));
    }
    text += one;
  }
  return text;
}

std::size_t asked(const FakeResolver& dns, const std::string& name, dns::Type type) {
  return static_cast<std::size_t>(
      std::count(dns.questions().begin(), dns.questions().end(), dns::Question{name, type}));
}

struct Row {
  const char* name;
  std::string zone;
  Status status;
  Reason reason = Reason::None;
  const char* client = kClient;
  const char* sender = "user@d.example";
};

void run(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto outcome = check(row.zone, row.sender, row.client);
      CAPTURE(outcome.detail);
      CHECK(std::string(to_string(outcome.status)) == to_string(row.status));
      CHECK(outcome.reason == row.reason);
    }
  }
}

}  // namespace

TEST_CASE("spf/evaluate: a domain that is no multi-label name is none, without DNS (RFC 7208 section 4.3)", "[spf]") {
  const std::string l63(63, 'a');
  FakeResolver dns;
  for (const std::string& domain :
       {std::string(), std::string("localhost"), std::string("localhost."), l63 + "a.example",
        std::string("a..example"), std::string(".example.com"), std::string("[192.0.2.1]"),
        std::string("[IPv6:2001:db8::1]"), std::string("a b.example"), std::string("a!b.example"), std::string("."),
        std::string("a.\xFF.example")}) {
    CAPTURE(domain);
    const auto outcome = check(dns, "user@" + domain);
    CHECK(outcome.status == Status::None);
    CHECK(outcome.reason == Reason::InvalidDomain);
    CHECK(outcome.domain == (domain == "localhost." ? "localhost" : domain));
    CHECK(dns.questions().empty());
  }
  const auto outcome = check(dns, "user@" + l63 + ".Example.");
  CHECK(outcome.reason == Reason::NoRecord);
  CHECK(outcome.domain == l63 + ".example");
  CHECK(dns.questions() == std::vector<dns::Question>{{l63 + ".example", dns::Type::TXT}});
}

TEST_CASE("spf/evaluate: <domain> need not end in a top-level label (RFC 7208 section 4.3)", "[spf]") {
  FakeResolver dns("192.0.2.1 TXT \"v=spf1 exists:%{d}.x.example -all\"\n192.0.2.1.x.example A 127.0.0.2\n");
  CHECK(check(dns, "user@192.0.2.1").status == Status::Pass);
}

TEST_CASE("spf/evaluate: a client on loopback is checked like any other (RFC 7208 section 4)", "[spf]") {
  for (const char* client : {"127.0.0.1", "::1"}) {
    FakeResolver dns(zone_of("v=spf1 -all"));
    CHECK(check(dns, "user@d.example", client).status == Status::Fail);
  }
}

TEST_CASE("spf/evaluate: U-labels are converted before anything is asked (RFC 8616 section 4)", "[spf]") {
  FakeResolver dns(
      "xn--bcher-kva.example TXT \"v=spf1 exists:%{d}.%{o}.x.example -all\"\n"
      "xn--bcher-kva.example.xn--bcher-kva.example.x.example A 127.0.0.2\n");
  const auto outcome = check(dns,
                             "user@b\xC3\xBC"
                             "cher.example");
  CHECK(outcome.status == Status::Pass);
  CHECK(outcome.domain == "xn--bcher-kva.example");
}

TEST_CASE("spf/evaluate: a sender without local part is postmaster (RFC 7208 section 4.3)", "[spf]") {
  CHECK(
      check(zone_of("v=spf1 exists:%{l}.x.example -all", "postmaster.x.example A 127.0.0.2\n"), "@d.example").status ==
      Status::Pass);
  CHECK(check(zone_of("v=spf1 -all exp=why.example", "why.example TXT \"%{s}\"\n"), "@d.example").explanation ==
        "postmaster@d.example");
}

TEST_CASE("spf/evaluate: which record is used (RFC 7208 sections 4.4 and 4.5)", "[spf]") {
  run({
      {"no such name is none", "", Status::None, Reason::NoRecord},
      {"no TXT is none", "d.example A 192.0.2.1\n", Status::None, Reason::NoRecord},
      {"no SPF record among the TXT is none", zone_of("v=spf10 -all", "d.example TXT \"hello\"\n"), Status::None,
       Reason::NoRecord},
      {"a time-out is temperror", "d.example TXT !TEMPFAIL\n", Status::TempError, Reason::DnsFailure},
      {"a bogus answer is temperror, never none", "d.example TXT !BOGUS\n", Status::TempError, Reason::DnssecBogus},
      {"other TXT records do not matter, even if not ASCII",
       zone_of("v=spf1 +all", "d.example TXT \"\\195\\169\"\nd.example TXT \"v=spf1\\009x\"\n"), Status::Pass},
      {"two are permerror", zone_of("v=spf1 -all", "d.example TXT \"v=spf1 +all\"\n"), Status::PermError,
       Reason::SeveralRecords},
      {"two that are equal are permerror", zone_of("v=spf1 +all", "d.example TXT \"v=spf1 +all\"\n"), Status::PermError,
       Reason::SeveralRecords},
      {"a malformed one counts too", zone_of("v=spf1 nonsense", "d.example TXT \"V=SPF1 +all\"\n"), Status::PermError,
       Reason::SeveralRecords},
      {"strings are joined without a separator", "d.example TXT \"v=spf1 ip4:192.0\" \".2.1 -all\"\n", Status::Pass},
      {"aliases lead to one record", "d.example CNAME e.example\ne.example TXT \"v=spf1 +all\"\n", Status::Pass},
      {"the version alone is valid, and neutral", zone_of("v=spf1"), Status::Neutral, Reason::NoMatch},
      {"not ASCII in the record", zone_of("v=spf1 +all x=\\195\\169"), Status::PermError, Reason::SyntaxError},
      {"a tab in the record", zone_of("v=spf1 +all\\009"), Status::PermError, Reason::SyntaxError},
  });
}

TEST_CASE("spf/evaluate: a syntax error anywhere is permerror, even after a match (RFC 7208 section 4.6)", "[spf]") {
  FakeResolver dns(zone_of("v=spf1 a +all nonsense", "d.example A 192.0.2.1\n"));
  const auto outcome = check(dns);
  CHECK(outcome.status == Status::PermError);
  CHECK(outcome.reason == Reason::SyntaxError);
  CHECK(outcome.detail.find("nonsense") != std::string::npos);
  CHECK(dns.questions().size() == 1);
}

TEST_CASE("spf/evaluate: a record of Limits::kRecordOctets is read, one octet more is permerror", "[spf][limits]") {
  const Limits limits;
  const std::string record = "v=spf1 +all x=";
  for (const std::size_t octets : {Limits::kRecordOctets, Limits::kRecordOctets + 1}) {
    FakeResolver dns(zone_of(record + std::string(octets - record.size(), 'x')));
    const auto outcome = spf::evaluate(query_for("user@d.example"), dns, limits);
    CHECK(outcome.status == (octets == Limits::kRecordOctets ? Status::Pass : Status::PermError));
    CHECK(outcome.reason == (octets == Limits::kRecordOctets ? Reason::None : Reason::RecordTooLong));
  }
}

TEST_CASE("spf/evaluate: the first match decides, by its qualifier (RFC 7208 section 4.6.2)", "[spf]") {
  run({
      {"no qualifier is +", zone_of("v=spf1 all"), Status::Pass},
      {"+", zone_of("v=spf1 +all"), Status::Pass},
      {"-", zone_of("v=spf1 -all"), Status::Fail},
      {"~", zone_of("v=spf1 ~all"), Status::SoftFail},
      {"?", zone_of("v=spf1 ?all"), Status::Neutral},
      {"left to right", zone_of("v=spf1 ~ip4:192.0.2.0/24 +all"), Status::SoftFail},
      {"no match is neutral (section 4.7)", zone_of("v=spf1 -ip4:192.0.2.2"), Status::Neutral, Reason::NoMatch},
      {"unknown modifiers are ignored (section 6)", zone_of("v=spf1 ip4=192.0.2.1 moo=x -all moo=y"), Status::Fail},
  });
  CHECK(check(zone_of("v=spf1 -Ip4:192.0.2.0/24 all")).mechanism == "Ip4:192.0.2.0/24");
  CHECK(check(zone_of("v=spf1 a:" + std::string(300, 'x') + ".example +all")).mechanism == "all");
  CHECK(check(zone_of("v=spf1 ip4:192.0.2.2")).mechanism.empty());
}

TEST_CASE("spf/evaluate: the reported mechanism is cut at 255 octets", "[spf][limits]") {
  // 253 octets of name after dropping, from a published term that is longer
  std::string target;
  for (int i = 0; i < 100; ++i) {
    target += "abc.";
  }
  target += "example";
  const std::string name = target.substr(target.size() - 251);
  REQUIRE(name.substr(0, 4) == "abc.");
  const auto outcome = check(zone_of("v=spf1 exists:" + target, name + " A 127.0.0.2\n"));
  CHECK(outcome.status == Status::Pass);
  CHECK(outcome.mechanism == ("exists:" + target).substr(0, 255));
}

TEST_CASE("spf/evaluate: ip4 and ip6 (RFC 7208 sections 5 and 5.6)", "[spf]") {
  run({
      {"ip4 equal", zone_of("v=spf1 ip4:192.0.2.1 -all"), Status::Pass},
      {"ip4 other", zone_of("v=spf1 ip4:192.0.2.2 -all"), Status::Fail},
      {"bits beyond the prefix are ignored", zone_of("v=spf1 ip4:192.0.2.255/24 -all"), Status::Pass},
      {"ip4 /31", zone_of("v=spf1 ip4:192.0.2.2/31 -all"), Status::Fail},
      {"ip4 /30", zone_of("v=spf1 ip4:192.0.2.2/30 -all"), Status::Pass},
      {"ip4 /0", zone_of("v=spf1 ip4:10.0.0.0/0 -all"), Status::Pass},
      {"ip6 never matches IPv4", zone_of("v=spf1 ip6:::/0 -all"), Status::Fail},
      {"ip4 never matches IPv6", zone_of("v=spf1 ip4:0.0.0.0/0 -all"), Status::Fail, Reason::None, kClient6},
      {"ip6 equal", zone_of("v=spf1 ip6:2001:DB8:0::1 -all"), Status::Pass, Reason::None, kClient6},
      {"ip6 /127", zone_of("v=spf1 ip6:2001:db8::/127 -all"), Status::Pass, Reason::None, kClient6},
      {"ip6 /128", zone_of("v=spf1 ip6:2001:db8:: -all"), Status::Fail, Reason::None, kClient6},
      {"ip6 /0", zone_of("v=spf1 ip6:::/0 -all"), Status::Pass, Reason::None, kClient6},
      {"ip6 /33", zone_of("v=spf1 ip6:2001:db8:8000::/33 -all"), Status::Fail, Reason::None, kClient6},
      {"ip6 /32", zone_of("v=spf1 ip6:2001:db8:8000::/32 -all"), Status::Pass, Reason::None, kClient6},
      {"a mapped client is IPv4", zone_of("v=spf1 ip4:192.0.2.1 -all"), Status::Pass, Reason::None, "::ffff:192.0.2.1"},
      {"a mapped network is no IPv4 network", zone_of("v=spf1 ip6:::ffff:192.0.2.1 -all"), Status::Fail},
      {"nor for a mapped client", zone_of("v=spf1 ip6:::ffff:0:0/96 -all"), Status::Fail, Reason::None,
       "::ffff:192.0.2.1"},
      {"a short prefix of a mapped network is IPv6", zone_of("v=spf1 ip6:::ffff:192.0.2.1/2 -all"), Status::Pass,
       Reason::None, kClient6},
  });
}

TEST_CASE("spf/evaluate: a asks A or AAAA by the client (RFC 7208 section 5.3)", "[spf]") {
  run({
      {"match", zone_of("v=spf1 a -all", "d.example A 192.0.2.7\nd.example A 192.0.2.1\n"), Status::Pass},
      {"no match", zone_of("v=spf1 a -all", "d.example A 192.0.2.2\n"), Status::Fail},
      {"target", zone_of("v=spf1 a:Host.Example. -all", "host.example A 192.0.2.1\n"), Status::Pass},
      {"prefix", zone_of("v=spf1 a/24//0 -all", "d.example A 192.0.2.77\n"), Status::Pass},
      {"the IPv6 prefix is not for IPv4", zone_of("v=spf1 a//0 -all", "d.example A 192.0.2.77\n"), Status::Fail},
      {"IPv6", zone_of("v=spf1 a -all", "d.example AAAA 2001:db8::1\n"), Status::Pass, Reason::None, kClient6},
      {"IPv6 prefix", zone_of("v=spf1 a/32//64 -all", "d.example AAAA 2001:db8::7\n"), Status::Pass, Reason::None,
       kClient6},
      {"the IPv4 prefix is not for IPv6", zone_of("v=spf1 a/0 -all", "d.example AAAA 2001:db8::7\n"), Status::Fail,
       Reason::None, kClient6},
      {"A records are not for IPv6", zone_of("v=spf1 a/0//0 -all", "d.example A 192.0.2.1\n"), Status::Fail,
       Reason::None, kClient6},
      {"/0 does not match without records", zone_of("v=spf1 a/0 -all"), Status::Fail},
      {"NXDOMAIN is no match", zone_of("v=spf1 a:no.example -all"), Status::Fail},
      {"a failed lookup is temperror", zone_of("v=spf1 a:x.example +all", "x.example A !TEMPFAIL\n"), Status::TempError,
       Reason::DnsFailure},
      {"a bogus answer is temperror", zone_of("v=spf1 a:x.example +all", "x.example A !BOGUS\n"), Status::TempError,
       Reason::DnssecBogus},
      {"a target that is no DNS name is no match", zone_of("v=spf1 a:a..com a:.com -all"), Status::Fail},
      {"a label of 63 octets can be asked",
       zone_of("v=spf1 a:" + std::string(63, 'x') + ".example -all", std::string(63, 'x') + ".example A 192.0.2.1\n"),
       Status::Pass},
      {"a label of 64 is no match",
       zone_of("v=spf1 a:" + std::string(64, 'x') + ".example -all", std::string(64, 'x') + ".example A 192.0.2.1\n"),
       Status::Fail},
  });
  FakeResolver dns(zone_of("v=spf1 a -all", "d.example A 192.0.2.1\n"));
  check(dns);
  CHECK(asked(dns, "d.example", dns::Type::A) == 1);
  CHECK(dns.questions().size() == 2);
  dns.forget_questions();
  check(dns, "user@d.example", kClient6);
  CHECK(asked(dns, "d.example", dns::Type::AAAA) == 1);
  CHECK(dns.questions().size() == 2);
}

TEST_CASE("spf/evaluate: mx (RFC 7208 section 5.4)", "[spf]") {
  run({
      {"the second host matches",
       zone_of("v=spf1 mx -all",
               "d.example MX 10 m1.example\nd.example MX 20 m2.example\n"
               "m1.example A 192.0.2.9\nm2.example A 192.0.2.1\n"),
       Status::Pass},
      {"prefix", zone_of("v=spf1 mx/24 -all", "d.example MX 10 m1.example\nm1.example A 192.0.2.9\n"), Status::Pass},
      {"target", zone_of("v=spf1 mx:e.example -all", "e.example MX 10 m1.example\nm1.example A 192.0.2.1\n"),
       Status::Pass},
      {"IPv6", zone_of("v=spf1 mx -all", "d.example MX 10 m1.example\nm1.example AAAA 2001:db8::1\n"), Status::Pass,
       Reason::None, kClient6},
      {"no falling back to the name's own address", zone_of("v=spf1 mx -all", "d.example A 192.0.2.1\n"), Status::Fail},
      {"a failed MX lookup is temperror", zone_of("v=spf1 mx +all", "d.example MX !TEMPFAIL\n"), Status::TempError,
       Reason::DnsFailure},
      {"a failed host lookup is temperror (section 5)",
       zone_of("v=spf1 mx +all", "d.example MX 1 m1.example\nm1.example A !TEMPFAIL\n"), Status::TempError,
       Reason::DnsFailure},
      {"a bogus host is temperror", zone_of("v=spf1 mx +all", "d.example MX 1 m1.example\nm1.example A !BOGUS\n"),
       Status::TempError, Reason::DnssecBogus},
      {"a host without address does not match", zone_of("v=spf1 mx -all", "d.example MX 1 no.example\n"), Status::Fail},
  });
  FakeResolver dns(zone_of("v=spf1 mx -all", "d.example MX 0 .\n"));
  CHECK(check(dns).status == Status::Fail);
  CHECK(dns.questions().size() == 2);  // a null MX (RFC 7505) is no host to ask for
  // once a host has matched, the others need not be known
  CHECK(check(zone_of("v=spf1 mx -all",
                      "d.example MX 1 m1.example\nd.example MX 2 m2.example\n"
                      "m1.example A 192.0.2.1\nm2.example A !TEMPFAIL\n"))
            .status == Status::Pass);
}

TEST_CASE("spf/evaluate: 10 MX hosts are looked up, 11 are permerror (RFC 7208 section 4.6.4)", "[spf][limits]") {
  for (const unsigned hosts : {10U, 11U}) {
    FakeResolver dns(
        zone_of("v=spf1 mx -all", numbered(hosts, "d.example MX # m#.example\nm#.example A 203.0.113.#\n")));
    const auto outcome = check(dns);
    CHECK(outcome.status == (hosts == 10 ? Status::Fail : Status::PermError));
    CHECK(outcome.reason == (hosts == 10 ? Reason::None : Reason::TooManyMxHosts));
    CHECK(outcome.lookups == 1);  // the address lookups are not among the ten terms
    CHECK(dns.questions().size() == (hosts == 10 ? 12 : 2));
  }
  // the root (RFC 7505 section 3) is no host whose address is queried
  CHECK(check(zone_of("v=spf1 mx -all",
                      numbered(10, "d.example MX # m#.example\nm#.example A 203.0.113.#\n") + "d.example MX 11 .\n"))
            .status == Status::Fail);
  // the limit does not depend on the order of the answer: not even a match among the first ten counts
  CHECK(check(zone_of("v=spf1 mx -all", numbered(11, "d.example MX # m#.example\nm#.example A 192.0.2.1\n"))).reason ==
        Reason::TooManyMxHosts);
}

TEST_CASE("spf/evaluate: exists asks A whatever the client (RFC 7208 section 5.7)", "[spf]") {
  for (const char* client : {kClient, kClient6}) {
    FakeResolver dns(zone_of("v=spf1 exists:x.example -all", "x.example A 127.0.0.2\n"));
    CHECK(check(dns, "user@d.example", client).status == Status::Pass);
    CHECK(asked(dns, "x.example", dns::Type::A) == 1);
    CHECK(dns.questions().size() == 2);
  }
  run({
      {"AAAA alone is no match", zone_of("v=spf1 exists:x.example -all", "x.example AAAA ::1\n"), Status::Fail,
       Reason::None, kClient6},
      {"failure", zone_of("v=spf1 exists:x.example -all", "x.example A !TEMPFAIL\n"), Status::TempError,
       Reason::DnsFailure},
      {"bogus", zone_of("v=spf1 exists:x.example -all", "x.example A !BOGUS\n"), Status::TempError,
       Reason::DnssecBogus},
  });
}

TEST_CASE("spf/evaluate: ptr (RFC 7208 section 5.5)", "[spf]") {
  const std::string reverse = "1.2.0.192.in-addr.arpa PTR ";
  run({
      {"the name itself", zone_of("v=spf1 ptr -all", reverse + "D.example\nd.example A 192.0.2.1\n"), Status::Pass},
      {"a name below", zone_of("v=spf1 ptr -all", reverse + "a.b.d.example\na.b.d.example A 192.0.2.1\n"),
       Status::Pass},
      {"target, in any case", zone_of("v=spf1 ptr:X.Example -all", reverse + "m.x.example\nm.x.example A 192.0.2.1\n"),
       Status::Pass},
      {"not by its tail alone", zone_of("v=spf1 ptr -all", reverse + "bad-d.example\nbad-d.example A 192.0.2.1\n"),
       Status::Fail},
      {"not a name above", zone_of("v=spf1 ptr:x.d.example -all", reverse + "d.example\nd.example A 192.0.2.1\n"),
       Status::Fail},
      {"not validated", zone_of("v=spf1 ptr -all", reverse + "d.example\nd.example A 192.0.2.2\n"), Status::Fail},
      {"no PTR", zone_of("v=spf1 ptr -all"), Status::Fail},
      {"a failed PTR lookup is no match", zone_of("v=spf1 ptr -all", "1.2.0.192.in-addr.arpa PTR !TEMPFAIL\n"),
       Status::Fail},
      {"a bogus PTR answer is no match", zone_of("v=spf1 ptr -all", "1.2.0.192.in-addr.arpa PTR !BOGUS\n"),
       Status::Fail},
      {"a name whose lookup fails is skipped",
       zone_of("v=spf1 ptr -all", reverse + "a.d.example\n" + reverse + "b.d.example\n" + reverse +
                                      "c.d.example\na.d.example A !TEMPFAIL\nb.d.example A !BOGUS\n"
                                      "c.d.example A 192.0.2.1\n"),
       Status::Pass},
      {"a name that cannot be asked is skipped",
       zone_of("v=spf1 ptr -all", reverse + "a..d.example\n" + reverse + "c.d.example\nc.d.example A 192.0.2.1\n"),
       Status::Pass},
      {"IPv6",
       zone_of("v=spf1 ptr -all",
               "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR m.d.example\n"
               "m.d.example AAAA 2001:db8::1\n"),
       Status::Pass, Reason::None, kClient6},
  });
}

TEST_CASE("spf/evaluate: the first 10 PTR names count, the rest is ignored (RFC 7208 section 4.6.4)", "[spf][limits]") {
  for (const unsigned names : {10U, 11U}) {
    FakeResolver dns(zone_of("v=spf1 ptr -all", numbered(names, "1.2.0.192.in-addr.arpa PTR n#.d.example\n") + "n" +
                                                    std::to_string(names) + ".d.example A 192.0.2.1\n"));
    const auto outcome = check(dns);
    CHECK(outcome.status == (names == 10 ? Status::Pass : Status::Fail));
    CHECK(dns.questions().size() == 12);
    CHECK(outcome.void_lookups == 0);  // the names are the client's, not the domain's
  }
}

TEST_CASE("spf/evaluate: include (the table of RFC 7208 section 5.2)", "[spf]") {
  const auto zone = [](const std::string& inner) {
    return zone_of("v=spf1 ~include:i.example -all", "i.example TXT " + inner + "\n");
  };
  run({
      {"pass is a match, with the qualifier of the include", zone("\"v=spf1 +all\""), Status::SoftFail},
      {"fail is none", zone("\"v=spf1 -all\""), Status::Fail},
      {"softfail is none", zone("\"v=spf1 ~all\""), Status::Fail},
      {"neutral is none", zone("\"v=spf1 ?all\""), Status::Fail},
      {"neutral by default is none", zone("\"v=spf1\""), Status::Fail},
      {"temperror", zone("!TEMPFAIL"), Status::TempError, Reason::DnsFailure},
      {"bogus", zone("!BOGUS"), Status::TempError, Reason::DnssecBogus},
      {"permerror", zone("\"v=spf1 nonsense\""), Status::PermError, Reason::SyntaxError},
      {"no record", zone("\"hello\""), Status::PermError, Reason::IncludeWithoutRecord},
      {"no such name", zone_of("v=spf1 include:no.example +all"), Status::PermError, Reason::IncludeWithoutRecord},
      {"several records", zone("\"v=spf1 +all\"\ni.example TXT \"v=spf1 -all\""), Status::PermError,
       Reason::SeveralRecords},
      {"a target that is no DNS name", zone_of("v=spf1 include:a..com +all"), Status::PermError,
       Reason::IncludeWithoutRecord},
      {"a target of one label", zone_of("v=spf1 include:%{d1} +all"), Status::PermError, Reason::IncludeWithoutRecord},
      {"<domain> changes inside and is restored after",
       zone_of("v=spf1 include:i.example a -all",
               "i.example TXT \"v=spf1 a exists:%{d}.x.example\"\n"
               "d.example A 192.0.2.1\ni.example A 192.0.2.9\n"),
       Status::Pass},
      {"<sender> does not change",
       zone_of("v=spf1 include:i.example -all",
               "i.example TXT \"v=spf1 exists:%{d}.%{o}.%{l}.x.example\"\n"
               "i.example.d.example.user.x.example A 127.0.0.2\n"),
       Status::Pass},
  });
  CHECK(check(zone("\"v=spf1 +all\"")).mechanism == "include:i.example");
}

TEST_CASE("spf/evaluate: redirect (RFC 7208 section 6.1)", "[spf]") {
  run({
      {"replaces the result", zone_of("v=spf1 redirect=r.example", "r.example TXT \"v=spf1 ~all\"\n"),
       Status::SoftFail},
      {"comes after all mechanisms", zone_of("v=spf1 redirect=r.example ip4:192.0.2.1"), Status::Pass},
      {"is void with all anywhere", zone_of("v=spf1 redirect=no.example ?all"), Status::Neutral},
      {"is void with all before it", zone_of("v=spf1 ?all redirect=no.example"), Status::Neutral},
      {"no record is permerror", zone_of("v=spf1 redirect=no.example"), Status::PermError,
       Reason::RedirectWithoutRecord},
      {"malformed target is permerror", zone_of("v=spf1 redirect=a..com"), Status::PermError,
       Reason::RedirectWithoutRecord},
      {"single label is permerror", zone_of("v=spf1 redirect=%{d1}"), Status::PermError, Reason::RedirectWithoutRecord},
      {"temperror", zone_of("v=spf1 redirect=r.example", "r.example TXT !TEMPFAIL\n"), Status::TempError,
       Reason::DnsFailure},
      {"bogus", zone_of("v=spf1 redirect=r.example", "r.example TXT !BOGUS\n"), Status::TempError, Reason::DnssecBogus},
      {"<domain> becomes the target",
       zone_of("v=spf1 redirect=r.example", "r.example TXT \"v=spf1 a -all\"\nr.example A 192.0.2.1\n"), Status::Pass},
      {"inside include it is followed",
       zone_of("v=spf1 include:i.example -all",
               "i.example TXT \"v=spf1 redirect=r.example\"\n"
               "r.example TXT \"v=spf1 +all\"\n"),
       Status::Pass},
      {"inside include, no record is permerror",
       zone_of("v=spf1 include:i.example -all", "i.example TXT \"v=spf1 redirect=no.example\"\n"), Status::PermError,
       Reason::RedirectWithoutRecord},
  });
  CHECK(check(zone_of("v=spf1 redirect=r.example", "r.example TXT \"v=spf1 ip4:192.0.2.0/24\"\n")).mechanism ==
        "ip4:192.0.2.0/24");
}

TEST_CASE("spf/evaluate: 10 terms that ask DNS, the 11th is permerror (RFC 7208 section 4.6.4)", "[spf][limits]") {
  const std::string hosts = numbered(11, "h#.example A 203.0.113.#\n");
  for (const unsigned terms : {10U, 11U}) {
    CAPTURE(terms);
    FakeResolver dns(zone_of("v=spf1 ip4:203.0.113.1 ip6:::1 x=y" + numbered(terms, " a:h#.example") + " -all", hosts));
    const auto outcome = check(dns);
    CHECK(outcome.status == (terms == 10 ? Status::Fail : Status::PermError));
    CHECK(outcome.reason == (terms == 10 ? Reason::None : Reason::TooManyLookups));
    CHECK(outcome.lookups == terms);
    CHECK(dns.questions().size() == 11);  // the 11th is not asked
  }
  SECTION("each kind of term counts, over the whole evaluation") {
    const auto zone = [&](unsigned inner) {
      return zone_of("v=spf1 include:i.example redirect=r.example",
                     "i.example TXT \"v=spf1 a:h1.example mx ptr exists:h3.example.no -all\"\n"
                     "i.example MX 1 h2.example\nr.example TXT \"v=spf1" +
                         numbered(inner, " a:h#.example") + " ~all\"\n" + hosts);
    };
    // include, a, mx, ptr, exists, redirect are six; ptr and exists are void
    CHECK(check(zone(4)).status == Status::SoftFail);
    CHECK(check(zone(4)).lookups == 10);
    CHECK(check(zone(4)).void_lookups == 2);
    CHECK(check(zone(5)).reason == Reason::TooManyLookups);
  }
  SECTION("the 11th may be any of them") {
    for (const std::string last :
         {"a", "mx", "ptr", "exists:h1.example", "include:h1.example", "redirect=h1.example", "a:%{p}.example"}) {
      CAPTURE(last);
      const auto outcome = check(zone_of("v=spf1" + numbered(10, " a:h#.example") + " " + last, hosts));
      CHECK(outcome.status == Status::PermError);
      CHECK(outcome.reason == Reason::TooManyLookups);
    }
  }
  SECTION("loops end by it") {
    CHECK(check(zone_of("v=spf1 include:d.example")).reason == Reason::TooManyLookups);
    CHECK(check(zone_of("v=spf1 redirect=d.example")).reason == Reason::TooManyLookups);
    CHECK(check(zone_of("v=spf1 include:e.example", "e.example TXT \"v=spf1 redirect=d.example\"\n")).reason ==
          Reason::TooManyLookups);
  }
  SECTION("terms after a match do not count") {
    CHECK(check(zone_of("v=spf1 ip4:192.0.2.1" + numbered(11, " a:h#.example"))).status == Status::Pass);
    CHECK(check(zone_of("v=spf1 ip4:192.0.2.1 include:d.example redirect=d.example")).status == Status::Pass);
  }
  SECTION("a redirect that is not followed does not count") {
    CHECK(check(zone_of("v=spf1" + numbered(10, " a:h#.example") + " ~all redirect=d.example", hosts)).status ==
          Status::SoftFail);
  }
  SECTION("nothing need follow the 11th") {
    CHECK(check(zone_of("v=spf1" + numbered(11, " a:h#.example"),
                        numbered(10, "h#.example A 203.0.113.#\n") + "h11.example A 192.0.2.1\n"))
              .reason == Reason::TooManyLookups);
  }
}

TEST_CASE("spf/evaluate: two void lookups are allowed, the third is permerror (RFC 7208 section 4.6.4)",
          "[spf][limits]") {
  CHECK(check(zone_of("v=spf1 a:n1.example exists:n2.example -all")).status == Status::Fail);
  CHECK(check(zone_of("v=spf1 a:n1.example exists:n2.example -all")).void_lookups == 2);
  const auto third = check(zone_of("v=spf1 a:n1.example exists:n2.example mx:n3.example -all"));
  CHECK(third.status == Status::PermError);
  CHECK(third.reason == Reason::TooManyVoidLookups);
  // NoData is as void as NXDOMAIN
  CHECK(check(zone_of("v=spf1 a mx ptr -all")).reason == Reason::TooManyVoidLookups);
  // an mx with three hosts without address is one term
  const auto mx = check(zone_of("v=spf1 mx -all", numbered(3, "d.example MX # n#.example\n")));
  CHECK(mx.status == Status::Fail);
  CHECK(mx.void_lookups == 1);
  // exp is never void (section 6.2), and a label that cannot be asked is no lookup
  CHECK(check(zone_of("v=spf1 a:n1.example a:n2.example a:a..com -all exp=n3.example")).status == Status::Fail);
  // inside an include
  CHECK(check(zone_of("v=spf1 a:n1.example include:i.example -all",
                      "i.example TXT \"v=spf1 a:n2.example a:n3.example\"\n"))
            .reason == Reason::TooManyVoidLookups);
}

TEST_CASE("spf/evaluate: the macro p (RFC 7208 section 7.3)", "[spf]") {
  const std::string reverse = "1.2.0.192.in-addr.arpa PTR ";
  const std::string record = "v=spf1 exists:%{p}.x.example -all";
  run({
      {"unknown without PTR", zone_of(record, "unknown.x.example A 127.0.0.2\n"), Status::Pass},
      {"unknown when the PTR lookup fails",
       zone_of(record, "1.2.0.192.in-addr.arpa PTR !TEMPFAIL\nunknown.x.example A 127.0.0.2\n"), Status::Pass},
      {"unknown when the PTR answer is bogus",
       zone_of(record, "1.2.0.192.in-addr.arpa PTR !BOGUS\nunknown.x.example A 127.0.0.2\n"), Status::Pass},
      {"unknown when the name's address fails",
       zone_of(record, reverse + "m.example\nm.example A !TEMPFAIL\nunknown.x.example A 127.0.0.2\n"), Status::Pass},
      {"unknown when not validated",
       zone_of(record, reverse + "m.example\nm.example A 192.0.2.2\nunknown.x.example A 127.0.0.2\n"), Status::Pass},
      {"any validated name",
       zone_of(record, reverse + "m.example\nm.example A 192.0.2.1\nm.example.x.example A 127.0.0.2\n"), Status::Pass},
      {"a name below <domain> before any other",
       zone_of(record, reverse + "m.example\n" + reverse +
                           "b.d.example\nm.example A 192.0.2.1\nb.d.example A 192.0.2.1\n"
                           "b.d.example.x.example A 127.0.0.2\n"),
       Status::Pass},
      {"<domain> itself before all",
       zone_of(record, reverse + "m.example\n" + reverse + "b.d.example\n" + reverse +
                           "d.example\nm.example A 192.0.2.1\nb.d.example A 192.0.2.1\nd.example A 192.0.2.1\n"
                           "d.example.x.example A 127.0.0.2\n"),
       Status::Pass},
  });
}

TEST_CASE("spf/evaluate: each p in a record is one of the ten terms (RFC 7208 section 4.6.4)", "[spf][limits]") {
  const auto zone = [](unsigned terms) {
    return zone_of("v=spf1" + numbered(terms, " a:%{p}.h#.example") + " -all",
                   numbered(6, "unknown.h#.example A 203.0.113.1\n"));
  };
  CHECK(check(zone(5)).status == Status::Fail);
  CHECK(check(zone(5)).lookups == 10);
  CHECK(check(zone(6)).reason == Reason::TooManyLookups);
  CHECK(check(zone_of("v=spf1 exists:" + numbered(9, "%{p}.") + "x.example -all")).status == Status::Fail);
  CHECK(check(zone_of("v=spf1 exists:" + numbered(10, "%{p}.") + "x.example -all")).reason == Reason::TooManyLookups);
}

TEST_CASE("spf/evaluate: h is the HELO argument as given, in A-labels (RFC 7208 section 7.2, RFC 8616 section 4)",
          "[spf]") {
  FakeResolver dns(zone_of("v=spf1 exists:%{h}.x.example -all"));
  auto query = query_for("user@d.example");
  query.helo =
      "b\xC3\xBC"
      "cher.example";
  static_cast<void>(spf::evaluate(query, dns, Limits{}));
  CHECK(asked(dns, "xn--bcher-kva.example.x.example", dns::Type::A) == 1);
  query.helo = "[192.0.2.1]";
  static_cast<void>(spf::evaluate(query, dns, Limits{}));
  CHECK(asked(dns, "[192.0.2.1].x.example", dns::Type::A) == 1);
}

TEST_CASE("spf/evaluate: with a local part that is not ASCII, terms with s or l match nothing (RFC 8616 section 4)",
          "[spf]") {
  const char* sender = "j\xC3\xB6rg@d.example";
  run({
      {"exists", zone_of("v=spf1 exists:%{l}.x.example -all"), Status::Fail, Reason::None, kClient, sender},
      {"a", zone_of("v=spf1 a:%{S}.x.example -all"), Status::Fail, Reason::None, kClient, sender},
      {"include", zone_of("v=spf1 include:%{l}.x.example -all"), Status::Fail, Reason::None, kClient, sender},
      {"redirect leaves the default", zone_of("v=spf1 redirect=%{l}.x.example"), Status::Neutral, Reason::NoMatch,
       kClient, sender},
      {"o is the domain alone", zone_of("v=spf1 exists:%{o}.x.example -all", "d.example.x.example A 127.0.0.2\n"),
       Status::Pass, Reason::None, kClient, sender},
  });
  FakeResolver dns(zone_of("v=spf1 exists:%{l}.x.example include:%{s}.x.example -all exp=%{l}.y.example"));
  CHECK(check(dns, sender).explanation.empty());
  CHECK(dns.questions().size() == 1);
}

TEST_CASE("spf/evaluate: the explanation of a fail (RFC 7208 section 6.2)", "[spf]") {
  const auto explained = [](const std::string& text, const std::string& sender = "user@d.example") {
    return check(zone_of("v=spf1 -all exp=why.%{d}", "why.d.example TXT " + text + "\n"), sender).explanation;
  };
  CHECK(explained("\"%{i} is not one of %{d}'s designated mail servers.\"") ==
        "192.0.2.1 is not one of d.example's designated mail servers.");
  CHECK(explained("\"%{d} of %{o}\"", "a@D.Example") == "d.example of d.example");
  CHECK(explained("\"See http://%{d}/why.html?s=%{S}&i=%{I}\"", "a b+c@d.example") ==
        "See http://d.example/why.html?s=a%20b%2Bc%40d.example&i=192.0.2.1");
  CHECK(explained("\"one \" \"two.\"") == "one two.");
  CHECK(explained("\"%{c} %{r} %{t}\"") == "192.0.2.1 unknown 0");
  CHECK(explained("\"example.com.\"") == "example.com.");
  CHECK(explained("\"\"").empty());
  SECTION("as if there were no exp") {
    CHECK(explained("!TEMPFAIL").empty());
    CHECK(explained("!BOGUS").empty());
    CHECK(explained("\"one\"\nwhy.d.example TXT \"two\"").empty());
    CHECK(explained("\"not ASCII: \\195\\169\"").empty());
    CHECK(explained("\"a control: \\007\"").empty());
    CHECK(explained("\"bad macro %{x}\"").empty());
    CHECK(explained("\"bad macro 100%\"").empty());
    CHECK(check(zone_of("v=spf1 -all exp=no.example")).explanation.empty());
    CHECK(check(zone_of("v=spf1 -all exp=a..com")).explanation.empty());
    CHECK(check(zone_of("v=spf1 -all", "d.example A 192.0.2.9\n")).explanation.empty());
  }
  SECTION("only of the record that failed") {
    const std::string texts = "why1.example TXT \"one\"\nwhy2.example TXT \"two in %{d}\"\n";
    CHECK(check(zone_of("v=spf1 redirect=r.example exp=why1.example",
                        "r.example TXT \"v=spf1 -all exp=why2.example\"\n" + texts))
              .explanation == "two in r.example");
    CHECK(check(zone_of("v=spf1 redirect=r.example exp=why1.example", "r.example TXT \"v=spf1 -all\"\n" + texts))
              .explanation.empty());
    CHECK(check(zone_of("v=spf1 include:i.example -all exp=why1.example",
                        "i.example TXT \"v=spf1 -all exp=why2.example\"\n" + texts))
              .explanation == "one");
    CHECK(check(zone_of("v=spf1 -include:i.example exp=why1.example",
                        "i.example TXT \"v=spf1 +all exp=why2.example\"\n" + texts))
              .explanation == "one");
    CHECK(check(zone_of("v=spf1 include:i.example -all", "i.example TXT \"v=spf1 -all exp=why2.example\"\n" + texts))
              .explanation.empty());
  }
  SECTION("asked once, for a fail alone") {
    for (const std::string qualifier : {"-", "~", "?", "+"}) {
      FakeResolver dns(zone_of("v=spf1 " + qualifier + "all exp=why.d.example", "why.d.example TXT \"x\"\n"));
      CHECK(check(dns).explanation == (qualifier == "-" ? "x" : ""));
      CHECK(asked(dns, "why.d.example", dns::Type::TXT) == (qualifier == "-" ? 1 : 0));
    }
  }
  SECTION("counts towards no limit") {
    const auto outcome =
        check(zone_of("v=spf1" + numbered(10, " a:h#.example") + " -all exp=%{p}.why.example",
                      numbered(10, "h#.example A 203.0.113.1\n") + "unknown.why.example TXT \"%{p}\"\n"));
    CHECK(outcome.status == Status::Fail);
    CHECK(outcome.explanation == "unknown");
    CHECK(outcome.lookups == 10);
  }
  SECTION("is US-ASCII without control characters, whatever was put in") {
    CHECK(explained("\"%{l}!\"", "a\r\nb\xC3\xA9\x7F@d.example") ==
          "a?"
          "?b?"
          "?"
          "?!");
  }
}

TEST_CASE("spf/evaluate: the explanation is cut at limits.spf_explanation_octets", "[spf][limits]") {
  const Limits limits;
  for (const std::size_t octets : {limits.spf_explanation_octets, limits.spf_explanation_octets + 1}) {
    FakeResolver dns(
        zone_of("v=spf1 -all exp=why.d.example", "why.d.example TXT \"" + std::string(octets, 'x') + "\"\n"));
    CHECK(spf::evaluate(query_for("user@d.example"), dns, limits).explanation.size() == limits.spf_explanation_octets);
  }
}

TEST_CASE("spf/evaluate: what r and t are", "[spf]") {
  FakeResolver dns(zone_of("v=spf1 -all exp=why.d.example", "why.d.example TXT \"%{r} %{t}\"\n"));
  auto query = query_for("user@d.example");
  query.receiver = "mx.example.net";
  query.now = Time(std::chrono::seconds(1'700'000'000));
  CHECK(spf::evaluate(query, dns, Limits{}).explanation == "mx.example.net 1700000000");
}

TEST_CASE("spf/evaluate: what an error repeats of a term is cut", "[spf][limits]") {
  const auto outcome = check(zone_of("v=spf1 include:i.example exists:" + numbered(1000, "%{p}.") + "x.example -all",
                                     "i.example TXT \"v=spf1\"\n"));
  CHECK(outcome.reason == Reason::TooManyLookups);
  CHECK(outcome.detail.size() == std::string("d.example: ").size() + 255);
}

TEST_CASE("spf/evaluate: errors say where", "[spf]") {
  const auto contains = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  const auto failed = check(zone_of("v=spf1 a:x.example", "x.example A !TEMPFAIL\n"));
  CHECK(contains(failed.detail, "x.example A"));
  CHECK(contains(failed.detail, "made to fail"));
  CHECK(contains(check(zone_of("v=spf1 include:no.example")).detail, "no.example"));
  const auto malformed = check(zone_of("v=spf1 include:i.example", "i.example TXT \"v=spf1 a:com -all\"\n"));
  CHECK(contains(malformed.detail, "i.example"));
  CHECK(contains(malformed.detail, "a:com"));
}

TEST_CASE("spf/evaluate: the trace tells each term in reading order", "[spf]") {
  const std::string zone = zone_of("v=spf1 a include:i.example ~all",
                                   "d.example A 203.0.113.1\ni.example TXT \"v=spf1 mx redirect=r.example\"\n"
                                   "r.example TXT \"v=spf1 -ip4:192.0.2.1\"\n");
  FakeResolver dns(zone);
  auto query = query_for("user@d.example");
  CHECK(spf::evaluate(query, dns, Limits{}).trace.empty());
  query.trace = true;
  const auto trace = spf::evaluate(query, dns, Limits{}).trace;
  struct Step {
    unsigned depth;
    const char* domain;
    const char* term;
    const char* outcome;
    unsigned lookups;
    unsigned void_lookups;
  };
  const std::vector<Step> expected = {
      {0, "d.example", "", "v=spf1 a include:i.example ~all", 0, 0},
      {0, "d.example", "a", "no match", 1, 0},
      {0, "d.example", "include:i.example", "no match", 2, 0},  // its own lookup; those of i.example follow
      {1, "i.example", "", "v=spf1 mx redirect=r.example", 2, 0},
      {1, "i.example", "mx", "no match", 3, 1},
      {1, "i.example", "redirect=r.example", "fail", 4, 1},
      {2, "r.example", "", "v=spf1 -ip4:192.0.2.1", 4, 1},
      {2, "r.example", "-ip4:192.0.2.1", "match", 4, 1},
      {0, "d.example", "~all", "match", 4, 1},
  };
  REQUIRE(trace.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(trace[i].depth == expected[i].depth);
    CHECK(trace[i].domain == expected[i].domain);
    CHECK(trace[i].term == expected[i].term);
    CHECK(trace[i].outcome == expected[i].outcome);
    CHECK(trace[i].lookups == expected[i].lookups);
    CHECK(trace[i].void_lookups == expected[i].void_lookups);
  }
}

TEST_CASE("spf/evaluate: the trace tells the name that macros stand for (RFC 7208 section 7)", "[spf]") {
  const std::string zone =
      zone_of("v=spf1 exists:%{ir}.%{v}.x.example include:%{d1}i.example a:a.example exp=%{l}.e.example -all",
              "examplei.example TXT \"v=spf1 redirect=%{o}\"\na.example A 192.0.2.9\n");
  FakeResolver dns(zone);
  auto query = query_for("user@d.example");
  query.trace = true;
  const auto trace = spf::evaluate(query, dns, Limits{}).trace;
  const auto target = [&trace](const std::string& term) {
    const auto step = std::find_if(trace.begin(), trace.end(), [&term](const auto& one) { return one.term == term; });
    return step == trace.end() ? "no such step" : step->target;
  };
  CHECK(target("exists:%{ir}.%{v}.x.example") == "1.2.0.192.in-addr.x.example");
  CHECK(target("include:%{d1}i.example") == "examplei.example");
  CHECK(target("redirect=%{o}") == "d.example");
  CHECK(target("a:a.example") == "no such step");  // the redirect leads in a circle until the lookups are used up
  CHECK(trace.front().target.empty());
}

TEST_CASE("spf/evaluate: the name of an explanation is no term's", "[spf]") {
  FakeResolver dns(zone_of("v=spf1 -all exp=%{l}.e.example"));
  auto query = query_for("user@d.example");
  query.trace = true;
  const auto trace = spf::evaluate(query, dns, Limits{}).trace;
  REQUIRE(trace.size() == 2);
  CHECK(trace[1].target.empty());
}

TEST_CASE("spf/evaluate: an answer that says Found and holds nothing is no match and not void", "[spf]") {
  FakeResolver dns(zone_of("v=spf1 a mx exists:x.example ptr a:%{p}.y.example include:i.example redirect=r.example"));
  dns::Answer nothing;
  nothing.status = dns::Status::Found;
  dns.add("d.example", dns::Type::A, nothing);
  dns.add("d.example", dns::Type::MX, nothing);
  dns.add("x.example", dns::Type::A, nothing);
  dns.add("1.2.0.192.in-addr.arpa", dns::Type::PTR, nothing);
  dns.add("unknown.y.example", dns::Type::A, nothing);
  dns::Answer neutral = nothing;
  neutral.texts = {"v=spf1 ?all"};
  dns.add("i.example", dns::Type::TXT, neutral);
  dns.add("r.example", dns::Type::TXT, neutral);
  const auto outcome = check(dns);
  CHECK(outcome.status == Status::Neutral);
  CHECK(outcome.void_lookups == 0);
  CHECK(asked(dns, "r.example", dns::Type::TXT) == 1);
  dns.add("d.example", dns::Type::TXT, nothing);
  CHECK(check(dns).reason == Reason::NoRecord);
}

TEST_CASE("spf/evaluate: keywords (RFC 7208 section 2.6, RFC 8601 section 2.7.2)", "[spf]") {
  std::string words;
  for (int i = 0; i <= static_cast<int>(Status::PermError); ++i) {
    words += std::string(to_string(static_cast<Status>(i))) + " ";
  }
  CHECK(words == "none neutral pass fail softfail temperror permerror ");
  CHECK(to_string(Reason::None) == nullptr);
  for (int i = 1; i <= static_cast<int>(Reason::DnssecBogus); ++i) {
    REQUIRE(to_string(static_cast<Reason>(i)) != nullptr);
  }
  CHECK(std::string(to_string(Reason::TooManyLookups)) == "too_many_lookups");
  CHECK(std::string(to_string(Reason::DnssecBogus)) == "dnssec_bogus");
}

TEST_CASE("spf/evaluate: no record and no sender makes it crash, or ask without bound", "[spf][property]") {
  const std::vector<std::string> words = {
      "a",    "mx",   "ptr",       "include:", "exists:", "redirect=", "exp=",  "ip4:",      "ip6:",      "-all", " ",
      " ",    " ",    "d.example", "%{p}",     "%{l1r-}", "%{s}",      "%{ir}", "%{D2}",     "x.example", ".com", "/24",
      "//64", "%{h}", "%{o}.",     "?",        "~",       ":",         "moo=",  "192.0.2.0", "::1",       "."};
  std::mt19937 random(7208);  // NOLINT(cert-msc51-cpp, cert-msc32-c): the same records in every run
  for (int i = 0; i < 3000; ++i) {
    const auto record = [&] {
      std::string text = "v=spf1 ";
      for (std::size_t n = random() % 12; n > 0; --n) {
        text += words[random() % words.size()];
      }
      return text;
    };
    FakeResolver dns(zone_of(record(), "x.example TXT \"" + record() +
                                           "\"\nd.example MX 1 x.example\n1.2.0.192.in-addr.arpa PTR d.example\n"
                                           "d.example A 192.0.2.1\n"));
    std::string sender;
    for (std::size_t n = random() % 8; n > 0; --n) {
      sender += static_cast<char>(random() % 256);
    }
    const auto outcome = check(dns, sender + "@d.example", i % 2 == 0 ? kClient : kClient6);
    const Limits limits;
    // per term: its own question and ten addresses, and as much again for each p
    CHECK(dns.questions().size() <= (limits.spf_dns_terms + 1) * (2 + limits.spf_mx_hosts + limits.spf_ptr_names) + 24);
    CHECK(outcome.lookups <= limits.spf_dns_terms + 13);
  }
}
