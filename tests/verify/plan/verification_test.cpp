#include "verify/verification.h"

#include <string>

#include "tests/support/catch.h"
#include "tests/support/fake_resolver.h"

using namespace assay;

namespace {

Verdict verdict_of(Verification& verification) {
  test::FakeResolver dns;
  return verification.finish(dns, Time{});
}

}  // namespace

TEST_CASE("verification: without a client SPF is none and iprev absent; without an envelope SPF is none",
          "[verification]") {
  Verification alone(Limits{}, {});
  alone.header("From", " a@example.com");
  const Verdict nothing = verdict_of(alone);
  CHECK(nothing.spf_mail_from.status == spf::Status::None);
  CHECK_FALSE(nothing.iprev);

  Verification no_envelope(Limits{}, {});
  no_envelope.client(IpAddress::parse("192.0.2.1").value(), "mx.example.com");
  no_envelope.header("From", " a@example.com");
  const Verdict client = verdict_of(no_envelope);
  CHECK(client.spf_mail_from.status == spf::Status::None);
  CHECK(client.spf_mail_from.domain.empty());
  CHECK(client.iprev);
}

TEST_CASE("verification: limits.header_octets and header_fields hold at N and end the verification at N+1",
          "[verification]") {
  // "From: a@example.com" and "X: yyy" with their line ends.
  const std::size_t from_octets = 21;
  for (const bool over : {false, true}) {
    Limits limits;
    limits.header_octets = from_octets + 8;
    Verification octets(limits, {});
    octets.header("From", " a@example.com");
    octets.header("X", over ? " yyyy" : " yyy");
    CHECK(verdict_of(octets).exceeded == (over ? std::optional(Bound::HeaderOctets) : std::nullopt));

    limits = Limits{};
    limits.header_fields = over ? 1 : 2;
    Verification fields(limits, {});
    fields.header("From", " a@example.com");
    fields.header("X", " y");
    CHECK(verdict_of(fields).exceeded == (over ? std::optional(Bound::HeaderFields) : std::nullopt));
  }
}

TEST_CASE("verification: a fold that becomes CRLF counts as two octets", "[verification]") {
  Limits limits;
  limits.header_octets = 13;  // "X: y" CRLF " z" CRLF = 10, "Y:" CRLF ... would pass it.
  Verification exact(limits, {});
  exact.header("X", " y\n zabc");
  CHECK_FALSE(verdict_of(exact).exceeded);
  Verification over(limits, {});
  over.header("X", " y\n zabcd");
  CHECK(verdict_of(over).exceeded == Bound::HeaderOctets);
}

TEST_CASE("verification: a message over a bound asks nothing, hashes nothing, and names nothing to plan",
          "[verification]") {
  Limits limits;
  limits.header_octets = 10;
  Verification verification(limits, {});
  verification.client(IpAddress::parse("192.0.2.1").value(), "mx.example.com");
  verification.mail_from("<a@example.com>");
  verification.header("From", " a@example.com");
  verification.end_of_headers();
  CHECK_FALSE(verification.body("text\r\n"));
  CHECK(verification.known().authors.empty());
  test::FakeResolver dns;
  const Verdict verdict = verification.finish(dns, Time{});
  CHECK(verdict.exceeded);
  CHECK(verdict.dmarc.status == dmarc::Status::PermError);
  CHECK(dns.questions().empty());
}

TEST_CASE("verification: a body without signatures is not wanted", "[verification]") {
  Verification verification(Limits{}, {});
  verification.header("From", " a@example.com");
  verification.end_of_headers();
  CHECK_FALSE(verification.wants_body());
  CHECK_FALSE(verification.body("text\r\n"));
}

TEST_CASE("verification: what the header says of lists and resending is in the verdict (RFC 2919, 2369)",
          "[verification]") {
  Verification verification(Limits{}, {});
  verification.header("From", " a@example.com");
  verification.header("List-Id", " Some <odd> list <users.lists.example.org>");
  verification.header("List-Post", " <mailto:users@lists.example.org?subject=x>");
  verification.header("Resent-From", " b@example.net, c@example.edu");
  const Verdict verdict = verdict_of(verification);
  CHECK(verdict.list_id == "users.lists.example.org");
  CHECK(verdict.list_post_host == "lists.example.org");
  REQUIRE(verdict.resent_from.size() == 2);
  CHECK(verdict.resent_from[0].str() == "example.net");
  CHECK(verdict.from == std::vector<std::string>{"a@example.com"});
}

TEST_CASE("verification: the null sender is checked as postmaster at HELO (RFC 7208 section 2.4)", "[verification]") {
  test::FakeResolver dns("mx.example.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\n");
  for (const char* path : {"", "<>"}) {
    Verification verification(Limits{}, {});
    verification.client(IpAddress::parse("192.0.2.1").value(), "mx.example.com");
    verification.mail_from(path);
    verification.header("From", " a@example.com");
    const Verdict verdict = verification.finish(dns, Time{});
    CHECK(verdict.spf_mail_from.status == spf::Status::Pass);
    CHECK(verdict.spf_mail_from.domain == "mx.example.com");
    CHECK(verdict.spf_helo.status == spf::Status::Pass);
  }
}

TEST_CASE("verification: a pass of the HELO identity authenticates nothing for DMARC (RFC 9989 section 4.4.2)",
          "[verification]") {
  test::FakeResolver dns(
      "mx.example.com TXT \"v=spf1 ip4:192.0.2.1 -all\"\nexample.org TXT \"v=spf1 -all\"\n"
      "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n");
  Verification verification(Limits{}, {});
  verification.client(IpAddress::parse("192.0.2.1").value(), "mx.example.com");
  verification.mail_from("<a@example.org>");
  verification.header("From", " a@example.com");
  const Verdict verdict = verification.finish(dns, Time{});
  CHECK(verdict.spf_helo.status == spf::Status::Pass);
  CHECK(verdict.spf_mail_from.status == spf::Status::Fail);
  CHECK(verdict.dmarc.status == dmarc::Status::Fail);
}
