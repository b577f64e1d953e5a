#include "verify/dmarc/evaluate.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/fake_resolver.h"

namespace {

using assay::Domain;
using assay::Limits;
using assay::dmarc::Outcome;
using assay::dmarc::Policy;
using assay::dmarc::Reason;
using assay::dmarc::Status;
using assay::test::FakeResolver;
namespace dkim = assay::dkim;
namespace spf = assay::spf;

Domain name(const std::string& text) {
  return Domain::parse(text).value();
}

spf::Outcome spf_of(spf::Status status, const std::string& domain) {
  spf::Outcome out;
  out.status = status;
  out.reason = status == spf::Status::TempError ? spf::Reason::DnsFailure : spf::Reason::None;
  out.domain = domain;
  return out;
}

dkim::Outcome dkim_of(dkim::Status status, const std::string& domain) {
  dkim::Outcome out;
  out.status = status;
  out.domain = domain;
  if (auto parsed = Domain::parse(domain)) {
    out.signing_domain = *parsed;
  }
  return out;
}

spf::Outcome spf_pass(const std::string& domain) {
  return spf_of(spf::Status::Pass, domain);
}

dkim::Outcome dkim_pass(const std::string& domain) {
  return dkim_of(dkim::Status::Pass, domain);
}

using Signatures = std::vector<dkim::Outcome>;

Outcome evaluate(FakeResolver& dns, const std::string& author, const spf::Outcome& mail_from = {},
                 const Signatures& signatures = {}, const Limits& limits = {}) {
  return assay::dmarc::evaluate(name(author), mail_from, signatures, dns, limits);
}

std::vector<std::string> asked(const FakeResolver& dns) {
  std::vector<std::string> names;
  for (const auto& question : dns.questions()) {
    names.push_back(question.name + (question.type == assay::dns::Type::TXT ? "" : "/A"));
  }
  return names;
}

std::string text(const std::optional<Domain>& domain) {
  return domain ? domain->str() : "-";
}

std::string text(const std::optional<Policy>& policy) {
  return policy ? assay::dmarc::to_string(*policy) : "-";
}

/// "status reason published policy policy_domain"
std::string summary(const Outcome& out) {
  const char* reason = assay::dmarc::to_string(out.reason);
  return std::string(assay::dmarc::to_string(out.status)) + " " + (reason != nullptr ? reason : "-") + " " +
         text(out.published) + " " + text(out.policy) + " " + text(out.policy_domain);
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("dmarc/evaluate: whose record applies, and which of its policies (RFC 9989 section 4.10.1)",
          "[dmarc][evaluate]") {
  // Every record says p=none; sp=quarantine; np=reject, so that the policy tells which tag was used.
  struct Row {
    std::string author;
    std::string records;  ///< Names with the tags to add, one a line; '!' in front: published twice.
    std::string policy_domain;
    std::string tag;
  };
  const std::string thirteen = "a.b.c.d.e.f.g.h.i.j.mail.example.com";
  const std::vector<Row> rows{
      {"example.com", "example.com", "example.com", "p"},
      {"a.example.com", "example.com", "example.com", "np"},
      {"signing.example.com", "signing.example.com\nexample.com", "signing.example.com", "p"},
      {"a.b.example.com", "b.example.com\nexample.com", "example.com", "np"},
      {"a.b.example.com", "b.example.com psd=n\nexample.com", "b.example.com", "np"},
      {"a.b.example.com", "a.b.example.com\nb.example.com psd=n\nexample.com", "a.b.example.com", "p"},
      {"b.example.com", "b.example.com\nexample.com", "b.example.com", "p"},
      {"b.example.com", "b.example.com psd=n\nexample.com", "b.example.com", "p"},
      {"giant.bank.example", "giant.bank.example\nbank.example psd=y", "giant.bank.example", "p"},
      {"mail.giant.bank.example", "giant.bank.example\nbank.example psd=y", "giant.bank.example", "np"},
      {"mail.mega.bank.example", "bank.example psd=y", "bank.example", "np"},
      {"bank.example", "bank.example psd=y", "bank.example", "p"},
      {"a.bank.example", "bank.example psd=y", "bank.example", "np"},
      {"a.mail.example.com", "com psd=y", "com", "np"},
      {"a.mail.example.com", "mail.example.com\ncom psd=y", "com", "np"},
      {"a.example.com", "com", "com", "np"},
      {"a.example.com", "!example.com", "-", "-"},
      {"a.example.com", "!a.example.com\nexample.com", "example.com", "sp"},
      {"a.b.example.com", "!b.example.com\nexample.com", "example.com", "np"},
      {"a.b.c.d.e.f.example.com", "example.com", "example.com", "np"},
      {"a.b.c.d.e.f.g.example.com", "example.com", "example.com", "np"},
      {"a.b.c.d.e.f.g.example.com", "b.c.d.e.f.g.example.com psd=n\nexample.com", "example.com", "np"},
      {thirteen, "example.com", "example.com", "np"},
      {thirteen, "com psd=y", "com", "np"},
      {"x.y.z", "", "-", "-"},
  };
  for (const Row& row : rows) {
    for (const bool exists : {false, true}) {
      DYNAMIC_SECTION(row.author << (exists ? ", which exists," : "") << " with " << row.records) {
        std::string zone = exists ? row.author + " A 192.0.2.1\n" : "";
        for (std::size_t begin = 0; begin < row.records.size();) {
          const std::size_t end = std::min(row.records.find('\n', begin), row.records.size());
          std::string line = row.records.substr(begin, end - begin);
          const bool twice = line.front() == '!';
          line.erase(0, twice ? 1 : 0);
          const std::size_t space = std::min(line.find(' '), line.size());
          const std::string record = "_dmarc." + line.substr(0, space) +
                                     " TXT \"v=DMARC1; p=none; sp=quarantine; np=reject;" + line.substr(space) + "\"\n";
          zone += record + (twice ? record : "");
          begin = end + 1;
        }
        FakeResolver dns(zone);
        const Outcome out = evaluate(dns, row.author);
        const std::string tag = row.tag == "np" && exists ? "sp" : row.tag;
        CHECK(text(out.policy_domain) == row.policy_domain);
        CHECK(text(out.published) == (tag == "p" ? "none" : tag == "sp" ? "quarantine" : tag == "np" ? "reject" : "-"));
        CHECK(out.status == (tag == "-" ? Status::None : Status::Fail));
        CHECK(out.walk.size() + (row.tag == "np" ? 1 : 0) == dns.questions().size());
      }
    }
  }
}

TEST_CASE("dmarc/evaluate: record handling (RFC 9989 sections 4.7, 4.8, 4.10.1)", "[dmarc][evaluate]") {
  struct Row {
    std::string record;
    std::string expected;
  };
  const std::vector<Row> rows{
      {"v=DMARC1", "permerror unusable_record - - example.com"},
      {"v=DMARC1; rua=mailto:r@x", "fail not_aligned none none example.com"},
      {"v=DMARC1; rua=nonsense", "permerror unusable_record - - example.com"},
      {"v=DMARC1; p=; ruf=mailto:r@x", "permerror unusable_record - - example.com"},
      {"v=DMARC1; p=bogus; rua=mailto:r@x", "fail not_aligned none none example.com"},
      {"v=DMARC1; p=reject; sp=bogus; rua=mailto:r@x", "fail not_aligned none none example.com"},
      {"v=DMARC1; p=reject; sp=bogus", "permerror unusable_record - - example.com"},
      {"v=DMARC1; p=reject; np=bogus", "permerror unusable_record - - example.com"},
      {"v=DMARC1; p=reject; sp=", "permerror unusable_record - - example.com"},
      {"v=DMARC1; p=reject; adkim=z; foo=1; pct=10", "fail not_aligned reject reject example.com"},
      {"v=DMARC1; p=reject; pct=0", "fail not_aligned reject reject example.com"},
      {"v=DMARC1; p=reject; psd=x; t=maybe; fo=0:1", "fail not_aligned reject reject example.com"},
      {"v=dmarc1; p=reject", "none no_record - - -"},
      {"p=reject; v=DMARC1", "none no_record - - -"},
      {"v=DMARC1x; p=none", "none no_record - - -"},
      {"v=DMARC1;p=REJECT;", "fail not_aligned reject reject example.com"},
      {"v=DMARC1;; p=reject", "fail not_aligned reject reject example.com"},
      {"v=DMARC1; p=none; p=reject", "fail not_aligned none none example.com"},
      {"v=DMARC1; p=reject; t=y", "fail not_aligned reject quarantine example.com"},
      {"v=DMARC1; p=quarantine; t=y", "fail not_aligned quarantine none example.com"},
      {"v=DMARC1; p=none; t=y", "fail not_aligned none none example.com"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.record) {
      FakeResolver dns("_dmarc.example.com TXT \"v=spf1 -all\"\n_dmarc.example.com TXT \"" + row.record + "\"");
      const Outcome out = evaluate(dns, "example.com");
      CHECK(summary(out) == row.expected);
      CHECK(out.testing == (row.record.find("t=y") != std::string::npos));
    }
  }
}

TEST_CASE("dmarc/evaluate: a broken record of a parent ends discovery too, without climbing (RFC 9989 section 4.10.1)",
          "[dmarc][evaluate]") {
  FakeResolver own("_dmarc.a.example.com TXT \"v=DMARC1; p=bogus\"\n_dmarc.example.com TXT \"v=DMARC1; p=reject\"");
  CHECK(summary(evaluate(own, "a.example.com", spf_pass("a.example.com"))) ==
        "permerror unusable_record - - a.example.com");
  CHECK(asked(own) == Names{"_dmarc.a.example.com", "_dmarc.example.com", "_dmarc.com"});
  FakeResolver parent("_dmarc.example.com TXT \"v=DMARC1; p=reject; np=bogus; rua=mailto:r@x\"");
  CHECK(summary(evaluate(parent, "a.example.com")) == "fail not_aligned none none example.com");
  CHECK(asked(parent) == Names{"_dmarc.a.example.com", "_dmarc.example.com", "_dmarc.com"});
}

TEST_CASE("dmarc/evaluate: sp and np fall back to p, and existence is asked only if it matters", "[dmarc][evaluate]") {
  struct Row {
    std::string tags;
    std::string existing;
    std::string missing;
    bool asks;
  };
  const std::vector<Row> rows{
      {"p=reject", "reject", "reject", false},
      {"p=reject; sp=none", "none", "none", false},
      {"p=none; np=reject", "none", "reject", true},
      {"p=none; sp=quarantine; np=reject", "quarantine", "reject", true},
      {"p=none; sp=reject; np=reject", "reject", "reject", false},
      {"p=reject; np=reject", "reject", "reject", false},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.tags) {
      const std::string zone = "_dmarc.example.com TXT \"v=DMARC1; " + row.tags + "\"\n";
      Names questions{"_dmarc.a.example.com", "_dmarc.example.com", "_dmarc.com"};
      if (row.asks) {
        questions.emplace_back("a.example.com/A");
      }
      FakeResolver missing(zone);
      CHECK(text(evaluate(missing, "a.example.com").published) == row.missing);
      CHECK(asked(missing) == questions);
      // NODATA is existence (RFC 9989 section 3.2.13).
      FakeResolver existing(zone + "a.example.com MX 0 .");
      CHECK(text(evaluate(existing, "a.example.com").published) == row.existing);
      CHECK(asked(existing) == questions);
      // So is any name below it (RFC 8020 section 2), which the walk has seen.
      FakeResolver below(zone + "_dmarc.a.example.com NONE");
      CHECK(text(evaluate(below, "a.example.com").published) == row.existing);
      CHECK(asked(below) == Names{"_dmarc.a.example.com", "_dmarc.example.com", "_dmarc.com"});
    }
  }
}

TEST_CASE("dmarc/evaluate: an existence that cannot be found out is a TempError unless the message passes",
          "[dmarc][evaluate]") {
  const char* failure = GENERATE("!TEMPFAIL", "!BOGUS");
  const std::string zone =
      std::string("_dmarc.example.com TXT \"v=DMARC1; p=none; np=reject\"\na.example.com A ") + failure + "\n";
  const bool bogus = std::string(failure) == "!BOGUS";
  FakeResolver dns(zone);
  // The fake's name exists once it has a line, also for the name below it: NXDOMAIN must be said.
  dns.add("_dmarc.a.example.com", assay::dns::Type::TXT, [] {
    assay::dns::Answer answer;
    answer.status = assay::dns::Status::NxDomain;
    return answer;
  }());
  const Outcome failed = evaluate(dns, "a.example.com");
  CHECK(summary(failed) == std::string("temperror ") + (bogus ? "dnssec_bogus" : "dns_failure") + " - - example.com");
  CHECK(failed.detail == "a.example.com: made to fail");
  const Outcome passed = evaluate(dns, "a.example.com", spf_pass("example.com"));
  CHECK(summary(passed) == "pass - - - example.com");
  CHECK(passed.detail.empty());
}

TEST_CASE("dmarc/evaluate: alignment (RFC 9989 sections 4.4, 4.10.2)", "[dmarc][evaluate]") {
  struct Row {
    std::string name;
    std::string author;
    std::string zone;
    spf::Outcome mail_from;
    Signatures signatures;
    Status status;
    bool spf_aligned;
    bool dkim_aligned;
    std::string organization;
    Names asked;
  };
  const std::string example = "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n";
  const std::string strict = "_dmarc.example.com TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"\n";
  const std::string bank =
      "_dmarc.giant.bank.example TXT \"v=DMARC1; p=reject\"\n_dmarc.bank.example TXT \"v=DMARC1; p=none; psd=y\"\n";
  const std::vector<Row> rows{
      {"nothing passed: the walk tells the organization alone",
       "example.com",
       example,
       {},
       {},
       Status::Fail,
       false,
       false,
       "example.com",
       {"_dmarc.example.com", "_dmarc.com"}},
      {"equal names need no walk",
       "example.com",
       example,
       spf_pass("example.com"),
       {dkim_pass("example.com")},
       Status::Pass,
       true,
       true,
       "example.com",
       {"_dmarc.example.com"}},
      {"SPF alone, equal",
       "example.com",
       example,
       spf_pass("EXAMPLE.com."),
       {},
       Status::Pass,
       true,
       false,
       "example.com",
       {"_dmarc.example.com"}},
      {"DKIM alone, equal; SPF elsewhere",
       "example.com",
       example,
       spf_pass("bounce.esp.test"),
       {dkim_pass("example.com")},
       Status::Pass,
       false,
       true,
       "-",
       {"_dmarc.example.com"}},
      {"passing already: an unlikely relative is not walked",
       "example.com",
       example,
       spf_pass("bounce.esp.com"),
       {dkim_pass("example.com")},
       Status::Pass,
       false,
       true,
       "-",
       {"_dmarc.example.com"}},
      {"passing already: a likely one is",
       "example.com",
       example,
       spf_pass("bounce.example.com"),
       {dkim_pass("example.com")},
       Status::Pass,
       true,
       true,
       "example.com",
       {"_dmarc.example.com", "_dmarc.com", "_dmarc.bounce.example.com", "_dmarc.example.com", "_dmarc.com"}},
      {"another top level needs no walk of its own",
       "example.com",
       example,
       spf_pass("example.net"),
       {dkim_pass("example.org")},
       Status::Fail,
       false,
       false,
       "example.com",
       {"_dmarc.example.com", "_dmarc.com"}},
      {"an identifier outside the organization is not walked",
       "example.com",
       example,
       spf_pass("other.com"),
       {dkim_pass("mail.other.com"), dkim_pass("badexample.com")},
       Status::Fail,
       false,
       false,
       "example.com",
       {"_dmarc.example.com", "_dmarc.com"}},
      {"relaxed, below the author",
       "example.com",
       example,
       {},
       {dkim_pass("mail.example.com")},
       Status::Pass,
       false,
       true,
       "example.com",
       {"_dmarc.example.com", "_dmarc.com", "_dmarc.mail.example.com", "_dmarc.example.com", "_dmarc.com"}},
      {"relaxed, above the author",
       "mail.example.com",
       example,
       spf_pass("example.com"),
       {},
       Status::Pass,
       true,
       false,
       "example.com",
       {"_dmarc.mail.example.com", "_dmarc.example.com", "_dmarc.com", "_dmarc.example.com", "_dmarc.com"}},
      {"relaxed, beside the author",
       "a.example.com",
       example,
       {},
       {dkim_pass("b.example.com")},
       Status::Pass,
       false,
       true,
       "example.com",
       {"_dmarc.a.example.com", "_dmarc.example.com", "_dmarc.com", "_dmarc.b.example.com", "_dmarc.example.com",
        "_dmarc.com"}},
      {"psd=n between them",
       "example.com",
       example + "_dmarc.b.example.com TXT \"v=DMARC1; psd=n; p=none\"\n",
       {},
       {dkim_pass("b.example.com"), dkim_pass("a.b.example.com")},
       Status::Fail,
       false,
       false,
       "example.com",
       {"_dmarc.example.com", "_dmarc.com", "_dmarc.b.example.com", "_dmarc.a.b.example.com", "_dmarc.b.example.com"}},
      {"strict refuses relatives without a walk of theirs",
       "example.com",
       strict,
       spf_pass("mail.example.com"),
       {dkim_pass("mail.example.com")},
       Status::Fail,
       false,
       false,
       "example.com",
       {"_dmarc.example.com", "_dmarc.com"}},
      {"strict takes the equal",
       "example.com",
       strict,
       spf_pass("mail.example.com"),
       {dkim_pass("Example.COM")},
       Status::Pass,
       false,
       true,
       "-",
       {"_dmarc.example.com"}},
      {"B.4.3: the same organization below a public suffix",
       "giant.bank.example",
       bank,
       {},
       {dkim_pass("mail.giant.bank.example")},
       Status::Pass,
       false,
       true,
       "giant.bank.example",
       {"_dmarc.giant.bank.example", "_dmarc.bank.example", "_dmarc.mail.giant.bank.example",
        "_dmarc.giant.bank.example", "_dmarc.bank.example"}},
      {"B.4.3: another one",
       "giant.bank.example",
       bank,
       spf_pass("mail.mega.bank.example"),
       {},
       Status::Fail,
       false,
       false,
       "giant.bank.example",
       {"_dmarc.giant.bank.example", "_dmarc.bank.example"}},
      {"the public suffix itself",
       "giant.bank.example",
       bank,
       spf_pass("bank.example"),
       {},
       Status::Fail,
       false,
       false,
       "giant.bank.example",
       {"_dmarc.giant.bank.example", "_dmarc.bank.example"}},
      {"no record: no alignment",
       "example.com",
       "",
       spf_pass("example.com"),
       {dkim_pass("mail.example.com")},
       Status::None,
       false,
       false,
       "example.com",
       {"_dmarc.example.com", "_dmarc.com"}},
      {"only pass counts: SPF",
       "example.com",
       example,
       spf_of(spf::Status::SoftFail, "example.com"),
       {},
       Status::Fail,
       false,
       false,
       "example.com",
       {"_dmarc.example.com", "_dmarc.com"}},
      {"only pass counts: DKIM",
       "example.com",
       example,
       {},
       {dkim_of(dkim::Status::Policy, "example.com"), dkim_of(dkim::Status::Neutral, "example.com"),
        dkim_of(dkim::Status::Fail, "example.com"), dkim_of(dkim::Status::PermError, "example.com")},
       Status::Fail,
       false,
       false,
       "example.com",
       {"_dmarc.example.com", "_dmarc.com"}},
      {"a name that cannot be read aligns with nothing",
       "example.com",
       example,
       spf_pass("exa mple.com"),
       {dkim_pass("exa mple.com")},
       Status::Fail,
       false,
       false,
       "example.com",
       {"_dmarc.example.com", "_dmarc.com"}},
      {"U-label and A-label are one name",
       "xn--bcher-kva.example",
       "_dmarc.xn--bcher-kva.example TXT \"v=DMARC1; p=reject\"\n",
       spf_pass("b\xC3\xBC"
                "cher.example"),
       {},
       Status::Pass,
       true,
       false,
       "xn--bcher-kva.example",
       {"_dmarc.xn--bcher-kva.example"}},
      {"psd=n at the author ends its walk at once",
       "example.com",
       "_dmarc.example.com TXT \"v=DMARC1; p=none; psd=n\"",
       {},
       {dkim_pass("other.com")},
       Status::Fail,
       false,
       false,
       "example.com",
       {"_dmarc.example.com"}},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      FakeResolver dns(row.zone);
      const Outcome out = evaluate(dns, row.author, row.mail_from, row.signatures);
      CHECK(out.status == row.status);
      CHECK(out.spf_aligned == row.spf_aligned);
      CHECK(out.dkim_aligned == row.dkim_aligned);
      CHECK(text(out.organizational_domain) == row.organization);
      CHECK(asked(dns) == row.asked);
      CHECK(text(out.author) == row.author);
    }
  }
}

TEST_CASE("dmarc/evaluate: of SPF only pass counts; neutral is as none (RFC 9989 section 4.4.2, RFC 7208 section 8.2)",
          "[dmarc][evaluate]") {
  const std::string zone = "_dmarc.example.com TXT \"v=DMARC1; p=reject\"";
  for (const auto status :
       {spf::Status::None, spf::Status::Neutral, spf::Status::Fail, spf::Status::SoftFail, spf::Status::PermError}) {
    CAPTURE(spf::to_string(status));
    FakeResolver dns(zone);
    CHECK(summary(evaluate(dns, "example.com", spf_of(status, "example.com"))) ==
          "fail not_aligned reject reject example.com");
  }
  FakeResolver dns(zone);
  CHECK(evaluate(dns, "example.com", spf_pass("example.com")).status == Status::Pass);
}

TEST_CASE("dmarc/evaluate: a pass with a test key counts (RFC 9989 section 4.4.1)", "[dmarc][evaluate]") {
  FakeResolver dns("_dmarc.example.com TXT \"v=DMARC1; p=reject\"");
  auto signature = dkim_pass("example.com");
  signature.testing = true;
  CHECK(evaluate(dns, "example.com", {}, {signature}).status == Status::Pass);
}

TEST_CASE("dmarc/evaluate: failed lookups (RFC 9989 section 5.3.6)", "[dmarc][evaluate]") {
  struct Row {
    std::string name;
    std::string author;
    std::string zone;
    spf::Outcome mail_from;
    Signatures signatures;
    std::string expected;
  };
  const std::string own = "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n";
  const std::string sub = "_dmarc.a.example.com TXT \"v=DMARC1; p=reject\"\n";
  const std::string top_fails = "_dmarc.com TXT !TEMPFAIL\n";
  const std::string top_bogus = "_dmarc.com TXT !BOGUS\n";
  const auto temp = [](const std::string& domain) { return spf_of(spf::Status::TempError, domain); };
  const auto key_fails = [](const std::string& domain) { return dkim_of(dkim::Status::TempError, domain); };
  const std::vector<Row> rows{
      {"the author's own lookup, whatever passes",
       "example.com",
       "_dmarc.example.com TXT !TEMPFAIL",
       spf_pass("example.com"),
       {dkim_pass("example.com")},
       "temperror dns_failure - - -"},
      {"the author's own lookup is bogus",
       "example.com",
       "_dmarc.example.com TXT !BOGUS",
       spf_pass("example.com"),
       {},
       "temperror dnssec_bogus - - -"},
      {"discovery further up",
       "a.example.com",
       own + top_fails,
       spf_pass("a.example.com"),
       {},
       "temperror dns_failure - - -"},
      {"above the author's own record, and nothing passed",
       "example.com",
       own + top_fails,
       {},
       {},
       "fail not_aligned reject reject example.com"},
      {"above, and an equal name passed",
       "example.com",
       own + top_fails,
       spf_pass("example.com"),
       {},
       "pass - reject reject example.com"},
      {"above, and a stranger passed",
       "example.com",
       own + top_fails,
       spf_pass("example.net"),
       {},
       "fail not_aligned reject reject example.com"},
      {"above, and a possible relative passed",
       "example.com",
       own + top_fails,
       spf_pass("other.com"),
       {},
       "temperror dns_failure reject reject example.com"},
      {"above, bogus",
       "example.com",
       own + top_bogus,
       spf_pass("other.com"),
       {},
       "temperror dnssec_bogus reject reject example.com"},
      {"above a record that both walks met: it could not have changed the answer",
       "example.com",
       own + top_fails,
       spf_pass("mail.example.com"),
       {},
       "pass - reject reject example.com"},
      {"the same between two siblings",
       "a.example.com",
       sub + own + top_fails,
       {},
       {dkim_pass("b.example.com")},
       "pass - reject reject a.example.com"},
      {"siblings whose walks met nothing",
       "a.example.com",
       sub + top_fails,
       {},
       {dkim_pass("b.example.com")},
       "temperror dns_failure reject reject a.example.com"},
      {"at the identifier, within the organization",
       "example.com",
       own + "_dmarc.b.example.com TXT !TEMPFAIL",
       spf_pass("b.example.com"),
       {},
       "temperror dns_failure reject reject example.com"},
      {"at the identifier, outside it",
       "example.com",
       own + "_dmarc.other.com TXT !TEMPFAIL",
       spf_pass("other.com"),
       {},
       "fail not_aligned reject reject example.com"},
      {"the identifier is its own organization, apart from the author",
       "example.com",
       own + top_fails + "_dmarc.other.com TXT \"v=DMARC1; psd=n\"",
       spf_pass("mail.other.com"),
       {},
       "fail not_aligned reject reject example.com"},
      {"strict alignment asks nothing above",
       "example.com",
       "_dmarc.example.com TXT \"v=DMARC1; p=reject; aspf=s\"\n" + top_fails,
       spf_pass("mail.example.com"),
       {},
       "fail not_aligned reject reject example.com"},
      {"SPF temperror, equal",
       "example.com",
       own,
       temp("example.com"),
       {},
       "temperror dns_failure reject reject example.com"},
      {"SPF temperror, relaxed",
       "example.com",
       own,
       temp("mail.example.com"),
       {},
       "temperror dns_failure reject reject example.com"},
      {"SPF temperror, unknown",
       "example.com",
       own + top_fails,
       temp("other.com"),
       {},
       "temperror dns_failure reject reject example.com"},
      {"SPF temperror, a stranger",
       "example.com",
       own,
       temp("other.com"),
       {},
       "fail not_aligned reject reject example.com"},
      {"SPF temperror, no name",
       "example.com",
       own,
       temp("[192.0.2.1]"),
       {},
       "fail not_aligned reject reject example.com"},
      {"SPF temperror, but DKIM passes",
       "example.com",
       own,
       temp("example.com"),
       {dkim_pass("example.com")},
       "pass - reject reject example.com"},
      {"DKIM temperror, equal",
       "example.com",
       own,
       {},
       {key_fails("example.com")},
       "temperror dns_failure reject reject example.com"},
      {"DKIM temperror, relaxed",
       "example.com",
       own,
       {},
       {key_fails("other.test"), key_fails("b.example.com")},
       "temperror dns_failure reject reject example.com"},
      {"DKIM temperror, strict",
       "example.com",
       "_dmarc.example.com TXT \"v=DMARC1; p=reject; adkim=s\"",
       {},
       {key_fails("b.example.com")},
       "fail not_aligned reject reject example.com"},
      {"DKIM temperror, a stranger",
       "example.com",
       own,
       {},
       {key_fails("other.com")},
       "fail not_aligned reject reject example.com"},
      {"DKIM temperror, but SPF passes",
       "example.com",
       own,
       spf_pass("example.com"),
       {key_fails("example.com")},
       "pass - reject reject example.com"},
      {"one identifier cannot be aligned, another does",
       "example.com",
       own + top_fails,
       spf_pass("other.com"),
       {dkim_pass("example.com")},
       "pass - reject reject example.com"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      FakeResolver dns(row.zone);
      const Outcome out = evaluate(dns, row.author, row.mail_from, row.signatures);
      CHECK(summary(out) == row.expected);
      CHECK(out.detail.empty() == (out.status != Status::TempError));
    }
  }
}

TEST_CASE("dmarc/evaluate: temperrors of SPF and DKIM keep their DNSSEC reason", "[dmarc][evaluate]") {
  const std::string zone = "_dmarc.example.com TXT \"v=DMARC1; p=reject\"";
  auto mail_from = spf_of(spf::Status::TempError, "example.com");
  mail_from.reason = spf::Reason::DnssecBogus;
  FakeResolver first(zone);
  CHECK(evaluate(first, "example.com", mail_from).reason == Reason::DnssecBogus);
  auto signature = dkim_of(dkim::Status::TempError, "example.com");
  signature.reason = dkim::Reason::DnssecBogus;
  FakeResolver second(zone);
  CHECK(evaluate(second, "example.com", {}, {signature}).reason == Reason::DnssecBogus);
}

TEST_CASE("dmarc/evaluate: at most Limits::alignment_domains signing domains are walked, relatives first",
          "[dmarc][evaluate]") {
  const std::string zone =
      "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n"
      "_dmarc.s0.example.com TXT \"v=DMARC1; psd=n\"\n"
      "_dmarc.s1.example.com TXT \"v=DMARC1; psd=n\"\n"
      "_dmarc.s2.example.com TXT \"v=DMARC1; psd=n\"\n"
      "_dmarc.s3.example.com TXT \"v=DMARC1; psd=n\"\n";
  Limits limits;
  limits.alignment_domains = 4;
  Signatures signatures{dkim_pass("s0.example.com"), dkim_pass("s1.example.com"), dkim_pass("s2.example.com"),
                        dkim_pass("s2.example.com"), dkim_pass("x.other.com"),    dkim_pass("good.example.com")};
  SECTION("N") {
    FakeResolver dns(zone);
    CHECK(evaluate(dns, "example.com", {}, signatures, limits).status == Status::Pass);
  }
  SECTION("N+1") {
    signatures.insert(signatures.begin(), dkim_pass("s3.example.com"));
    FakeResolver dns(zone);
    CHECK(evaluate(dns, "example.com", {}, signatures, limits).status == Status::Fail);
    const Names names = asked(dns);
    CHECK(std::find(names.begin(), names.end(), "_dmarc.good.example.com") == names.end());
  }
  SECTION("a child or parent of the author goes before its siblings") {
    limits.alignment_domains = 1;
    FakeResolver dns(zone);
    signatures = {dkim_pass("s0.example.com"), dkim_pass("x.a.example.com")};
    CHECK(evaluate(dns, "a.example.com", {}, signatures, limits).status == Status::Pass);
    const Names names = asked(dns);
    CHECK(std::find(names.begin(), names.end(), "_dmarc.s0.example.com") == names.end());
  }
}

TEST_CASE("dmarc/evaluate: no more than 8 questions for the author and 8 for each identifier", "[dmarc][evaluate]") {
  const std::string author = "a.b.c.d.e.f.g.h.i.j.mail.example.com";
  FakeResolver dns("_dmarc.example.com TXT \"v=DMARC1; p=none; np=reject\"\n" + author + " NONE");
  const Outcome out = evaluate(dns, author, spf_pass("b.b.c.d.e.f.g.h.i.j.mail.example.com"));
  CHECK(out.status == Status::Pass);
  CHECK(dns.questions().size() == 8 + 1 + 8);
  CHECK(dns.distinct_questions() == 8 + 1 + 1);
}

TEST_CASE("dmarc/evaluate: several records count as none, and the detail says so", "[dmarc][evaluate]") {
  FakeResolver dns("_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n_dmarc.example.com TXT \"v=DMARC1; p=reject\"");
  const Outcome out = evaluate(dns, "example.com", spf_pass("example.com"));
  CHECK(summary(out) == "none no_record - - -");
  CHECK(out.detail == "2 records at _dmarc.example.com count as none");
}

TEST_CASE("dmarc/evaluate: a top-level domain that becomes the Organizational Domain is pointed out",
          "[dmarc][evaluate]") {
  FakeResolver dns("_dmarc.com TXT \"v=DMARC1; p=reject\"");
  const Outcome out = evaluate(dns, "example.com");
  CHECK(summary(out) == "fail not_aligned reject reject com");
  CHECK(out.detail == "the record at the top-level domain com lacks psd=y");
}

TEST_CASE("dmarc/evaluate: an identifier's walk does not get in the way of its own policy discovery",
          "[dmarc][evaluate]") {
  // a.example.com is walked as an identifier of the first author, up to a failure above its own record.
  FakeResolver dns(
      "_dmarc.b.example.com TXT \"v=DMARC1; p=reject\"\n_dmarc.a.example.com TXT \"v=DMARC1; p=quarantine\"\n"
      "_dmarc.com TXT !TEMPFAIL");
  assay::message::Authors authors;
  authors.status = assay::message::FromStatus::Ok;
  authors.domains = {name("b.example.com"), name("a.example.com")};
  const auto outcomes = assay::dmarc::evaluate_authors(authors, spf_pass("a.example.com"), Signatures{}, dns, Limits{});
  REQUIRE(outcomes.size() == 2);
  CHECK(summary(outcomes[0]) == "temperror dns_failure reject reject b.example.com");
  CHECK(summary(outcomes[1]) == "pass - quarantine quarantine a.example.com");
}
