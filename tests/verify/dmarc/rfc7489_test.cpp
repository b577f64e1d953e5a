// Expected values are those of RFC 7489 and RFC 9989, whose sections each test names.
#include "verify/dmarc/rfc7489.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/fake_public_suffixes.h"
#include "tests/support/fake_resolver.h"
#include "verify/dmarc/evaluate.h"

namespace {

using assay::Domain;
using assay::Limits;
using assay::dmarc::Outcome;
using assay::dmarc::Rfc7489;
using assay::test::FakePublicSuffixes;
using assay::test::FakeResolver;
namespace dkim = assay::dkim;
namespace dmarc = assay::dmarc;
namespace spf = assay::spf;

Domain name(const std::string& text) {
  return Domain::parse(text).value();
}

/// What a message proves: MAIL FROM and d= domains that pass, or could not be checked.
struct Proof {
  std::string spf = {};
  spf::Status spf_status = spf::Status::Pass;
  std::vector<std::string> dkim = {};
  dkim::Status dkim_status = dkim::Status::Pass;
};

spf::Outcome spf_of(const Proof& proof) {
  spf::Outcome out;
  if (!proof.spf.empty()) {
    out.status = proof.spf_status;
    out.reason = proof.spf_status == spf::Status::Pass ? spf::Reason::None : spf::Reason::DnsFailure;
    out.domain = proof.spf;
  }
  return out;
}

std::vector<dkim::Outcome> dkim_of(const Proof& proof) {
  std::vector<dkim::Outcome> outcomes;
  for (const std::string& domain : proof.dkim) {
    dkim::Outcome& out = outcomes.emplace_back();
    out.status = proof.dkim_status;
    out.domain = domain;
    out.signing_domain = name(domain);
  }
  return outcomes;
}

const FakePublicSuffixes& suffixes() {
  static const FakePublicSuffixes list({"com", "uk", "co.uk", "example", "hosting.example"});
  return list;
}

/// Both answers for a message.
struct Both {
  Outcome rfc9989;
  Rfc7489 rfc7489;
};

Both judge(FakeResolver& dns, const std::string& author, const Proof& proof = {}) {
  const auto mail_from = spf_of(proof);
  const auto signatures = dkim_of(proof);
  Both both;
  both.rfc9989 = dmarc::evaluate(name(author), mail_from, signatures, dns, Limits{});
  both.rfc7489 = dmarc::compare_rfc7489(both.rfc9989, mail_from, signatures, suffixes(), dns, Limits{});
  return both;
}

std::string text(const std::optional<Domain>& domain) {
  return domain ? domain->str() : "-";
}

std::string text(const std::optional<dmarc::Policy>& policy) {
  return policy ? dmarc::to_string(*policy) : "-";
}

/// "result policy policy_domain org_domain"
std::string summary(const Rfc7489& out) {
  return std::string(dmarc::to_string(out.status)) + " " + text(out.policy) + " " + text(out.policy_domain) + " " +
         text(out.organizational_domain);
}

/// "result policy policy_domain"
std::string summary(const Outcome& out) {
  return std::string(dmarc::to_string(out.status)) + " " + text(out.policy) + " " + text(out.policy_domain);
}

std::string differences(const Rfc7489& out) {
  std::string words;
  for (const dmarc::Difference difference : out.differences) {
    words += (words.empty() ? "" : " ") + std::string(dmarc::to_string(difference));
  }
  return words;
}

std::string record(const std::string& owner, const std::string& tags) {
  return "_dmarc." + owner + " TXT \"v=DMARC1; " + tags + "\"\n";
}

/// The names of the comparison's own questions.
std::vector<std::string> asked(const std::string& zone, const std::string& author) {
  FakeResolver dns(zone);
  Outcome outcome;
  outcome.author = name(author);
  static_cast<void>(dmarc::compare_rfc7489(outcome, {}, {}, suffixes(), dns, Limits{}));
  std::vector<std::string> names;
  for (const auto& question : dns.questions()) {
    names.push_back(question.name);
  }
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("dmarc/rfc7489: the Organizational Domain is one label below the longest suffix (RFC 7489 section 3.2)",
          "[dmarc][rfc7489]") {
  struct Row {
    std::string author;
    std::string organization;
  };
  const std::vector<Row> rows{
      {"a.b.c.d.example.com", "example.com"},
      {"example.com", "example.com"},
      {"www.example.co.uk", "example.co.uk"},
      {"example.uk", "example.uk"},
      {"a.site.hosting.example", "site.hosting.example"},
      // "com ... cannot be an Organizational Domain" (section 3.1.1).
      {"com", "-"},
      {"co.uk", "-"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.author);
    FakeResolver dns;
    CHECK(text(judge(dns, row.author).rfc7489.organizational_domain) == row.organization);
  }
}

TEST_CASE(
    "dmarc/rfc7489: the record at the author's domain, else at its Organizational Domain (RFC 7489 section 6.6.3)",
    "[dmarc][rfc7489]") {
  struct Row {
    std::string author;
    std::string zone;
    std::string expected;
  };
  const std::string tags = "p=reject; sp=quarantine";
  const std::string twice_at_author = record("a.example.com", tags) + record("a.example.com", "p=none");
  const std::vector<Row> rows{
      {"example.com", record("example.com", tags), "fail reject example.com example.com"},
      {"a.example.com", record("example.com", tags), "fail quarantine example.com example.com"},
      {"a.example.com", record("a.example.com", tags) + record("example.com", "p=none"),
       "fail reject a.example.com example.com"},
      // A name between the two is never asked.
      {"a.b.example.com", record("b.example.com", tags), "none - - example.com"},
      {"a.b.example.com", record("b.example.com", "p=none") + record("example.com", tags),
       "fail quarantine example.com example.com"},
      // Steps 2 and 4: what does not start with this version is no record.
      {"a.example.com", "_dmarc.a.example.com TXT \"v=DMARC2; p=none\"\n" + record("example.com", tags),
       "fail quarantine example.com example.com"},
      // Step 5: several records end it, also where a record above them could apply.
      {"a.example.com", twice_at_author + record("example.com", tags), "none - - example.com"},
      {"a.example.com", record("example.com", tags) + record("example.com", tags), "none - - example.com"},
      {"example.com", "", "none - - example.com"},
      // Above a public suffix nothing is asked.
      {"hosting.example", record("hosting.example", tags), "fail reject hosting.example -"},
      {"hosting.example", record("example", tags), "none - - -"},
      // DNS: "no such record as opposed to a transient DNS error".
      {"a.example.com", "_dmarc.a.example.com NONE\n" + record("example.com", tags),
       "fail quarantine example.com example.com"},
      {"a.example.com", "_dmarc.a.example.com TXT !TEMPFAIL\n" + record("example.com", tags),
       "temperror - - example.com"},
      {"a.example.com", "_dmarc.a.example.com TXT !BOGUS\n" + record("example.com", tags), "temperror - - example.com"},
      {"a.example.com", "_dmarc.example.com TXT !TEMPFAIL\n", "temperror - - example.com"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.author, row.zone);
    FakeResolver dns(row.zone);
    CHECK(summary(judge(dns, row.author).rfc7489) == row.expected);
  }
  FakeResolver bogus("_dmarc.example.com TXT !BOGUS\n");
  CHECK(judge(bogus, "example.com").rfc7489.reason == dmarc::Reason::DnssecBogus);
  FakeResolver slow("_dmarc.example.com TXT !TEMPFAIL\n");
  CHECK(judge(slow, "example.com").rfc7489.reason == dmarc::Reason::DnsFailure);
}

TEST_CASE("dmarc/rfc7489: it asks at most two names, then the tree walk that it compares with (RFC 7489 section 6.6.3)",
          "[dmarc][rfc7489]") {
  const Names walk{"_dmarc.a.b.example.com", "_dmarc.b.example.com", "_dmarc.example.com", "_dmarc.com"};
  Names expected{"_dmarc.a.b.example.com", "_dmarc.example.com"};
  expected.insert(expected.end(), walk.begin(), walk.end());
  CHECK(asked("", "a.b.example.com") == expected);

  expected = {"_dmarc.a.b.example.com"};
  expected.insert(expected.end(), walk.begin(), walk.end());
  CHECK(asked(record("a.b.example.com", "p=none"), "a.b.example.com") == expected);

  CHECK(asked("", "example.com") == Names{"_dmarc.example.com", "_dmarc.example.com", "_dmarc.com"});
  CHECK(asked("", "co.uk") == Names{"_dmarc.co.uk", "_dmarc.co.uk", "_dmarc.uk"});
}

TEST_CASE("dmarc/rfc7489: a record without a usable policy (RFC 7489 section 6.6.3 step 6)", "[dmarc][rfc7489]") {
  struct Row {
    std::string tags;
    std::string expected;
  };
  const std::vector<Row> rows{
      {"p=reject", "fail reject example.com example.com"},
      {"p=bogus", "permerror - example.com example.com"},
      {"rua=mailto:a@example.com", "fail none example.com example.com"},
      {"p=bogus; rua=mailto:a@example.com", "fail none example.com example.com"},
      {"p=bogus; rua=mailto:a@example.com!10m", "fail none example.com example.com"},
      {"p=bogus; rua=:", "permerror - example.com example.com"},
      {"p=reject; sp=bogus", "permerror - example.com example.com"},
      {"p=reject; sp=bogus; rua=mailto:a@example.com", "fail none example.com example.com"},
      // "Unknown tags MUST be ignored" (section 6.3): np came later.
      {"p=reject; np=bogus", "fail reject example.com example.com"},
      {"p=reject; np=bogus; sp=bogus", "permerror - example.com example.com"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.tags);
    FakeResolver dns(record("example.com", row.tags));
    CHECK(summary(judge(dns, "example.com").rfc7489) == row.expected);
  }
}

TEST_CASE("dmarc/rfc7489: pct is told and nothing is drawn; at 0 one level less applies (RFC 7489 sections 6.3, 6.6.4)",
          "[dmarc][rfc7489]") {
  struct Row {
    std::string tags;
    std::string published;
    std::string policy;
    unsigned percent;
  };
  const std::vector<Row> rows{
      {"p=reject", "reject", "reject", 100},
      {"p=reject; pct=100", "reject", "reject", 100},
      {"p=reject; pct=99", "reject", "reject", 99},
      {"p=reject; pct=1", "reject", "reject", 1},
      // "SHOULD treat the email as though the quarantine policy applies".
      {"p=reject; pct=0", "reject", "quarantine", 0},
      {"p=reject; pct=000", "reject", "quarantine", 0},
      // "SHOULD apply local message classification as normal".
      {"p=quarantine; pct=0", "quarantine", "none", 0},
      {"p=none; pct=0", "none", "none", 0},
      // 1*3DIGIT, at most 100 (section 6.4); an error is the default.
      {"p=reject; pct=101", "reject", "reject", 100},
      {"p=reject; pct=0000", "reject", "reject", 100},
      {"p=reject; pct=", "reject", "reject", 100},
      {"p=reject; pct=-1", "reject", "reject", 100},
      {"p=reject; pct=5%", "reject", "reject", 100},
      // t= came later.
      {"p=reject; t=y", "reject", "reject", 100},
  };
  for (const Row& row : rows) {
    CAPTURE(row.tags);
    FakeResolver dns(record("example.com", row.tags));
    const Rfc7489 out = judge(dns, "example.com").rfc7489;
    CHECK(text(out.published) == row.published);
    CHECK(text(out.policy) == row.policy);
    CHECK(out.percent == row.percent);
  }
}

TEST_CASE("dmarc/rfc7489: identifiers align by their Organizational Domains (RFC 7489 sections 3.1.1, 3.1.2)",
          "[dmarc][rfc7489]") {
  struct Row {
    std::string author;
    std::string identifier;
    bool relaxed;
    bool strict;
  };
  const std::vector<Row> rows{
      {"alerts.example.com", "alerts.example.com", true, true},
      {"news.example.com", "example.com", true, false},
      {"example.com", "cbg.bounces.example.com", true, false},
      {"a.example.com", "b.example.com", true, false},
      {"example.com", "example.co.uk", false, false},
      {"one.co.uk", "two.co.uk", false, false},
      {"one.hosting.example", "two.hosting.example", false, false},
      // "A DKIM signature bearing a value of d=com would never allow an in alignment result."
      {"example.com", "com", false, false},
      {"com", "example.com", false, false},
      // A suffix has nothing to share but its own name.
      {"hosting.example", "hosting.example", true, true},
      {"hosting.example", "uk", false, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.author, row.identifier);
    for (const bool strict : {false, true}) {
      FakeResolver dns(record(row.author, strict ? "p=reject; adkim=s; aspf=s" : "p=reject"));
      const bool aligned = strict ? row.strict : row.relaxed;
      Proof by_dkim;
      by_dkim.dkim = {"example.org", row.identifier};
      const Rfc7489 dkim_only = judge(dns, row.author, by_dkim).rfc7489;
      CHECK(dkim_only.dkim_aligned == aligned);
      CHECK_FALSE(dkim_only.spf_aligned);
      CHECK(dkim_only.status == (aligned ? dmarc::Status::Pass : dmarc::Status::Fail));
      Proof by_spf;
      by_spf.spf = row.identifier;
      const Rfc7489 spf_only = judge(dns, row.author, by_spf).rfc7489;
      CHECK(spf_only.spf_aligned == aligned);
      CHECK_FALSE(spf_only.dkim_aligned);
      CHECK(spf_only.status == (aligned ? dmarc::Status::Pass : dmarc::Status::Fail));
    }
  }
}

TEST_CASE("dmarc/rfc7489: what could not be checked and would align is a temporary error (RFC 7489 section 6.6.2)",
          "[dmarc][rfc7489]") {
  struct Row {
    Proof proof;
    std::string result;
  };
  const auto spf_error = spf::Status::TempError;
  const auto dkim_error = dkim::Status::TempError;
  const std::vector<Row> rows{
      {{"a.example.com", spf_error}, "temperror"},
      {{"example.org", spf_error}, "fail"},
      {{"", spf::Status::Pass, {"example.org", "a.example.com"}, dkim_error}, "temperror"},
      {{"", spf::Status::Pass, {"example.org"}, dkim_error}, "fail"},
      {{"example.com", spf::Status::Pass, {"example.com"}, dkim_error}, "pass"},
      {{"example.com", spf_error, {"example.com"}}, "pass"},
      {{"example.com", spf::Status::Fail, {"example.com"}, dkim::Status::Fail}, "fail"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.proof.spf, row.proof.dkim, row.result);
    FakeResolver dns(record("example.com", "p=reject"));
    const Both both = judge(dns, "example.com", row.proof);
    CHECK(dmarc::to_string(both.rfc7489.status) == row.result);
    CHECK(differences(both.rfc7489).empty());
  }
}

TEST_CASE("dmarc/rfc7489: where the answers differ (RFC 9989 appendices C.3 and C.5)", "[dmarc][rfc7489]") {
  struct Row {
    std::string author;
    std::string zone;
    std::string signer;
    std::string rfc9989;
    std::string rfc7489;
    std::string differs;
  };
  const std::string reject = "p=reject";
  const std::vector<Row> rows{
      // The same for the usual record at the Organizational Domain.
      {"a.example.com", record("example.com", reject), "b.example.com", "pass reject example.com",
       "pass reject example.com example.com", ""},
      {"a.example.com", record("example.com", reject), "example.org", "fail reject example.com",
       "fail reject example.com example.com", ""},
      // No record at all: the Organizational Domains (a.example.com, example.com) mean nothing.
      {"a.example.com", "", "example.com", "none - -", "none - - example.com", ""},
      // psd=y (section 4.10.2): the tree walk keeps registrants apart where the list does not know the suffix.
      {"mail.giant.bank.example", record("bank.example", "p=reject; psd=y"), "mega.bank.example",
       "fail reject bank.example", "pass reject bank.example bank.example", "result org_domain"},
      // psd=n: a part of the organization that stands for itself.
      {"a.b.example.com", record("b.example.com", "p=reject; psd=n") + record("example.com", "p=none"), "c.example.com",
       "fail reject b.example.com", "pass none example.com example.com", "result policy org_domain"},
      // A record on a suffix of the list that says nothing of psd: the walk takes it for one organization.
      {"one.hosting.example", record("hosting.example", reject), "two.hosting.example", "pass reject hosting.example",
       "none - - one.hosting.example", "result policy org_domain"},
      // A record at a name between the author's and the Organizational Domain.
      {"a.b.example.com", record("b.example.com", reject), "example.org", "fail reject b.example.com",
       "none - - example.com", "result policy org_domain"},
      {"a.b.example.com", record("b.example.com", "p=none") + record("example.com", reject), "example.org",
       "fail reject example.com", "fail reject example.com example.com", ""},
      // np (RFC 9989 section 4.7) for a name that does not exist.
      {"gone.example.com", record("example.com", "p=reject; sp=none; np=reject"), "example.org",
       "fail reject example.com", "fail none example.com example.com", "policy"},
      // t=y and pct=0 mean the same to those who know them.
      {"example.com", record("example.com", "p=reject; t=y"), "example.org", "fail quarantine example.com",
       "fail reject example.com example.com", "policy"},
      {"example.com", record("example.com", "p=reject; pct=0"), "example.org", "fail reject example.com",
       "fail quarantine example.com example.com", "policy"},
      {"example.com", record("example.com", "p=reject; t=y; pct=0"), "example.org", "fail quarantine example.com",
       "fail quarantine example.com example.com", ""},
      {"example.com", record("example.com", "p=reject; pct=50"), "example.org", "fail reject example.com",
       "fail reject example.com example.com", ""},
      // Several records: discarded by the one, the end of processing for the other.
      {"a.example.com",
       record("a.example.com", reject) + record("a.example.com", "p=none") + record("example.com", reject),
       "example.org", "fail reject example.com", "none - - example.com", "result policy"},
      // An invalid np.
      {"example.com", record("example.com", "p=reject; np=bogus"), "example.org", "permerror - example.com",
       "fail reject example.com example.com", "result policy"},
      // Nine labels: the walk leaves out the name of eight, and both find the record of the organization.
      {"a.b.c.d.e.f.g.example.com", record("example.com", reject), "example.com", "pass reject example.com",
       "pass reject example.com example.com", ""},
      {"a.b.c.d.e.f.g.example.com", record("c.d.e.f.g.example.com", reject), "example.org",
       "fail reject c.d.e.f.g.example.com", "none - - example.com", "result policy org_domain"},
      {"a.b.c.d.e.f.g.example.com", record("b.c.d.e.f.g.example.com", reject), "example.org", "none - -",
       "none - - example.com", ""},
      // A signer of the author's very name: RFC 9989 need not walk, the comparison does.
      {"a.example.com", record("a.example.com", reject), "a.example.com", "pass reject a.example.com",
       "pass reject a.example.com example.com", "org_domain"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.author, row.zone, row.signer);
    FakeResolver dns(row.zone);
    Proof proof;
    proof.dkim = {row.signer};
    const Both both = judge(dns, row.author, proof);
    CHECK(summary(both.rfc9989) == row.rfc9989);
    CHECK(summary(both.rfc7489) == row.rfc7489);
    CHECK(differences(both.rfc7489) == row.differs);
  }
}

TEST_CASE("dmarc/rfc7489: a temporary error of either is no difference of result or policy", "[dmarc][rfc7489]") {
  // The walk ends below the name that RFC 7489 asks.
  FakeResolver above("_dmarc.example.com TXT !TEMPFAIL\n" + record("b.example.com", "p=reject; psd=n"));
  const Both both = judge(above, "a.b.example.com");
  CHECK(summary(both.rfc9989) == "fail reject b.example.com");
  CHECK(summary(both.rfc7489) == "temperror - - example.com");
  CHECK(differences(both.rfc7489) == "org_domain");

  // The name between fails, which RFC 7489 does not ask.
  FakeResolver between("_dmarc.b.example.com TXT !TEMPFAIL\n" + record("example.com", "p=reject"));
  const Both reverse = judge(between, "a.b.example.com");
  CHECK(summary(reverse.rfc9989) == "temperror - -");
  CHECK(summary(reverse.rfc7489) == "fail reject example.com example.com");
  CHECK_FALSE(reverse.rfc7489.tree_walk_organizational_domain);
  CHECK(differences(reverse.rfc7489).empty());

  // Both know the policy, and neither whether an identifier passes.
  FakeResolver dns(record("example.com", "p=reject; t=y"));
  Proof proof;
  proof.spf = "example.com";
  proof.spf_status = spf::Status::TempError;
  const Both unchecked = judge(dns, "example.com", proof);
  CHECK(summary(unchecked.rfc9989) == "temperror quarantine example.com");
  CHECK(summary(unchecked.rfc7489) == "temperror reject example.com example.com");
  CHECK(differences(unchecked.rfc7489) == "policy");
}
