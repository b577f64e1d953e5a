#include "policy/indirect.h"

#include <functional>
#include <string>

#include "tests/support/catch.h"

namespace assay::policy {
namespace {

Domain domain(const char* text) {
  return Domain::parse(text).value();
}

/// A message of author@news.example.com whose DMARC check fails under p=reject, with no evidence of any kind.
Verdict failing() {
  Verdict verdict;
  verdict.dmarc.status = dmarc::Status::Fail;
  verdict.dmarc.reason = dmarc::Reason::NotAligned;
  verdict.dmarc.author = domain("news.example.com");
  verdict.dmarc.published = dmarc::Policy::Reject;
  verdict.dmarc.policy = dmarc::Policy::Reject;
  verdict.dmarc.policy_domain = domain("example.com");
  verdict.dmarc.organizational_domain = domain("example.com");
  verdict.spf_mail_from.status = spf::Status::Fail;
  verdict.spf_mail_from.domain = "news.example.com";
  return verdict;
}

dkim::Outcome signature(const char* name, dkim::Status status, dkim::Reason reason, bool headers_verified) {
  dkim::Outcome outcome;
  outcome.status = status;
  outcome.reason = reason;
  outcome.domain = name;
  outcome.signing_domain = domain(name);
  outcome.headers_verified = headers_verified;
  return outcome;
}

dkim::Outcome broken_body(const char* name) {
  return signature(name, dkim::Status::Fail, dkim::Reason::BodyHashMismatch, true);
}

dkim::Outcome passing(const char* name) {
  return signature(name, dkim::Status::Pass, dkim::Reason::None, true);
}

void pass_spf(Verdict& verdict, const char* name) {
  verdict.spf_mail_from.status = spf::Status::Pass;
  verdict.spf_mail_from.domain = name;
}

void pass_iprev(Verdict& verdict) {
  verdict.iprev = iprev::Outcome{iprev::Status::Pass, "mx.lists.example.org"};
}

void claim(Verdict& verdict, const char* method, const char* result, const char* property, const char* value) {
  verdict.arc.status = arc::Status::Pass;
  verdict.arc.instances = 1;
  verdict.arc.from_signed = true;
  verdict.arc.claims.push_back({method, result, {{property, value}}});
}

struct Row {
  const char* name;
  std::function<void(Verdict&, Facts&)> change;
  std::vector<Indirect> expected;
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Verdict verdict = failing();
      Facts facts;
      facts.mail_from = "bounce@lists.example.org";
      facts.has_envelope = true;
      row.change(verdict, facts);
      CHECK(find_indirect(verdict, facts) == row.expected);
    }
  }
}

}  // namespace

TEST_CASE("policy/indirect: a plain forgery shows nothing", "[policy][indirect]") {
  check({
      {"nothing at all", [](Verdict&, Facts&) {}, {}},
      {"the forger's own SPF pass", [](Verdict& v, Facts&) { pass_spf(v, "evil.example.net"); }, {}},
      {"the forger's own signature", [](Verdict& v, Facts&) { v.dkim.push_back(passing("evil.example.net")); }, {}},
      {"a default Verdict's dmarc without an author", [](Verdict& v, Facts&) { v.dmarc = {}; }, {}},
  });
}

TEST_CASE("policy/indirect: signed_headers is an aligned b= over another body", "[policy][indirect]") {
  const std::vector<Indirect> yes{Indirect::SignedHeaders};
  check({
      {"author's own domain", [](Verdict& v, Facts&) { v.dkim.push_back(broken_body("news.example.com")); }, yes},
      {"organizational domain", [](Verdict& v, Facts&) { v.dkim.push_back(broken_body("example.com")); }, yes},
      {"sibling below it", [](Verdict& v, Facts&) { v.dkim.push_back(broken_body("mail.example.com")); }, yes},
      {"another domain", [](Verdict& v, Facts&) { v.dkim.push_back(broken_body("example.org")); }, {}},
      {"name that merely ends alike", [](Verdict& v, Facts&) { v.dkim.push_back(broken_body("notexample.com")); }, {}},
      {"second signature",
       [](Verdict& v, Facts&) {
         v.dkim.push_back(passing("evil.example.net"));
         v.dkim.push_back(broken_body("example.com"));
       },
       yes},
      {"b= does not verify either",
       [](Verdict& v, Facts&) {
         v.dkim.push_back(signature("news.example.com", dkim::Status::Fail, dkim::Reason::BodyHashMismatch, false));
       },
       {}},
      {"only b= is broken",
       [](Verdict& v, Facts&) {
         v.dkim.push_back(signature("news.example.com", dkim::Status::Fail, dkim::Reason::SignatureMismatch, false));
       },
       {}},
      {"octets after l= (a footer)",
       [](Verdict& v, Facts&) {
         v.dkim.push_back(signature("news.example.com", dkim::Status::Policy, dkim::Reason::UnsignedBody, true));
       },
       yes},
      {"body shorter than l=",
       [](Verdict& v, Facts&) {
         v.dkim.push_back(
             signature("news.example.com", dkim::Status::PermError, dkim::Reason::BodyShorterThanLength, true));
       },
       yes},
      {"an expired signature",
       [](Verdict& v, Facts&) {
         v.dkim.push_back(signature("news.example.com", dkim::Status::Fail, dkim::Reason::Expired, true));
       },
       {}},
      {"a test key: as if unsigned (RFC 6376 section 3.6.1)",
       [](Verdict& v, Facts&) {
         v.dkim.push_back(signature("news.example.com", dkim::Status::Neutral, dkim::Reason::TestKeyFailed, true));
       },
       {}},
      {"d= that is no name",
       [](Verdict& v, Facts&) {
         v.dkim.push_back(broken_body("example.com"));
         v.dkim.back().signing_domain.reset();
       },
       {}},
      {"adkim=s and the same name",
       [](Verdict& v, Facts&) {
         v.dmarc.strict_dkim = true;
         v.dkim.push_back(broken_body("news.example.com"));
       },
       yes},
      {"adkim=s and the parent",
       [](Verdict& v, Facts&) {
         v.dmarc.strict_dkim = true;
         v.dkim.push_back(broken_body("example.com"));
       },
       {}},
      {"organizational domain unknown, parent of two labels",
       [](Verdict& v, Facts&) {
         v.dmarc.organizational_domain.reset();
         v.dkim.push_back(broken_body("example.com"));
       },
       yes},
      {"organizational domain unknown, name below",
       [](Verdict& v, Facts&) {
         v.dmarc.organizational_domain.reset();
         v.dkim.push_back(broken_body("x.news.example.com"));
       },
       yes},
      {"organizational domain unknown, sibling",
       [](Verdict& v, Facts&) {
         v.dmarc.organizational_domain.reset();
         v.dkim.push_back(broken_body("mail.example.com"));
       },
       {}},
      {"organizational domain unknown, top-level domain",
       [](Verdict& v, Facts&) {
         v.dmarc.organizational_domain.reset();
         v.dkim.push_back(broken_body("com"));
       },
       {}},
  });
}

TEST_CASE("policy/indirect: arc_origin is what the first hop of a passing chain claims", "[policy][indirect]") {
  const std::vector<Indirect> yes{Indirect::ArcOrigin};
  check({
      {"dmarc=pass for the author",
       [](Verdict& v, Facts&) { claim(v, "dmarc", "pass", "header.from", "news.example.com"); }, yes},
      {"dmarc=pass, other case, trailing dot",
       [](Verdict& v, Facts&) { claim(v, "dmarc", "pass", "header.from", "News.Example.COM."); }, yes},
      {"dmarc=pass for the parent",
       [](Verdict& v, Facts&) { claim(v, "dmarc", "pass", "header.from", "example.com"); },
       {}},
      {"dmarc=pass for another",
       [](Verdict& v, Facts&) { claim(v, "dmarc", "pass", "header.from", "evil.example.net"); },
       {}},
      {"a From that the chain does not sign (RFC 6376 section 5.4)",
       [](Verdict& v, Facts&) {
         claim(v, "dmarc", "pass", "header.from", "news.example.com");
         v.arc.from_signed = false;
       },
       {}},
      {"dmarc=fail", [](Verdict& v, Facts&) { claim(v, "dmarc", "fail", "header.from", "news.example.com"); }, {}},
      {"dmarc=pass without property",
       [](Verdict& v, Facts&) { claim(v, "dmarc", "pass", "policy.dmarc", "none"); },
       {}},
      {"dmarc=pass with a value that is no name",
       [](Verdict& v, Facts&) { claim(v, "dmarc", "pass", "header.from", "\xff..\x01"); },
       {}},
      {"dkim=pass, header.d aligned", [](Verdict& v, Facts&) { claim(v, "dkim", "pass", "header.d", "example.com"); },
       yes},
      {"dkim=pass, header.d of another",
       [](Verdict& v, Facts&) { claim(v, "dkim", "pass", "header.d", "example.org"); },
       {}},
      {"dkim=pass, header.i alone", [](Verdict& v, Facts&) { claim(v, "dkim", "pass", "header.i", "@example.com"); },
       yes},
      {"dkim=pass, header.d wins over header.i",
       [](Verdict& v, Facts&) {
         claim(v, "dkim", "pass", "header.d", "evil.example.net");
         v.arc.claims[0].properties.emplace_back("header.i", "@example.com");
       },
       {}},
      {"dkim=pass, adkim=s and only the parent",
       [](Verdict& v, Facts&) {
         v.dmarc.strict_dkim = true;
         claim(v, "dkim", "pass", "header.d", "example.com");
       },
       {}},
      {"spf=pass, smtp.mailfrom aligned",
       [](Verdict& v, Facts&) { claim(v, "spf", "pass", "smtp.mailfrom", "example.com"); }, yes},
      {"spf=pass, smtp.mailfrom an address",
       [](Verdict& v, Facts&) { claim(v, "spf", "pass", "smtp.mailfrom", "a.b@bounce.example.com"); }, yes},
      {"spf=pass, the older smtp.mfrom",
       [](Verdict& v, Facts&) { claim(v, "spf", "pass", "smtp.mfrom", "news.example.com"); }, yes},
      {"spf=pass for HELO alone",
       [](Verdict& v, Facts&) { claim(v, "spf", "pass", "smtp.helo", "news.example.com"); },
       {}},
      {"spf=pass, aspf=s and only the parent",
       [](Verdict& v, Facts&) {
         v.dmarc.strict_spf = true;
         claim(v, "spf", "pass", "smtp.mailfrom", "example.com");
       },
       {}},
      {"another method", [](Verdict& v, Facts&) { claim(v, "iprev", "pass", "header.from", "news.example.com"); }, {}},
      {"the chain fails",
       [](Verdict& v, Facts&) {
         claim(v, "dmarc", "pass", "header.from", "news.example.com");
         v.arc.status = arc::Status::Fail;
       },
       {}},
      {"no chain",
       [](Verdict& v, Facts&) {
         claim(v, "dmarc", "pass", "header.from", "news.example.com");
         v.arc.status = arc::Status::None;
       },
       {}},
  });
}

TEST_CASE("policy/indirect: list is a passing identifier that vouches for the List-Id host", "[policy][indirect]") {
  const std::vector<Indirect> yes{Indirect::List};
  check({
      {"SPF of the same name",
       [](Verdict& v, Facts&) {
         v.list_id = "lists.example.org";
         pass_spf(v, "lists.example.org");
       },
       yes},
      {"DKIM of the parent",
       [](Verdict& v, Facts&) {
         v.list_id = "dev.lists.example.org";
         v.dkim.push_back(passing("example.org"));
       },
       yes},
      {"letter case of the identifier",
       [](Verdict& v, Facts&) {
         v.list_id = "Dev.Lists.Example.ORG";
         v.dkim.push_back(passing("example.org"));
       },
       yes},
      {"a name below the host does not vouch",
       [](Verdict& v, Facts&) {
         v.list_id = "lists.example.org";
         v.dkim.push_back(passing("x.lists.example.org"));
       },
       {}},
      {"a top-level domain does not vouch",
       [](Verdict& v, Facts&) {
         v.list_id = "lists.example.org";
         v.dkim.push_back(passing("org"));
       },
       {}},
      {"another domain",
       [](Verdict& v, Facts&) {
         v.list_id = "lists.example.org";
         v.dkim.push_back(passing("evil.example.net"));
         pass_spf(v, "evil.example.net");
       },
       {}},
      {"a failing signature does not vouch",
       [](Verdict& v, Facts&) {
         v.list_id = "lists.example.org";
         v.dkim.push_back(signature("example.org", dkim::Status::Fail, dkim::Reason::SignatureMismatch, false));
       },
       {}},
      {"SPF softfail does not vouch",
       [](Verdict& v, Facts&) {
         v.list_id = "lists.example.org";
         pass_spf(v, "lists.example.org");
         v.spf_mail_from.status = spf::Status::SoftFail;
       },
       {}},
      {"HELO does not vouch",
       [](Verdict& v, Facts&) {
         v.list_id = "lists.example.org";
         v.spf_helo.status = spf::Status::Pass;
         v.spf_helo.domain = "lists.example.org";
       },
       {}},
      {"List-Post without List-Id",
       [](Verdict& v, Facts&) {
         v.list_post_host = "lists.example.org";
         v.dkim.push_back(passing("lists.example.org"));
       },
       yes},
      {"List-Id goes before List-Post",
       [](Verdict& v, Facts&) {
         v.list_id = "lists.example.net";
         v.list_post_host = "lists.example.org";
         v.dkim.push_back(passing("lists.example.org"));
       },
       {}},
      {"an identifier that is no name",
       [](Verdict& v, Facts&) {
         v.list_id = "my list!.example.org";
         v.list_post_host = "lists.example.org";
         v.dkim.push_back(passing("example.org"));
       },
       {}},
  });
}

TEST_CASE("policy/indirect: forwarder is a verified host that says it passed the message on", "[policy][indirect]") {
  const std::vector<Indirect> yes{Indirect::Forwarder};
  const auto forwarded = [](const char* mail_from) {
    return [mail_from](Verdict& v, Facts& f) {
      pass_spf(v, "forward.example.org");
      pass_iprev(v);
      f.mail_from = mail_from;
    };
  };
  check({
      {"SRS0=", forwarded("SRS0=HHH=TT=example.com=a@forward.example.org"), yes},
      {"SRS1+", forwarded("SRS1+HHH=x==HHH=TT=example.com=a@forward.example.org"), yes},
      {"SRS0-", forwarded("SRS0-HHH=TT=example.com=a@forward.example.org"), yes},
      {"lower case", forwarded("srs0=hhh=tt=example.com=a@forward.example.org"), yes},
      {"quoted local part", forwarded("\"SRS0=HHH=TT=example.com=a b\"@forward.example.org"), yes},
      {"SRS0 without separator", forwarded("SRS0x@forward.example.org"), {}},
      {"SRS0 alone", forwarded("SRS0@forward.example.org"), {}},
      {"SRS0 and nothing", forwarded("SRS0"), {}},
      {"SRS2", forwarded("SRS2=HHH=TT=example.com=a@forward.example.org"), {}},
      {"not at the start", forwarded("x-SRS0=HHH=TT=example.com=a@forward.example.org"), {}},
      {"no rewriting", forwarded("a@forward.example.org"), {}},
      {"Resent-From names the domain",
       [](Verdict& v, Facts& f) {
         pass_spf(v, "forward.example.org");
         pass_iprev(v);
         f.mail_from = "me@forward.example.org";
         v.resent_from = {domain("other.example"), domain("forward.example.org")};
       },
       yes},
      {"Resent-From names another",
       [](Verdict& v, Facts& f) {
         pass_spf(v, "forward.example.org");
         pass_iprev(v);
         f.mail_from = "me@forward.example.org";
         v.resent_from = {domain("example.org")};
       },
       {}},
      {"Resent-From and the null sender, whose SPF is HELO's",
       [](Verdict& v, Facts& f) {
         pass_spf(v, "forward.example.org");
         pass_iprev(v);
         f.mail_from.clear();
         v.resent_from = {domain("forward.example.org")};
       },
       {}},
      {"SPF does not pass",
       [&forwarded](Verdict& v, Facts& f) {
         forwarded("SRS0=HHH=TT=example.com=a@forward.example.org")(v, f);
         v.spf_mail_from.status = spf::Status::TempError;
       },
       {}},
      {"iprev does not pass",
       [&forwarded](Verdict& v, Facts& f) {
         forwarded("SRS0=HHH=TT=example.com=a@forward.example.org")(v, f);
         v.iprev->status = iprev::Status::TempError;
       },
       {}},
      {"no iprev",
       [&forwarded](Verdict& v, Facts& f) {
         forwarded("SRS0=HHH=TT=example.com=a@forward.example.org")(v, f);
         v.iprev.reset();
       },
       {}},
  });
}

TEST_CASE("policy/indirect: everything found is listed once, in a fixed order", "[policy][indirect]") {
  Verdict verdict = failing();
  Facts facts;
  facts.mail_from = "SRS0=HHH=TT=example.com=a@lists.example.org";
  pass_spf(verdict, "lists.example.org");
  pass_iprev(verdict);
  verdict.resent_from = {domain("lists.example.org")};
  verdict.list_id = "dev.lists.example.org";
  verdict.dkim = {passing("lists.example.org"), broken_body("example.com"), broken_body("news.example.com")};
  claim(verdict, "dmarc", "pass", "header.from", "news.example.com");
  claim(verdict, "dkim", "pass", "header.d", "example.com");
  CHECK(find_indirect(verdict, facts) ==
        std::vector<Indirect>{Indirect::SignedHeaders, Indirect::ArcOrigin, Indirect::List, Indirect::Forwarder});
  CHECK(std::string(to_string(Indirect::SignedHeaders)) == "signed_headers");
  CHECK(std::string(to_string(Indirect::ArcOrigin)) == "arc_origin");
  CHECK(std::string(to_string(Indirect::List)) == "list");
  CHECK(std::string(to_string(Indirect::Forwarder)) == "forwarder");
}

}  // namespace assay::policy
