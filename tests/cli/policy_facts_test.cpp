#include "cli/policy_facts.h"

#include <string>

#include "config/files.h"
#include "policy/condition.h"
#include "policy/indirect.h"
#include "tests/support/catch.h"

namespace assay::cli {
namespace {

struct Read {
  Assumed assumed;
  std::vector<config::Finding> findings;
};

Read read(const std::string& yaml) {
  const auto root = config::read_yaml("facts: " + yaml + '\n');
  REQUIRE(root);
  config::Files files(config::read_regular_file);
  files.add("cases.yaml");
  config::Findings findings(files);
  config::Section file(findings, *root);
  config::Section facts = file.section_of("facts", file.find("facts"));
  Read out{read_facts(facts), {}};
  facts.finish();
  out.findings = findings.take();
  return out;
}

Assumed assumed(const std::string& yaml) {
  Read out = read(yaml);
  CAPTURE(yaml, out.findings.empty() ? "" : out.findings.front().message);
  CHECK(out.findings.empty());
  return std::move(out.assumed);
}

}  // namespace

TEST_CASE("cli/policy_facts: every fact that a condition may ask about can be stated", "[cli][policy]") {
  for (const policy::FactInfo& info : policy::all_facts()) {
    CAPTURE(info.key);
    const auto found = read("{" + std::string(info.key) + ": \"?\"}").findings;
    // Each may refuse the value, but none may be unknown.
    for (const config::Finding& finding : found) {
      CHECK(finding.message.find("unknown key") == std::string::npos);
    }
  }
}

TEST_CASE("cli/policy_facts: what is not stated is none", "[cli][policy]") {
  const Assumed nothing = assumed("{}");
  CHECK(nothing.verdict.dmarc.status == dmarc::Status::None);
  CHECK(nothing.verdict.dmarc.author->str() == kUnnamedAuthor);
  CHECK_FALSE(nothing.verdict.dmarc.published);
  CHECK(nothing.verdict.dkim.empty());
  CHECK(nothing.verdict.spf_mail_from.status == spf::Status::None);
  CHECK(nothing.verdict.arc.status == arc::Status::None);
  CHECK_FALSE(nothing.verdict.iprev);
  CHECK_FALSE(nothing.facts.has_envelope);
  CHECK_FALSE(nothing.facts.client_ip);
  CHECK_FALSE(nothing.evidence);
}

TEST_CASE("cli/policy_facts: a failure under an unnamed policy is one under p=reject", "[cli][policy]") {
  CHECK(assumed("{dmarc: fail}").verdict.dmarc.policy == dmarc::Policy::Reject);
  CHECK(assumed("{dmarc: fail, dmarc_published: none}").verdict.dmarc.policy == dmarc::Policy::None);
  // Nobody knows what could not be looked up.
  CHECK_FALSE(assumed("{dmarc: temperror}").verdict.dmarc.policy);
  CHECK_FALSE(assumed("{dmarc: permerror}").verdict.dmarc.policy);
}

TEST_CASE("cli/policy_facts: of several authors the one whose failure is strictest decides (RFC 9989 section 11.5)",
          "[cli][policy]") {
  const Assumed two =
      assumed("{from_domain: [a.example, b.example], dmarc: [pass, fail], dmarc_published: [none, quarantine]}");
  CHECK(two.verdict.dmarc.author->str() == "b.example");
  CHECK(two.verdict.dmarc.published == dmarc::Policy::Quarantine);
  REQUIRE(two.verdict.other_authors.size() == 1);
  CHECK(two.verdict.other_authors[0].author->str() == "a.example");
  CHECK(two.verdict.other_authors[0].status == dmarc::Status::Pass);

  const Assumed alike = assumed("{from_domain: [a.example, b.example], dmarc: fail}");
  CHECK(alike.verdict.dmarc.author->str() == "a.example");
  REQUIRE(alike.verdict.other_authors.size() == 1);
  CHECK(alike.verdict.other_authors[0].status == dmarc::Status::Fail);
}

TEST_CASE("cli/policy_facts: the connection and the envelope", "[cli][policy]") {
  const Assumed seen = assumed(
      "{client_ip: 192.0.2.1, client_name: mx.example.com, iprev: pass, helo: h.example.com, spf_helo: neutral, "
      "mail_from_domain: example.com, spf: pass, rcpt: [a@example.net, b@example.net], tls: true, authenticated: joe}");
  CHECK(seen.facts.client_ip->to_string() == "192.0.2.1");
  CHECK(seen.verdict.iprev->status == iprev::Status::Pass);
  CHECK(seen.verdict.iprev->name == "mx.example.com");
  CHECK(seen.verdict.spf_helo.status == spf::Status::Neutral);
  CHECK(seen.verdict.spf_mail_from.status == spf::Status::Pass);
  CHECK(seen.verdict.spf_mail_from.domain == "example.com");
  CHECK(seen.facts.mail_from.substr(seen.facts.mail_from.find('@')) == "@example.com");
  CHECK(seen.facts.has_envelope);
  CHECK(seen.facts.rcpt == std::vector<std::string>{"a@example.net", "b@example.net"});
  CHECK(seen.facts.authenticated == "joe");
  CHECK_FALSE(seen.facts.tls.empty());
  CHECK_FALSE(seen.facts.local);
  CHECK(assumed("{tls: false, authenticated: false}").facts.tls.empty());
  CHECK(assumed("{local: true}").facts.local);
  CHECK(assumed("{exceeded: header_octets}").verdict.exceeded == Bound::HeaderOctets);
}

TEST_CASE("cli/policy_facts: SPF of the null sender is that of HELO (RFC 7208 section 2.4)", "[cli][policy]") {
  const Assumed bounce = assumed("{mail_from: '', helo: mx.example.com, spf: pass}");
  CHECK(bounce.facts.has_envelope);
  CHECK(bounce.facts.mail_from.empty());
  CHECK(bounce.verdict.spf_mail_from.domain == "mx.example.com");
  CHECK(assumed("{mail_from: <>, helo: mx.example.com, spf: pass}").facts.mail_from.empty());
}

TEST_CASE("cli/policy_facts: signatures", "[cli][policy]") {
  const Assumed passing = assumed("{dkim_domain: [a.example, b.example], dkim_testing: true}");
  REQUIRE(passing.verdict.dkim.size() == 2);
  CHECK(passing.verdict.dkim[1].status == dkim::Status::Pass);
  CHECK(passing.verdict.dkim[1].signing_domain->str() == "b.example");
  CHECK(passing.verdict.dkim[0].testing);
  REQUIRE(assumed("{dkim: fail}").verdict.dkim.size() == 1);
  CHECK(assumed("{dkim: none}").verdict.dkim.empty());
  const Assumed unknown = assumed("{dkim: temperror, dkim_domain: a.example}");
  CHECK(unknown.verdict.dkim.front().status == dkim::Status::TempError);
}

TEST_CASE("cli/policy_facts: a chain, the oldest seal first", "[cli][policy]") {
  const Assumed sealed =
      assumed("{from_domain: example.com, arc_sealer: [a.example, b.example], arc_claims: [dmarc=pass, SPF=Fail]}");
  const arc::Outcome& arc = sealed.verdict.arc;
  CHECK(arc.status == arc::Status::Pass);
  CHECK(arc.sealers == std::vector<std::string>{"a.example", "b.example"});
  CHECK(arc.instances == 2);
  CHECK(arc.oldest_pass == 0U);
  REQUIRE(arc.hops.size() == 2);
  CHECK(arc.hops[1].signer == "b.example");
  REQUIRE(arc.claims.size() == 2);
  CHECK(arc.claims[0].method == "dmarc");
  CHECK(arc.claims[0].properties.front().second == "example.com");
  CHECK(arc.claims[1].method == "spf");
  CHECK(arc.claims[1].result == "fail");
  CHECK(assumed("{arc: fail, arc_sealer: a.example}").verdict.arc.hops.empty());
}

TEST_CASE("cli/policy_facts: a reason goes to each method that can have it with its result", "[cli][policy]") {
  CHECK(assumed("{dmarc: fail}").verdict.dmarc.reason == dmarc::Reason::NotAligned);
  CHECK(assumed("{dmarc: temperror, reason: dnssec_bogus}").verdict.dmarc.reason == dmarc::Reason::DnssecBogus);
  CHECK(assumed("{reason: from_missing}").verdict.dmarc.status == dmarc::Status::PermError);
  CHECK_FALSE(assumed("{reason: from_missing}").verdict.dmarc.author);
  CHECK(
      assumed("{mail_from_domain: a.example, spf: permerror, reason: too_many_lookups}").verdict.spf_mail_from.reason ==
      spf::Reason::TooManyLookups);
  CHECK(assumed("{arc: fail, reason: seal_failed}").verdict.arc.reason == arc::Reason::SealFailed);
  CHECK(assumed("{dkim: fail, reason: body_hash_mismatch}").verdict.dkim.front().reason ==
        dkim::Reason::BodyHashMismatch);
  // Beside a signature that passes another may fail.
  const Assumed beside = assumed("{dkim_domain: lists.example, reason: body_hash_mismatch}");
  REQUIRE(beside.verdict.dkim.size() == 2);
  CHECK(beside.verdict.dkim[0].reason == dkim::Reason::None);
  CHECK(beside.verdict.dkim[1].status == dkim::Status::Fail);
}

TEST_CASE("cli/policy_facts: evidence is taken as stated, else looked for", "[cli][policy]") {
  CHECK(assumed("{dmarc: fail, indirect: [forwarder, list]}").evidence ==
        std::vector<policy::Indirect>{policy::Indirect::List, policy::Indirect::Forwarder});
  CHECK(assumed("{dmarc: fail, indirect: false}").evidence == std::vector<policy::Indirect>{});
  const Assumed list = assumed(
      "{from_domain: example.com, dmarc: fail, list_id: lists.example.org, mail_from_domain: lists.example.org, spf: "
      "pass}");
  REQUIRE_FALSE(list.evidence);
  CHECK(policy::find_indirect(list.verdict, list.facts) == std::vector<policy::Indirect>{policy::Indirect::List});
}

TEST_CASE("cli/policy_facts: what no message can be is refused where it stands", "[cli][policy]") {
  struct Row {
    const char* yaml;
    int column;  ///< In the text after "facts: ".
    const char* expected;
  };
  const std::vector<Row> rows{
      {"{dmrc: fail}", 2, "did you mean \"dmarc\"?"},
      {"{dmarc: failed}", 9, "did you mean \"fail\"?"},
      {"{dmarc: [pass, fail]}", 10, "2 values for 1 author"},
      {"{from_domain: '*.example.com'}", 15, "is not a domain such as example.com"},
      {"{from_domain: {a: b}}", 15, "must be one value, or a list"},
      {"{client_ip: 192.0.2.0/24}", 13, "is not an address such as 192.0.2.1"},
      {"{client_ip: [192.0.2.1, 192.0.2.2]}", 25, "remove it"},
      {"{iprev: pass}", 2, "client_name"},
      {"{spf: pass}", 2, "mail_from_domain"},
      {"{spf_helo: pass}", 2, "helo"},
      {"{mail_from: a@b.example, mail_from_domain: b.example}", 44, "mail_from says it already"},
      {"{rcpt: a@b.example, rcpt_domain: b.example}", 34, "rcpt says it already"},
      {"{rcpt: nobody}", 8, "is not an address"},
      {"{dkim: fail, dkim_domain: a.example}", 27, "dkim says fail: remove one of the two"},
      {"{dkim: none, dkim_domain: a.example}", 27, "dkim says none: remove one of the two"},
      {"{dkim: pass}", 2, "add dkim_domain"},
      {"{dkim_testing: true}", 2, "needs a signature"},
      {"{arc: pass}", 2, "add arc_sealer"},
      {"{arc: none, arc_sealer: a.example}", 25, "arc says none"},
      {"{arc_claims: dmarc=pass}", 14, "add arc_sealer"},
      {"{arc_sealer: a.example, arc_claims: dmarc}", 37, "is not METHOD=RESULT"},
      {"{dmarc: pass, reason: not_aligned}", 23, "is a reason of dmarc: fail"},
      {"{reason: body_hash_mismatch}", 10, "is a reason of dkim: fail"},
      {"{reason: body_hash_missmatch}", 10, "did you mean \"body_hash_mismatch\"?"},
      {"{reason: from_missing, from_domain: a.example}", 37, "remove it"},
      {"{dmarc_published: reject}", 19, "add dmarc: fail or dmarc: pass"},
      {"{from_domain: a.example, org_domain: b.example, dmarc: fail}", 38, "is neither"},
      {"{dmarc: fail, indirect: true}", 25, "say which evidence"},
      {"{indirect: list}", 12, "add dmarc: fail"},
      // RFC 9989 section 4.4: an identifier of the author's own name is aligned.
      {"{from_domain: a.example, dmarc: fail, dkim_domain: a.example}", 26, "cannot fail for a.example"},
      {"{from_domain: a.example, dmarc: fail, mail_from_domain: A.example, spf: pass}", 26,
       "cannot fail for a.example"},
      {"{dmarc: pass, mail_from_domain: a.example, spf: fail, dkim: none}", 2, "cannot pass"},
  };
  constexpr int kPrefix = 7;  // "facts: "
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.yaml) {
      const auto found = read(row.yaml).findings;
      REQUIRE(found.size() == 1);
      CAPTURE(found.front().message);
      CHECK(found.front().message.find(row.expected) != std::string::npos);
      CHECK(found.front().mark.line == 1);
      CHECK(found.front().mark.column == row.column + kPrefix);
    }
  }
}

}  // namespace assay::cli
