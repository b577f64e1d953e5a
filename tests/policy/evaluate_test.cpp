#include "policy/evaluate.h"

#include <functional>
#include <string>
#include <vector>

#include "tests/policy/authors.h"
#include "tests/policy/conditions.h"
#include "tests/support/catch.h"

namespace assay::policy {
namespace {

using test::all;
using test::any;
using test::author;
using test::domain;
using test::is;
using test::none;

/// A message as one recipient's, and what is asked about it.
struct Scene {
  Verdict verdict;
  Facts facts;
  std::vector<Indirect> evidence;
  NameList trusted_sealers;
  std::optional<std::string> recipient;

  Scene() { verdict.dmarc = author("example.com", dmarc::Status::Pass); }

  [[nodiscard]] Truth ask(const Condition& condition) const {
    const Message message(verdict, facts, evidence);
    const std::optional<Recipient> asked = recipient ? std::optional<Recipient>(*recipient) : std::nullopt;
    return evaluate(condition, {message, verdict.dmarc, asked ? &*asked : nullptr, trusted_sealers, condition});
  }
};

struct Row {
  const char* name;
  std::function<void(Scene&)> change;
  Condition condition;
  Truth expected;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Scene scene;
      row.change(scene);
      CHECK(std::string(to_string(scene.ask(row.condition))) == to_string(row.expected));
    }
  }
}

void nothing(Scene& /*scene*/) {}

dkim::Outcome signature(std::string_view name, dkim::Status status, bool testing = false) {
  dkim::Outcome outcome;
  outcome.status = status;
  outcome.signing_domain = domain(name);
  outcome.testing = testing;
  return outcome;
}

void iprev(Scene& scene, iprev::Status status, const char* name) {
  scene.verdict.iprev = iprev::Outcome{status, name};
}

void chain(Scene& scene, arc::Status status, std::vector<std::string> sealers, std::optional<unsigned> oldest_pass,
           arc::Reason reason = arc::Reason::None) {
  arc::Outcome& arc = scene.verdict.arc;
  arc.status = status;
  arc.reason = reason;
  arc.instances = static_cast<unsigned>(sealers.size());
  arc.sealers = std::move(sealers);
  arc.oldest_pass = oldest_pass;
  arc.from_signed = status == arc::Status::Pass;
  for (const std::string& sealer : arc.sealers) {
    arc.hops.push_back({"arc", sealer, true, false, true, {}});
  }
}

}  // namespace

TEST_CASE("policy/evaluate: all is the least of its parts, any the greatest, not turns round (Kleene)",
          "[policy][evaluate]") {
  // One part of each truth, by a message whose SPF check failed temporarily.
  Scene scene;
  scene.verdict.spf_mail_from.status = spf::Status::TempError;
  const Condition yes = is(Fact::Dmarc, "pass");
  const Condition no = is(Fact::Dmarc, "fail");
  const Condition open = is(Fact::Spf, "pass");
  REQUIRE(scene.ask(yes) == Truth::True);
  REQUIRE(scene.ask(no) == Truth::False);
  REQUIRE(scene.ask(open) == Truth::Unknown);

  CHECK(scene.ask(none(yes)) == Truth::False);
  CHECK(scene.ask(none(no)) == Truth::True);
  CHECK(scene.ask(none(open)) == Truth::Unknown);

  CHECK(scene.ask(all({})) == Truth::True);
  CHECK(scene.ask(all({yes, yes})) == Truth::True);
  CHECK(scene.ask(all({yes, open})) == Truth::Unknown);
  CHECK(scene.ask(all({open, yes})) == Truth::Unknown);
  CHECK(scene.ask(all({open, no})) == Truth::False);
  CHECK(scene.ask(all({no, open})) == Truth::False);

  CHECK(scene.ask(any({})) == Truth::False);
  CHECK(scene.ask(any({no, no})) == Truth::False);
  CHECK(scene.ask(any({no, open})) == Truth::Unknown);
  CHECK(scene.ask(any({open, no})) == Truth::Unknown);
  CHECK(scene.ask(any({open, yes})) == Truth::True);
  CHECK(scene.ask(any({yes, open})) == Truth::True);
}

TEST_CASE("policy/evaluate: the author's domain and what DMARC says of it", "[policy][evaluate]") {
  const auto temperror = [](Scene& s) { s.verdict.dmarc = author("a.example.com", dmarc::Status::TempError); };
  const auto pass_without_walk = [](Scene& s) { s.verdict.dmarc = author("a.example.com", dmarc::Status::Pass); };
  const auto walked = [](Scene& s) {
    s.verdict.dmarc = author("a.example.com", dmarc::Status::Fail, dmarc::Policy::Reject);
    s.verdict.dmarc.organizational_domain = domain("example.com");
  };
  check({
      {"from_domain is that name", nothing, is(Fact::FromDomain, "example.com"), Truth::True},
      {"from_domain is another", nothing, is(Fact::FromDomain, "*.example.com"), Truth::False},
      {"from_domain of a message without usable From", [](Scene& s) { s.verdict.dmarc.author.reset(); },
       is(Fact::FromDomain, "example.com"), Truth::False},
      {"from_domain needs no DNS", temperror, is(Fact::FromDomain, "*.example.com"), Truth::True},
      {"org_domain as the walk found it", walked, is(Fact::OrgDomain, "example.com"), Truth::True},
      {"org_domain is not the author's own name", walked, is(Fact::OrgDomain, "a.example.com"), Truth::False},
      {"org_domain without a walk: a name above counts", pass_without_walk, is(Fact::OrgDomain, "example.com"),
       Truth::True},
      {"org_domain without a walk: the name itself counts", pass_without_walk, is(Fact::OrgDomain, "a.example.com"),
       Truth::True},
      {"org_domain without a walk: a top-level domain does not", pass_without_walk, is(Fact::OrgDomain, "com"),
       Truth::False},
      {"org_domain could not be looked up", temperror, is(Fact::OrgDomain, "example.com"), Truth::Unknown},
      {"org_domain could not be looked up, but cannot be that", temperror, is(Fact::OrgDomain, "example.org"),
       Truth::False},
      {"dmarc", walked, is(Fact::Dmarc, std::vector<std::string>{"none", "fail"}), Truth::True},
      {"dmarc, another", walked, is(Fact::Dmarc, "pass"), Truth::False},
      {"dmarc could not be evaluated", temperror, is(Fact::Dmarc, "fail"), Truth::Unknown},
      {"dmarc could not be evaluated, and that is asked", temperror, is(Fact::Dmarc, "temperror"), Truth::True},
      {"dmarc permerror is an answer (RFC 9989 section 4.10.1)",
       [](Scene& s) { s.verdict.dmarc = author("example.com", dmarc::Status::PermError); }, is(Fact::Dmarc, "fail"),
       Truth::False},
      {"dmarc_published", walked, is(Fact::DmarcPublished, "reject"), Truth::True},
      {"dmarc_published is before t=y",
       [&walked](Scene& s) {
         walked(s);
         s.verdict.dmarc.policy = dmarc::Policy::Quarantine;
       },
       is(Fact::DmarcPublished, "quarantine"), Truth::False},
      {"dmarc_published without a record",
       [](Scene& s) { s.verdict.dmarc = author("example.com", dmarc::Status::None); }, is(Fact::DmarcPublished, "none"),
       Truth::False},
      {"dmarc_published could not be looked up", temperror, is(Fact::DmarcPublished, "none"), Truth::Unknown},
      {"dmarc_published of a pass hangs on an existence that could not be looked up",
       [](Scene& s) { s.verdict.dmarc = author("example.com", dmarc::Status::Pass); }, is(Fact::DmarcPublished, "none"),
       Truth::Unknown},
      {"dmarc_published was found before a lookup failed",
       [](Scene& s) { s.verdict.dmarc = author("example.com", dmarc::Status::TempError, dmarc::Policy::Reject); },
       is(Fact::DmarcPublished, "none"), Truth::False},
  });
}

TEST_CASE("policy/evaluate: the envelope and the connection", "[policy][evaluate]") {
  const auto envelope = [](const char* mail_from) {
    return [mail_from](Scene& s) {
      s.facts.has_envelope = true;
      s.facts.mail_from = mail_from;
    };
  };
  check({
      {"mail_from_domain", envelope("a@News.Example.com"), is(Fact::MailFromDomain, "*.example.com"), Truth::True},
      {"mail_from_domain is what follows the last @", envelope("\"a@example.com\"@example.org"),
       is(Fact::MailFromDomain, "example.com"), Truth::False},
      {"mail_from_domain of the null sender", envelope(""), is(Fact::MailFromDomain, "example.com"), Truth::False},
      {"mail_from_domain of an address without one", envelope("example.com"), is(Fact::MailFromDomain, "example.com"),
       Truth::False},
      {"mail_from_domain without an envelope", [](Scene& s) { s.facts.mail_from = "a@example.com"; },
       is(Fact::MailFromDomain, "example.com"), Truth::False},
      {"mail_from_domain as an address literal", envelope("a@[192.0.2.1]"), is(Fact::MailFromDomain, "[192.0.2.1]"),
       Truth::True},
      {"mail_from_domain: the comment behind the address is not it", envelope("<x@evil.test>(y@partner.example>)"),
       is(Fact::MailFromDomain, "partner.example"), Truth::False},
      {"mail_from_domain in a record that an older version wrote of it", envelope("x@evil.test>(y@partner.example"),
       is(Fact::MailFromDomain, "partner.example"), Truth::False},
      {"mail_from_domain that SPF was asked about",
       [](Scene& s) {
         s.facts.has_envelope = true;
         s.facts.mail_from =
             "x@b\xC3\xBC"
             "cher.example.";
         s.verdict.spf_mail_from.domain = "xn--bcher-kva.example";
       },
       is(Fact::MailFromDomain, "xn--bcher-kva.example"), Truth::True},
      {"mail_from_domain is never another than the one that SPF was asked about",
       [](Scene& s) {
         s.facts.has_envelope = true;
         s.facts.mail_from = "x@partner.example";
         s.verdict.spf_mail_from.domain = "evil.test";
         s.verdict.spf_mail_from.status = spf::Status::Pass;
       },
       is(Fact::MailFromDomain, "partner.example"), Truth::False},
      {"helo", [](Scene& s) { s.facts.helo = "MX.example.net"; }, is(Fact::Helo, "*.example.net"), Truth::True},
      {"helo missing", nothing, is(Fact::Helo, "*.example.net"), Truth::False},
      {"client_name is the one that iprev confirmed",
       [](Scene& s) {
         s.facts.client_name = "liar.example.net";
         iprev(s, iprev::Status::Pass, "mx.example.org");
       },
       is(Fact::ClientName, "*.example.net"), Truth::False},
      {"client_name confirmed", [](Scene& s) { iprev(s, iprev::Status::Pass, "mx.example.org"); },
       is(Fact::ClientName, "mx.example.org"), Truth::True},
      {"client_name is the MTA's where iprev fails",
       [](Scene& s) {
         s.facts.client_name = "mx.example.net";
         iprev(s, iprev::Status::Fail, "mx.example.org");
       },
       is(Fact::ClientName, "mx.example.net"), Truth::True},
      {"client_name that iprev refuted is none",
       [](Scene& s) {
         s.facts.client_name = "unknown";
         iprev(s, iprev::Status::Fail, "mx.example.org");
       },
       is(Fact::ClientName, "mx.example.org"), Truth::False},
      {"client_name that could not be confirmed",
       [](Scene& s) {
         s.facts.client_name = "unknown";
         iprev(s, iprev::Status::TempError, "");
       },
       is(Fact::ClientName, "mx.example.org"), Truth::Unknown},
      {"client_ip", [](Scene& s) { s.facts.client_ip = IpAddress::parse("192.0.2.7").value(); },
       is(Fact::ClientIp, std::vector<std::string>{"2001:db8::/32", "192.0.2.0/24"}), Truth::True},
      {"client_ip, another", [](Scene& s) { s.facts.client_ip = IpAddress::parse("198.51.100.7").value(); },
       is(Fact::ClientIp, "192.0.2.0/24"), Truth::False},
      {"client_ip missing", nothing, is(Fact::ClientIp, "0.0.0.0/0"), Truth::False},
      {"iprev", [](Scene& s) { iprev(s, iprev::Status::Pass, "mx.example.org"); }, is(Fact::Iprev, "pass"),
       Truth::True},
      {"iprev, another", [](Scene& s) { iprev(s, iprev::Status::PermError, ""); }, is(Fact::Iprev, "fail"),
       Truth::False},
      {"iprev failed temporarily", [](Scene& s) { iprev(s, iprev::Status::TempError, ""); }, is(Fact::Iprev, "pass"),
       Truth::Unknown},
      {"iprev failed temporarily, and that is asked", [](Scene& s) { iprev(s, iprev::Status::TempError, ""); },
       is(Fact::Iprev, "temperror"), Truth::True},
      {"iprev without a client", nothing, is(Fact::Iprev, "pass"), Truth::False},
      {"authenticated", [](Scene& s) { s.facts.authenticated = "joe"; }, is(Fact::Authenticated, "true"), Truth::True},
      {"authenticated, not asked for", [](Scene& s) { s.facts.authenticated = "joe"; },
       is(Fact::Authenticated, "false"), Truth::False},
      {"not authenticated", nothing, is(Fact::Authenticated, "false"), Truth::True},
      {"authenticated as", [](Scene& s) { s.facts.authenticated = "Joe"; }, is(Fact::Authenticated, "joe"),
       Truth::True},
      {"authenticated as another", [](Scene& s) { s.facts.authenticated = "joel"; }, is(Fact::Authenticated, "joe"),
       Truth::False},
      {"no login name is no word", nothing, is(Fact::Authenticated, ""), Truth::False},
      {"tls", [](Scene& s) { s.facts.tls = "TLSv1.3"; }, is(Fact::Tls, "true"), Truth::True},
      {"tls of that version", [](Scene& s) { s.facts.tls = "TLSv1.3"; }, is(Fact::Tls, "tlsv1.3"), Truth::True},
      {"no tls", nothing, is(Fact::Tls, "true"), Truth::False},
  });
}

TEST_CASE("policy/evaluate: SPF and DKIM", "[policy][evaluate]") {
  const auto spf = [](spf::Status status) { return [status](Scene& s) { s.verdict.spf_mail_from.status = status; }; };
  const auto signatures = [](std::vector<dkim::Outcome> outcomes) {
    return [outcomes](Scene& s) { s.verdict.dkim = outcomes; };
  };
  using dkim::Status;
  check({
      {"spf", spf(spf::Status::SoftFail), is(Fact::Spf, std::vector<std::string>{"fail", "softfail"}), Truth::True},
      {"spf, another", spf(spf::Status::PermError), is(Fact::Spf, "pass"), Truth::False},
      {"spf failed temporarily", spf(spf::Status::TempError), is(Fact::Spf, "fail"), Truth::Unknown},
      {"spf failed temporarily, and that is asked", spf(spf::Status::TempError), is(Fact::Spf, "temperror"),
       Truth::True},
      {"spf is not spf_helo", spf(spf::Status::Pass), is(Fact::SpfHelo, "pass"), Truth::False},
      {"spf_helo failed temporarily", [](Scene& s) { s.verdict.spf_helo.status = spf::Status::TempError; },
       is(Fact::SpfHelo, "pass"), Truth::Unknown},
      {"dkim none", nothing, is(Fact::Dkim, "none"), Truth::True},
      {"dkim is the best of all",
       signatures({signature("a.example", Status::Fail), signature("b.example", Status::Pass)}), is(Fact::Dkim, "pass"),
       Truth::True},
      {"dkim is no other of them",
       signatures({signature("a.example", Status::Fail), signature("b.example", Status::Pass)}), is(Fact::Dkim, "fail"),
       Truth::False},
      {"dkim pass beside one that failed temporarily",
       signatures({signature("a.example", Status::TempError), signature("b.example", Status::Pass)}),
       is(Fact::Dkim, "fail"), Truth::False},
      {"dkim failed temporarily beside a failure",
       signatures({signature("a.example", Status::Fail), signature("b.example", Status::TempError)}),
       is(Fact::Dkim, "fail"), Truth::Unknown},
      {"dkim failed temporarily, and that is asked", signatures({signature("a.example", Status::TempError)}),
       is(Fact::Dkim, "temperror"), Truth::True},
      {"dkim failed temporarily: it will not be none", signatures({signature("a.example", Status::TempError)}),
       is(Fact::Dkim, "none"), Truth::False},
      {"dkim failed temporarily: it may become any other", signatures({signature("a.example", Status::TempError)}),
       is(Fact::Dkim, "neutral"), Truth::Unknown},
      {"dkim failed temporarily beside a failure: the best will be no worse than that",
       signatures({signature("a.example", Status::Fail), signature("b.example", Status::TempError)}),
       is(Fact::Dkim, std::vector<std::string>{"none", "permerror", "policy", "neutral"}), Truth::False},
      {"dkim failed temporarily beside a failure: it may pass",
       signatures({signature("a.example", Status::Fail), signature("b.example", Status::TempError)}),
       is(Fact::Dkim, "pass"), Truth::Unknown},
      {"dkim failed temporarily beside a permerror: fail is better",
       signatures({signature("a.example", Status::PermError), signature("b.example", Status::TempError)}),
       is(Fact::Dkim, "fail"), Truth::Unknown},
      {"dkim failed temporarily beside neutral: policy is better",
       signatures({signature("a.example", Status::Neutral), signature("b.example", Status::TempError)}),
       is(Fact::Dkim, "policy"), Truth::Unknown},
      {"dkim failed temporarily, not none", signatures({signature("a.example", Status::TempError)}),
       none(is(Fact::Dkim, "none")), Truth::True},
      {"dkim_domain", signatures({signature("news.example.com", Status::Pass)}), is(Fact::DkimDomain, "*.example.com"),
       Truth::True},
      {"dkim_domain of a signature that fails", signatures({signature("example.com", Status::Fail)}),
       is(Fact::DkimDomain, "example.com"), Truth::False},
      {"dkim_domain of a signature that failed temporarily", signatures({signature("example.com", Status::TempError)}),
       is(Fact::DkimDomain, "example.com"), Truth::Unknown},
      {"dkim_domain: another failed temporarily",
       signatures({signature("example.org", Status::TempError), signature("example.net", Status::Pass)}),
       is(Fact::DkimDomain, "example.com"), Truth::False},
      {"dkim_domain: one passes beside one that failed temporarily",
       signatures({signature("example.com", Status::TempError), signature("example.com", Status::Pass)}),
       is(Fact::DkimDomain, "example.com"), Truth::True},
      {"dkim_testing", signatures({signature("example.com", Status::Pass, true)}), is(Fact::DkimTesting, "true"),
       Truth::True},
      {"dkim_testing, not asked for", signatures({signature("example.com", Status::Pass, true)}),
       is(Fact::DkimTesting, "false"), Truth::False},
      {"dkim_testing: no signature", nothing, is(Fact::DkimTesting, "false"), Truth::True},
      {"dkim_testing: a key could not be looked up", signatures({signature("example.com", Status::TempError)}),
       is(Fact::DkimTesting, "false"), Truth::Unknown},
  });
}

TEST_CASE("policy/evaluate: who sealed the chain (RFC 8617 section 5.2)", "[policy][evaluate]") {
  using arc::Reason;
  using arc::Status;
  const std::vector<std::string> lists{"lists.example.org", "example.net"};
  check({
      {"arc", [](Scene& s) { chain(s, Status::Pass, {"example.net"}, 1); }, is(Fact::Arc, "pass"), Truth::True},
      {"arc, another", [](Scene& s) { chain(s, Status::Fail, {"example.net"}, {}, Reason::SealFailed); },
       is(Fact::Arc, "pass"), Truth::False},
      {"arc could not be checked", [](Scene& s) { chain(s, Status::Fail, {"example.net"}, {}, Reason::DnsFailure); },
       is(Fact::Arc, "fail"), Truth::Unknown},
      {"arc could not be checked: it will not be none",
       [](Scene& s) { chain(s, Status::Fail, {"example.net"}, {}, Reason::DnsFailure); }, is(Fact::Arc, "none"),
       Truth::False},
      {"arc could not be checked: it may pass",
       [](Scene& s) { chain(s, Status::Fail, {"example.net"}, {}, Reason::DnsFailure); },
       is(Fact::Arc, std::vector<std::string>{"none", "pass"}), Truth::Unknown},
      {"arc could not be checked for DNSSEC",
       [](Scene& s) { chain(s, Status::Fail, {"example.net"}, {}, Reason::DnssecBogus); }, is(Fact::Arc, "fail"),
       Truth::Unknown},
      {"arc_sealer: every message signature verifies, and every sealer is named",
       [](Scene& s) {
         chain(s, Status::Pass, {"lists.example.org", "example.net"}, 0);
       },
       is(Fact::ArcSealer, lists), Truth::True},
      {"arc_sealer: every message signature verifies, but the first sealer is a stranger",
       [](Scene& s) {
         chain(s, Status::Pass, {"evil.example", "example.net"}, 0);
       },
       is(Fact::ArcSealer, lists), Truth::False},
      {"arc_sealer: a stranger before the oldest-pass does not matter",
       [](Scene& s) {
         chain(s, Status::Pass, {"evil.example", "example.net"}, 2);
       },
       is(Fact::ArcSealer, lists), Truth::True},
      {"arc_sealer: a stranger after the oldest-pass may have changed anything",
       [](Scene& s) {
         chain(s, Status::Pass, {"lists.example.org", "evil.example"}, 1);
       },
       is(Fact::ArcSealer, lists), Truth::False},
      {"arc_sealer: a chain that fails",
       [](Scene& s) { chain(s, Status::Fail, {"example.net"}, {}, Reason::SealFailed); }, is(Fact::ArcSealer, lists),
       Truth::False},
      {"arc_sealer: a chain that could not be checked",
       [](Scene& s) {
         chain(s, Status::Fail, {"evil.example", "example.net"}, {}, Reason::DnsFailure);
       },
       is(Fact::ArcSealer, lists), Truth::Unknown},
      {"arc_sealer: a stranger's chain that could not be checked",
       [](Scene& s) {
         chain(s, Status::Fail, {"example.net", "evil.example"}, {}, Reason::DnsFailure);
       },
       is(Fact::ArcSealer, lists), Truth::False},
      {"arc_sealer: no chain", nothing, is(Fact::ArcSealer, lists), Truth::False},
  });
}

TEST_CASE("policy/evaluate: what trusted hops claim of this author (RFC 8617 section 7.2.1)", "[policy][evaluate]") {
  using arc::Claim;
  using arc::Status;
  const auto claiming = [](const char* from) {
    return [from](Scene& s) {
      chain(s, Status::Pass, {"evil.example", "lists.example.org"}, 2);
      s.verdict.arc.claims = {Claim{"dmarc", "pass", {{"header.from", "example.com"}}}};
      s.verdict.arc.hops.back().claims = {Claim{"dmarc", "fail", {{"header.from", from}}}};
    };
  };
  const Condition passes = is(Fact::ArcClaims, "dmarc=pass");
  const Condition fails = is(Fact::ArcClaims, "dmarc=fail");
  const Condition sealer = is(Fact::ArcSealer, "lists.example.org");
  check({
      {"nobody is trusted", claiming("example.com"), fails, Truth::False},
      {"named by arc_sealer in the rule", claiming("example.com"), all({sealer, fails}), Truth::True},
      {"named in another branch", claiming("example.com"), any({all({sealer, is(Fact::Spf, "pass")}), fails}),
       Truth::True},
      {"named under not", claiming("example.com"), any({none(sealer), fails}), Truth::False},
      {"trusted by the configuration",
       [&](Scene& s) {
         claiming("example.com")(s);
         static_cast<void>(s.trusted_sealers.add("lists.example.org"));
       },
       fails, Truth::True},
      {"a stranger's claim", claiming("example.com"), all({sealer, passes}), Truth::False},
      {"of another author", claiming("example.org"), all({sealer, fails}), Truth::False},
      {"the chain could not be checked",
       [&](Scene& s) {
         claiming("example.com")(s);
         s.verdict.arc.status = Status::Fail;
         s.verdict.arc.reason = arc::Reason::DnsFailure;
       },
       all({sealer, fails}), Truth::Unknown},
  });
}

TEST_CASE("policy/evaluate: recipients, lists and reasons", "[policy][evaluate]") {
  const auto to = [](const char* path) { return [path](Scene& s) { s.recipient = path; }; };
  check({
      {"rcpt_domain", to("joe@Sub.Example.net"), is(Fact::RcptDomain, "*.example.net"), Truth::True},
      {"rcpt_domain, another", to("joe@example.org"), is(Fact::RcptDomain, "*.example.net"), Truth::False},
      {"rcpt_domain without a recipient", nothing, is(Fact::RcptDomain, "example.net"), Truth::False},
      {"rcpt", to("Joe@Example.net"), is(Fact::Rcpt, "joe@example.net"), Truth::True},
      {"rcpt, another", to("joel@example.net"), is(Fact::Rcpt, "joe@example.net"), Truth::False},
      {"rcpt of that domain", to("joe@EXAMPLE.net"), is(Fact::Rcpt, "*@example.net"), Truth::True},
      {"rcpt of a name below is not of that domain", to("joe@a.example.net"), is(Fact::Rcpt, "*@example.net"),
       Truth::False},
      {"rcpt in quotes", to("\"J\\oe\"@example.net"), is(Fact::Rcpt, "joe@example.net"), Truth::True},
      {"rcpt with a dot at the end", to("joe@example.net."), is(Fact::Rcpt, "joe@example.net"), Truth::True},
      {"rcpt of a domain with a dot at the end", to("joe@example.net."), is(Fact::Rcpt, "*@example.net"), Truth::True},
      {"rcpt_domain with a dot at the end", to("joe@example.net."), is(Fact::RcptDomain, "example.net"), Truth::True},
      {"rcpt of a U-label",
       to("joe@b\xC3\xBC"
          "cher.example"),
       is(Fact::Rcpt, "*@xn--bcher-kva.example"), Truth::True},
      {"rcpt without a domain", to("postmaster"), is(Fact::Rcpt, "postmaster"), Truth::True},
      {"rcpt: nobody is of no domain", to("postmaster"), is(Fact::Rcpt, "*@"), Truth::False},
      {"rcpt without a recipient", nothing, is(Fact::Rcpt, "*@example.net"), Truth::False},
      {"list_id", [](Scene& s) { s.verdict.list_id = "Users.lists.example.org"; },
       is(Fact::ListId, "*.lists.example.org"), Truth::True},
      {"list_id of one word", [](Scene& s) { s.verdict.list_id = "Announce"; }, is(Fact::ListId, "announce"),
       Truth::True},
      {"no list_id", nothing, is(Fact::ListId, "announce"), Truth::False},
      {"indirect", [](Scene& s) { s.evidence = {Indirect::List}; }, is(Fact::Indirect, "true"), Truth::True},
      {"indirect by that",
       [](Scene& s) {
         s.evidence = {Indirect::List, Indirect::Forwarder};
       },
       is(Fact::Indirect, "forwarder"), Truth::True},
      {"indirect by something else", [](Scene& s) { s.evidence = {Indirect::List}; }, is(Fact::Indirect, "forwarder"),
       Truth::False},
      {"not indirect", nothing, is(Fact::Indirect, "false"), Truth::True},
      {"indirect: nobody looked, since DMARC could not be evaluated",
       [](Scene& s) { s.verdict.dmarc = author("example.com", dmarc::Status::TempError); }, is(Fact::Indirect, "false"),
       Truth::Unknown},
      {"reason of DMARC", [](Scene& s) { s.verdict.dmarc = author("example.com", dmarc::Status::Fail); },
       is(Fact::Reason, "not_aligned"), Truth::True},
      {"reason of any signature",
       [](Scene& s) {
         s.verdict.dkim = {signature("a.example", dkim::Status::Pass), signature("b.example", dkim::Status::PermError)};
         s.verdict.dkim.back().reason = dkim::Reason::KeyRevoked;
       },
       is(Fact::Reason, "key_revoked"), Truth::True},
      {"reason of SPF", [](Scene& s) { s.verdict.spf_mail_from.reason = spf::Reason::TooManyLookups; },
       is(Fact::Reason, "too_many_lookups"), Truth::True},
      {"reason of SPF for HELO", [](Scene& s) { s.verdict.spf_helo.reason = spf::Reason::TooManyLookups; },
       is(Fact::Reason, "too_many_lookups"), Truth::True},
      {"reason of ARC", [](Scene& s) { s.verdict.arc.reason = arc::Reason::SealFailed; },
       is(Fact::Reason, "seal_failed"), Truth::True},
      {"another reason", nothing, is(Fact::Reason, "seal_failed"), Truth::False},
      {"reason that a failed check might have given",
       [](Scene& s) { s.verdict.dkim = {signature("a.example", dkim::Status::TempError)}; },
       is(Fact::Reason, "key_revoked"), Truth::Unknown},
      {"reason that no failed check can give",
       [](Scene& s) { s.verdict.dkim = {signature("a.example", dkim::Status::TempError)}; },
       is(Fact::Reason, "seal_failed"), Truth::False},
      {"reason of the failure itself, and there was none of that kind",
       [](Scene& s) {
         s.verdict.dkim = {signature("a.example", dkim::Status::TempError)};
         s.verdict.dkim.back().reason = dkim::Reason::DnsFailure;
       },
       is(Fact::Reason, "dnssec_bogus"), Truth::False},
      {"reason of the failure itself",
       [](Scene& s) { s.verdict.dmarc = author("example.com", dmarc::Status::TempError); },
       is(Fact::Reason, "dns_failure"), Truth::True},
  });
}

TEST_CASE("policy/evaluate: a name of any length costs no more than the longest there is", "[policy][evaluate]") {
  // 253 octets can be in a list (RFC 1035 section 2.3.4), 254 cannot.
  const std::string labels = std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + ".";
  Scene scene;
  const Condition below = is(Fact::Helo, "*.example");
  scene.facts.helo = labels + std::string(53, 'd') + ".example";
  REQUIRE(scene.facts.helo.size() == 253);
  CHECK(scene.ask(below) == Truth::True);
  scene.facts.helo = labels + std::string(54, 'd') + ".example";
  CHECK(scene.ask(below) == Truth::False);
}

TEST_CASE("policy/evaluate: no signature speaks for a message with several From fields (RFC 6376 section 8.15)",
          "[policy][evaluate]") {
  const auto repeated = [](Scene& s) {
    s.verdict.dkim = {signature("example.com", dkim::Status::Pass)};
    chain(s, arc::Status::Pass, {"example.com"}, 0);
    s.verdict.dmarc = {};
    s.verdict.dmarc.status = dmarc::Status::PermError;
    s.verdict.dmarc.reason = dmarc::Reason::FromRepeated;
  };
  check({
      {"dkim_domain", repeated, is(Fact::DkimDomain, "example.com"), Truth::False},
      {"arc_sealer", repeated, is(Fact::ArcSealer, "example.com"), Truth::False},
      {"arc_claims", repeated, is(Fact::ArcClaims, "dmarc=pass"), Truth::False},
  });
}

}  // namespace assay::policy
