#include "tests/support/catch.h"
#include "tests/support/fake_resolver.h"
#include "verify/spf/evaluate.h"

using namespace assay;

namespace {

const IpAddress kClient = IpAddress::parse("192.0.2.1").value();

}  // namespace

TEST_CASE("spf/identity: the domain of MAIL FROM is taken strictly (RFC 7208 section 2.2)", "[spf]") {
  struct Row {
    const char* path;
    const char* local_part;
    const char* domain;
  };
  for (const Row& row : {
           Row{"<user@d.example>", "user", "d.example"},
           Row{"user@d.example", "user", "d.example"},
           Row{"<user@d.example> SIZE=100 BODY=8BITMIME", "user", "d.example"},
           Row{"<@relay.example:user@d.example>", "user", "d.example"},
           Row{"<@a.example,@b.example:user@d.example>", "user", "d.example"},
           Row{"<user%good.example@d.example>", "user%good.example", "d.example"},
           Row{"<good.example!user@d.example>", "good.example!user", "d.example"},
           Row{"<\"user@good.example\"@d.example>", "user@good.example", "d.example"},
           Row{"<@d.example>", "", "d.example"},
           // A comment: no path (RFC 5321 section 4.1.2), and so no domain.
           Row{"<user@d.example>(x@good.example>)", "", ""},
       }) {
    DYNAMIC_SECTION(row.path) {
      const auto query = spf::mail_from_identity(kClient, row.path, "helo.example");
      CHECK(query.domain == row.domain);
      CHECK(query.sender_domain == row.domain);
      CHECK(query.local_part == row.local_part);
      CHECK(query.helo == "helo.example");
      CHECK(query.client == kClient);
    }
  }
}

TEST_CASE("spf/identity: the null reverse-path is postmaster@HELO (RFC 7208 section 2.4)", "[spf]") {
  for (const char* path : {"", "<>"}) {
    const auto query = spf::mail_from_identity(kClient, path, "helo.example");
    CHECK(query.domain == "helo.example");
    CHECK(query.sender_domain == "helo.example");
    CHECK(query.local_part.empty());
    CHECK(query.helo == "helo.example");
  }
}

TEST_CASE("spf/identity: what is no domain is none, without DNS (RFC 7208 section 4.3)", "[spf]") {
  test::FakeResolver dns;
  for (const char* path : {"<user>", "<user@[192.0.2.1]>", "<user@localhost>", "<user@d..example>", "<user@d.example@>",
                           "<good.example!user>", "<user@d .example>"}) {
    CAPTURE(path);
    const auto outcome = spf::evaluate(spf::mail_from_identity(kClient, path, "helo.example"), dns, Limits{});
    CHECK(outcome.status == spf::Status::None);
    CHECK(outcome.reason == spf::Reason::InvalidDomain);
  }
  for (const char* helo : {"", "[192.0.2.1]", "OEMCOMPUTER", "a_b c.example"}) {
    CAPTURE(helo);
    const auto outcome = spf::evaluate(spf::helo_identity(kClient, helo), dns, Limits{});
    CHECK(outcome.reason == spf::Reason::InvalidDomain);
  }
}

TEST_CASE("spf/identity: the HELO identity (RFC 7208 section 2.3)", "[spf]") {
  test::FakeResolver dns(
      "mx.example TXT \"v=spf1 exists:%{l}.%{o}.%{h}.x.example -all\"\n"
      "postmaster.mx.example.mx.example.x.example A 127.0.0.2\n");
  const auto outcome = spf::evaluate(spf::helo_identity(kClient, "MX.example"), dns, Limits{});
  CHECK(outcome.status == spf::Status::Pass);
  CHECK(outcome.domain == "mx.example");
}
