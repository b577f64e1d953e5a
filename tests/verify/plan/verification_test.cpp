#include "verify/verification.h"

#include <string>

#include "tests/support/catch.h"
#include "tests/support/fake_public_suffixes.h"
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

TEST_CASE("verification: twenty addresses of Resent-From fields are read, usable or not", "[verification][bounds]") {
  const auto with_unusable = [](int count) {
    Verification verification(Limits{}, {});
    verification.header("From", " a@example.com");
    for (int i = 0; i < count; ++i) {
      verification.header("Resent-From", " a@[192.0.2.1]");
    }
    verification.header("Resent-From", " a@example.net");
    return verdict_of(verification).resent_from.size();
  };
  CHECK(with_unusable(19) == 1);
  CHECK(with_unusable(20) == 0);
}

TEST_CASE("verification: a hundred Resent-From fields are read, whether or not an address is in them",
          "[verification][bounds]") {
  const auto behind_unreadable = [](int count) {
    Verification verification(Limits{}, {});
    verification.header("From", " a@example.com");
    for (int i = 0; i < count; ++i) {
      verification.header("Resent-From", " (no address");
    }
    verification.header("Resent-From", " a@example.net");
    return verdict_of(verification).resent_from.size();
  };
  CHECK(behind_unreadable(99) == 1);
  CHECK(behind_unreadable(100) == 0);
}

TEST_CASE("verification: the questions that a message can cause follow from the other bounds",
          "[verification][bounds]") {
  // Two SPF identities of 1 record + 10 terms x (1 name + 10 hosts) + 1 explanation; 1 PTR and 10 names; 8 keys of DKIM
  // and 100 of ARC; 5 authors x (8 steps + 1 + 1); 11 walks of 8 steps.
  CHECK(Limits{}.max_questions() == 2 * 112 + 11 + 108 + 50 + 88);
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

TEST_CASE("verification: the comparison with RFC 7489 changes no result, asks last, and its questions count",
          "[verification]") {
  constexpr const char* kZone = R"(
_dmarc.a.b.example.com TXT "v=DMARC1; p=reject"
_dmarc.example.com     TXT "v=DMARC1; p=none"
_dmarc.example.org     TXT "v=DMARC1; p=quarantine"
)";
  const test::FakePublicSuffixes suffixes({"com", "org"});
  const auto run = [&](const dmarc::PublicSuffixes* list, test::FakeResolver& dns) {
    Verification::Options options;
    options.public_suffixes = list;
    Verification verification(Limits{}, options);
    verification.client(IpAddress::parse("192.0.2.1").value(), "mx.example.com");
    verification.mail_from("<x@a.b.example.com>");
    verification.header("From", " a@a.b.example.com, b@example.org");
    return verification.finish(dns, Time{});
  };
  test::FakeResolver dns_off(kZone);
  const Verdict off = run(nullptr, dns_off);
  test::FakeResolver dns_on(kZone);
  const Verdict on = run(&suffixes, dns_on);
  CHECK_FALSE(off.dmarc.rfc7489);
  REQUIRE(on.dmarc.rfc7489);
  REQUIRE(on.other_authors.size() == 1);
  CHECK(on.other_authors[0].rfc7489);
  CHECK(on.dmarc.status == off.dmarc.status);
  CHECK(on.dmarc.policy == off.dmarc.policy);
  CHECK(on.dmarc.organizational_domain == off.dmarc.organizational_domain);

  REQUIRE(dns_on.questions().size() > dns_off.questions().size());
  const std::vector<dns::Question> first(
      dns_on.questions().begin(), dns_on.questions().begin() + static_cast<std::ptrdiff_t>(dns_off.questions().size()));
  CHECK(first == dns_off.questions());
  CHECK(off.dns_queries == dns_off.distinct_questions());
  CHECK(on.dns_queries == dns_on.distinct_questions());
}

TEST_CASE("verification: a message without a usable From field is not compared (RFC 7489 section 6.6.1)",
          "[verification]") {
  const test::FakePublicSuffixes suffixes({"com"});
  Verification::Options options;
  options.public_suffixes = &suffixes;
  Verification verification(Limits{}, options);
  verification.header("From", " nobody");
  const Verdict verdict = verdict_of(verification);
  CHECK(verdict.dmarc.status == dmarc::Status::PermError);
  CHECK_FALSE(verdict.dmarc.rfc7489);
}

TEST_CASE(
    "verification: what names no list and nobody who resent is left out (RFC 2369 section 3.4, RFC 5322 section "
    "3.6.6)",
    "[verification]") {
  for (const char* post : {" NO", " <https://lists.example.org/post>", " <mailto:users>", " <mailto:a@b"}) {
    CAPTURE(post);
    Verification verification(Limits{}, {});
    verification.header("From", " a@example.com");
    verification.header("List-Id", " no brackets");
    verification.header("List-Post", post);
    verification.header("Resent-From", " b@example.net, @@");
    const Verdict verdict = verdict_of(verification);
    CHECK(verdict.list_id.empty());
    CHECK(verdict.list_post_host.empty());
    CHECK(verdict.resent_from.empty());
  }
}

TEST_CASE("verification: the names to plan are the author's, and the keys of what will be verified", "[verification]") {
  Verification verification(Limits{}, {});
  const std::string signature = "; a=rsa-sha256; s=s1; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA";
  verification.header("ARC-Seal", " i=1; a=rsa-sha256; d=list.example; s=seal; b=AAAA; cv=none");
  verification.header("ARC-Message-Signature", " i=1; d=list.example" + signature);
  verification.header("ARC-Authentication-Results", " i=1; list.example; none");
  verification.header("DKIM-Signature", " v=1; d=example.com" + signature);
  verification.header("DKIM-Signature", " v=2; d=example.net" + signature);
  verification.header("From", " a@news.example.com");
  CHECK(verification.known().keys.empty());  // The headers have not ended.
  verification.end_of_headers();
  const plan::Known known = verification.known();
  REQUIRE(known.authors.size() == 1);
  CHECK(known.authors[0].str() == "news.example.com");
  REQUIRE(known.signing_domains.size() == 1);
  CHECK(known.signing_domains[0].str() == "example.com");
  const auto txt = dns::Type::TXT;
  CHECK(known.keys == std::vector<dns::Question>{{"s1._domainkey.example.com", txt},
                                                 {"s1._domainkey.list.example", txt},
                                                 {"seal._domainkey.list.example", txt}});
}

TEST_CASE("verification: header fields behind a bound that was passed are not kept", "[verification]") {
  Limits limits;
  limits.header_fields = 1;
  Verification verification(limits, {});
  verification.header("From", " a@example.com");
  verification.header("X", " y");
  verification.header("From", " b@example.net");
  CHECK(verification.headers().empty());
  CHECK(verdict_of(verification).exceeded == Bound::HeaderFields);
}
