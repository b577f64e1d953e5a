#include "verify/dmarc/trace.h"

#include "tests/support/catch.h"
#include "tests/support/fake_resolver.h"
#include "verify/dmarc/evaluate.h"

using namespace assay;
using dmarc::Identifier;
using dmarc::Relation;

namespace {

Domain name(const char* text) {
  return Domain::parse(text).value();
}

dkim::Outcome signature(const std::string& domain, dkim::Status status) {
  dkim::Outcome outcome;
  outcome.status = status;
  outcome.domain = domain;
  outcome.signing_domain = Domain::parse(domain).value();
  return outcome;
}

spf::Outcome mail_from(const char* domain, spf::Status status) {
  spf::Outcome outcome;
  outcome.status = status;
  outcome.domain = domain;
  return outcome;
}

/// The trace of one message of `author`.
dmarc::Trace trace_of(test::FakeResolver& dns, const char* author, const spf::Outcome& spf,
                      const std::vector<dkim::Outcome>& dkim, const Limits& limits = {}) {
  const auto outcome = dmarc::evaluate(name(author), spf, dkim, dns, limits);
  return dmarc::trace_alignment(outcome, spf, dkim, dns, limits);
}

}  // namespace

TEST_CASE("dmarc/trace: how each identifier stands to the author (RFC 9989 sections 4.4 and 4.10.2)",
          "[dmarc][trace]") {
  test::FakeResolver dns(
      "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n"
      "_dmarc.apart.example.com TXT \"v=DMARC1; p=none; psd=n\"\n"
      "_dmarc.slow.example.com TXT !TEMPFAIL\n");
  struct Row {
    const char* domain;
    Relation relation;
    const char* organization;  // empty: none
    std::size_t questions;
  };
  const std::vector<Row> rows = {
      {"news.example.com", Relation::Equal, "", 0},
      {"example.com", Relation::SameOrganization, "example.com", 2},
      {"a.b.example.com", Relation::SameOrganization, "example.com", 4},
      // psd=n makes a domain an organization of its own
      {"apart.example.com", Relation::OtherOrganization, "apart.example.com", 1},
      {"example.org", Relation::OtherOrganization, "example.org", 2},
      {"slow.example.com", Relation::Unknown, "", 1},
  };
  std::vector<dkim::Outcome> signatures;
  for (const Row& row : rows) {
    signatures.push_back(signature(row.domain, dkim::Status::Fail));
    signatures.push_back(signature(row.domain, dkim::Status::Fail));  // told once
  }
  const auto trace = trace_of(dns, "news.example.com", mail_from("example.com", spf::Status::SoftFail), signatures);
  CHECK(trace.organizational_domain == name("example.com"));
  REQUIRE(trace.identifiers.size() == rows.size() + 1);
  CHECK(trace.identifiers.front().source == Identifier::Source::Spf);
  CHECK(trace.identifiers.front().relation == Relation::SameOrganization);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(rows[i].domain);
    const Identifier& identifier = trace.identifiers[i + 1];
    CHECK(identifier.source == Identifier::Source::Dkim);
    CHECK(identifier.domain == name(rows[i].domain));
    CHECK(identifier.relation == rows[i].relation);
    CHECK((identifier.organizational_domain ? identifier.organizational_domain->str() : "") == rows[i].organization);
    CHECK(identifier.walk.size() == rows[i].questions);
  }
}

TEST_CASE("dmarc/trace: strict alignment wants equal names (RFC 9989 section 4.7)", "[dmarc][trace]") {
  const Identifier equal{Identifier::Source::Spf, name("example.com"), Relation::Equal, {}, {}};
  const Identifier related{Identifier::Source::Spf, name("a.example.com"), Relation::SameOrganization, {}, {}};
  const Identifier other{Identifier::Source::Spf, name("example.org"), Relation::OtherOrganization, {}, {}};
  CHECK((equal.aligns(true) && equal.aligns(false)));
  CHECK((!related.aligns(true) && related.aligns(false)));
  CHECK_FALSE((other.aligns(true) || other.aligns(false)));
}

TEST_CASE("dmarc/trace: what aligns in the trace is what passes in the evaluation", "[dmarc][trace][property]") {
  test::FakeResolver dns(
      "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n"
      "_dmarc.strict.example TXT \"v=DMARC1; p=reject; aspf=s; adkim=s\"\n"
      "_dmarc.psd TXT \"v=DMARC1; p=reject; psd=y\"\n");
  const std::vector<const char*> names = {"example.com",    "a.example.com",    "example.org",
                                          "strict.example", "a.strict.example", "one.psd",
                                          "a.one.psd",      "two.psd",          "b.two.psd"};
  for (const char* author : names) {
    for (const char* other : names) {
      CAPTURE(author, other);
      const auto spf = mail_from(other, spf::Status::Pass);
      const std::vector<dkim::Outcome> dkim = {signature(other, dkim::Status::Pass)};
      const auto outcome = dmarc::evaluate(name(author), spf, dkim, dns, {});
      const auto trace = dmarc::trace_alignment(outcome, spf, dkim, dns, {});
      if (!outcome.policy_domain) {
        CHECK(trace.identifiers.empty());
        continue;
      }
      REQUIRE(trace.identifiers.size() == 2);
      CHECK(trace.identifiers[0].aligns(outcome.strict_spf) == outcome.spf_aligned);
      CHECK(trace.identifiers[1].aligns(outcome.strict_dkim) == outcome.dkim_aligned);
    }
  }
}

TEST_CASE("dmarc/trace: at most alignment_domains signing domains are walked", "[dmarc][trace][bounds]") {
  test::FakeResolver dns("_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n");
  Limits limits;
  limits.alignment_domains = 3;
  std::vector<dkim::Outcome> signatures;
  for (const char* domain : {"a.example", "b.example", "c.example"}) {
    signatures.push_back(signature(domain, dkim::Status::Pass));
  }
  const auto full = trace_of(dns, "example.com", {}, signatures, limits);
  CHECK(full.identifiers.size() == 3);
  CHECK(full.omitted == 0);
  signatures.push_back(signature("d.example", dkim::Status::Pass));
  const auto more = trace_of(dns, "example.com", {}, signatures, limits);
  CHECK(more.identifiers.size() == 3);
  CHECK(more.omitted == 1);
}

TEST_CASE("dmarc/trace: nothing to ask where every identifier is the author's domain", "[dmarc][trace]") {
  test::FakeResolver dns("_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n");
  const auto spf = mail_from("example.com", spf::Status::Pass);
  const auto outcome = dmarc::evaluate(name("example.com"), spf, {}, dns, {});
  dns.forget_questions();
  CHECK(dmarc::trace_alignment(outcome, spf, {}, dns, {}).identifiers.size() == 1);
  CHECK(dns.questions().empty());
}
