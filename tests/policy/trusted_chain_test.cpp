#include "policy/trusted_chain.h"

#include <functional>
#include <random>
#include <string>

#include "policy/decide.h"
#include "tests/policy/conditions.h"
#include "tests/support/catch.h"

namespace assay::policy {
namespace {

using arc::Claim;

constexpr Time kNow{std::chrono::seconds(1'750'000'000)};

Domain domain(const char* text) {
  return Domain::parse(text).value();
}

/// The two that are trusted.
bool is_trusted(std::string_view name) {
  return name == "lists.example.org" || name == "relay.example.net";
}

Claim claim(const char* method, const char* result, const char* property, const char* value) {
  return {method, result, {{property, value}}};
}

Claim dmarc_pass() {
  return claim("dmarc", "pass", "header.from", "example.com");
}

Claim dmarc_fail() {
  return claim("dmarc", "fail", "header.from", "example.com");
}

/// Adds the newest hop, sealed and signed by `sealer`.
void add_hop(arc::Outcome& chain, const char* sealer, std::vector<Claim> claims) {
  chain.sealers.emplace_back(sealer);
  if (++chain.instances == 1) {
    chain.claims = std::move(claims);
    claims.clear();
  }
  chain.hops.push_back({"arc", sealer, true, false, true, std::move(claims)});
}

/// A message of author@example.com that fails DMARC, without a chain.
Verdict failing() {
  Verdict verdict;
  verdict.dmarc.status = dmarc::Status::Fail;
  verdict.dmarc.reason = dmarc::Reason::NotAligned;
  verdict.dmarc.author = domain("example.com");
  verdict.dmarc.published = dmarc::Policy::Reject;
  verdict.dmarc.policy = dmarc::Policy::Reject;
  verdict.dmarc.organizational_domain = domain("example.com");
  return verdict;
}

/// Posted to a trusted list, which changed it and sent it on: the plain case.
Verdict through_list() {
  Verdict verdict = failing();
  verdict.arc.status = arc::Status::Pass;
  verdict.arc.oldest_pass = 0;
  verdict.arc.from_signed = true;
  add_hop(verdict.arc, "lists.example.org", {claim("spf", "pass", "smtp.mailfrom", "example.com"), dmarc_pass()});
  return verdict;
}

/// As above; then another trusted hop changed it once more.
Verdict through_two() {
  Verdict verdict = through_list();
  add_hop(verdict.arc, "relay.example.net", {{"arc", "pass", {}}, dmarc_fail()});
  verdict.arc.oldest_pass = 2;
  return verdict;
}

/// A stranger sealed first, then the trusted list found `claims` and changed the message.
Verdict stranger_first(std::vector<Claim> claims) {
  Verdict verdict = failing();
  verdict.arc.status = arc::Status::Pass;
  verdict.arc.from_signed = true;
  add_hop(verdict.arc, "evil.example", {dmarc_pass()});
  add_hop(verdict.arc, "lists.example.org", std::move(claims));
  verdict.arc.oldest_pass = 2;
  return verdict;
}

Verdict through_list_with(std::vector<Claim> claims) {
  Verdict verdict = through_list();
  verdict.arc.claims = std::move(claims);
  return verdict;
}

Verdict changed(Verdict verdict, const std::function<void(Verdict&)>& change) {
  change(verdict);
  return verdict;
}

struct Row {
  const char* name;
  Verdict verdict;
  unsigned instance;  ///< Of the claim that counts; 0: nobody answers for the message.
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto chain = find_trusted_chain(row.verdict, is_trusted);
      CHECK((chain ? chain->instance : 0) == row.instance);
    }
  }
}

}  // namespace

TEST_CASE("policy/trusted_chain: who has to be trusted (RFC 8617 section 5.2 step 5)", "[policy][trusted_chain]") {
  check({
      {"a trusted list", through_list(), 1},
      {"two trusted hops: the first one's word counts", through_two(), 1},
      {"no chain", failing(), 0},
      {"a chain that fails", changed(through_list(), [](Verdict& v) { v.arc.status = arc::Status::Fail; }), 0},
      {"without oldest-pass", changed(through_list(), [](Verdict& v) { v.arc.oldest_pass.reset(); }), 0},
      {"a stranger's chain",
       changed(through_list(), [](Verdict& v) { v.arc.sealers[0] = v.arc.hops[0].signer = "evil.example"; }), 0},
      {"a stranger sealed last",
       changed(through_list(), [](Verdict& v) { add_hop(v.arc, "evil.example", {dmarc_pass()}); }), 0},
      {"a stranger sealed last and changed everything",
       changed(through_list(),
               [](Verdict& v) {
                 add_hop(v.arc, "evil.example", {dmarc_pass()});
                 v.arc.oldest_pass = 2;
               }),
       0},
      {"a stranger between two trusted hops that changed nothing since",
       changed(through_list(),
               [](Verdict& v) {
                 add_hop(v.arc, "evil.example", {});
                 add_hop(v.arc, "relay.example.net", {});
                 v.arc.oldest_pass = 2;
               }),
       0},
      {"a stranger before oldest-pass, and what the list itself found", stranger_first({dmarc_pass()}), 2},
      {"oldest-pass 0: nothing was changed, and the stranger is within",
       changed(stranger_first({dmarc_pass()}), [](Verdict& v) { v.arc.oldest_pass = 0; }), 0},
      {"oldest-pass 1 is the same", changed(stranger_first({dmarc_pass()}), [](Verdict& v) { v.arc.oldest_pass = 1; }),
       0},
      {"a name below a trusted one",
       changed(through_list(), [](Verdict& v) { v.arc.sealers[0] = v.arc.hops[0].signer = "evil.lists.example.org"; }),
       0},
  });
}

TEST_CASE("policy/trusted_chain: a stranger's claim never counts", "[policy][trusted_chain]") {
  check({
      // The attack: seal i=1 with a false claim, post to a trusted list that changes the body and seals i=2.
      {"the list found a failure", stranger_first({{"arc", "pass", {}}, dmarc_fail()}), 0},
      {"the list says nothing", stranger_first({}), 0},
      {"the list tells the chain alone", stranger_first({{"arc", "pass", {}}}), 0},
      {"the list says none", stranger_first({claim("dmarc", "none", "header.from", "example.com")}), 0},
      {"the list's field cannot be read",
       changed(stranger_first({dmarc_pass()}), [](Verdict& v) { v.arc.hops[1].readable = false; }), 0},
      {"the stranger is older than 20 hops that were looked at",
       changed(stranger_first({}),
               [](Verdict& v) {
                 while (v.arc.instances < 22) {
                   add_hop(v.arc, "lists.example.org", {});
                 }
                 v.arc.oldest_pass = 3;
               }),
       0},
  });
}

TEST_CASE("policy/trusted_chain: the message signature binds the content", "[policy][trusted_chain]") {
  check({
      {"in a stranger's name", changed(through_list(), [](Verdict& v) { v.arc.hops[0].signer = "evil.example"; }), 0},
      {"in nobody's name", changed(through_list(), [](Verdict& v) { v.arc.hops[0].signer.clear(); }), 0},
      {"in another trusted name",
       changed(through_list(), [](Verdict& v) { v.arc.hops[0].signer = "relay.example.net"; }), 1},
      {"without From", changed(through_list(), [](Verdict& v) { v.arc.hops[0].signs_from = false; }), 0},
      {"of a part of the body", changed(through_list(), [](Verdict& v) { v.arc.hops[0].signs_part = true; }), 0},
      {"the older of two, without From: it was open on the way to the next",
       changed(through_two(), [](Verdict& v) { v.arc.hops[0].signs_from = false; }), 0},
      {"the older of two, of a part of the body",
       changed(through_two(), [](Verdict& v) { v.arc.hops[0].signs_part = true; }), 0},
  });
}

TEST_CASE("policy/trusted_chain: what a claim must say", "[policy][trusted_chain]") {
  const Claim spf_pass = claim("spf", "pass", "smtp.mailfrom", "bounce@example.com");
  const Claim dkim_pass = claim("dkim", "pass", "header.d", "example.com");
  check({
      {"dmarc=pass", through_list_with({dmarc_pass()}), 1},
      {"dmarc=pass in U-labels",
       changed(through_list_with({claim("dmarc", "pass", "header.from",
                                        "b\xC3\xBC"
                                        "cher.example")}),
               [](Verdict& v) { v.dmarc.author = domain("xn--bcher-kva.example"); }),
       1},
      {"dkim=pass", through_list_with({dkim_pass}), 1},
      {"dkim=pass of header.i", through_list_with({claim("dkim", "pass", "header.i", "@example.com")}), 1},
      {"spf=pass", through_list_with({spf_pass}), 1},
      {"an aligned name", through_list_with({claim("dkim", "pass", "header.d", "mail.example.com")}), 1},
      {"an aligned name under adkim=s",
       changed(through_list_with({claim("dkim", "pass", "header.d", "mail.example.com")}),
               [](Verdict& v) { v.dmarc.strict_dkim = true; }),
       0},
      {"a name below an author whose Organizational Domain is unknown: it may be a registry's",
       changed(through_list_with({claim("dkim", "pass", "header.d", "evil.example.com")}),
               [](Verdict& v) { v.dmarc.organizational_domain.reset(); }),
       0},
      {"nothing", through_list_with({}), 0},
      {"dmarc=fail", through_list_with({dmarc_fail()}), 0},
      {"of another author", through_list_with({claim("dmarc", "pass", "header.from", "example.net")}), 0},
      {"of nobody", through_list_with({{"dmarc", "pass", {}}}), 0},
      {"of a name that ends alike", through_list_with({claim("dmarc", "pass", "header.from", "notexample.com")}), 0},
      {"of the Organizational Domain",
       changed(through_list(), [](Verdict& v) { v.dmarc.author = domain("news.example.com"); }), 0},
      {"a result in another method", through_list_with({claim("iprev", "pass", "header.from", "example.com")}), 0},
      {"SPF of HELO", through_list_with({claim("spf", "pass", "smtp.helo", "example.com")}), 0},
      {"arc=pass", through_list_with({claim("arc", "pass", "header.from", "example.com")}), 0},
  });
}

TEST_CASE("policy/trusted_chain: several results of one hop", "[policy][trusted_chain]") {
  const Claim dkim_pass = claim("dkim", "pass", "header.d", "example.com");
  const Claim spf_pass = claim("spf", "pass", "smtp.mailfrom", "example.com");
  check({
      {"dmarc pass and fail", through_list_with({dmarc_pass(), dmarc_fail()}), 0},
      {"dmarc fail and pass", through_list_with({dmarc_fail(), dmarc_pass()}), 0},
      {"dmarc pass and a fail of nobody", through_list_with({dmarc_pass(), {"dmarc", "fail", {}}}), 0},
      {"dmarc pass of two authors",
       through_list_with({claim("dmarc", "pass", "header.from", "example.net"), dmarc_pass()}), 1},
      {"dmarc pass and another author's fail",
       through_list_with({claim("dmarc", "fail", "header.from", "example.net"), dmarc_pass()}), 1},
      {"dmarc of another author alone, and an aligned signature: From was another one",
       through_list_with({claim("dmarc", "pass", "header.from", "example.net"), dkim_pass}), 0},
      {"dmarc fail and dkim pass", through_list_with({dkim_pass, dmarc_fail()}), 0},
      {"dmarc permerror and dkim pass",
       through_list_with({dkim_pass, claim("dmarc", "permerror", "header.from", "example.com")}), 0},
      {"dmarc temperror and dkim pass",
       through_list_with({dkim_pass, claim("dmarc", "temperror", "header.from", "example.com")}), 1},
      {"header.from twice",
       through_list_with({{"dmarc", "pass", {{"header.from", "example.com"}, {"header.from", "example.net"}}}}), 0},
      {"header.d twice",
       through_list_with({{"dkim", "pass", {{"header.d", "example.com"}, {"header.d", "x.example"}}}}), 0},
      {"two signatures, one of them broken",
       through_list_with({claim("dkim", "fail", "header.d", "example.com"), dkim_pass}), 1},
      {"no signature, and one that passes", through_list_with({{"dkim", "none", {}}, dkim_pass}), 0},
      {"spf pass and fail", through_list_with({spf_pass, claim("spf", "fail", "smtp.mailfrom", "example.com")}), 0},
      {"spf pass of MAIL FROM, none of HELO",
       through_list_with({spf_pass, claim("spf", "none", "smtp.helo", "mx.example.com")}), 1},
      {"spf pass of another, dkim pass",
       through_list_with({claim("spf", "pass", "smtp.mailfrom", "example.net"), dkim_pass}), 1},
  });
}

TEST_CASE("policy/trusted_chain: the oldest trusted hop that says anything has the word", "[policy][trusted_chain]") {
  const auto then = [](Verdict verdict, std::vector<Claim> claims) {
    add_hop(verdict.arc, "relay.example.net", std::move(claims));
    return verdict;
  };
  check({
      {"nothing, then pass", then(through_list_with({}), {dmarc_pass()}), 2},
      {"the chain's result, then pass", then(through_list_with({{"arc", "none", {}}}), {dmarc_pass()}), 2},
      {"temperror, then pass", then(through_list_with({{"spf", "temperror", {}}}), {dmarc_pass()}), 2},
      // A forged message, forwarded by a trusted host that the author's SPF record names among others.
      {"fail, then pass", then(through_list_with({dmarc_fail()}), {dmarc_pass()}), 0},
      {"neither SPF nor DKIM, then pass",
       then(through_list_with({{"spf", "none", {}}, {"dkim", "none", {}}}), {dmarc_pass()}), 0},
      {"unreadable, then pass",
       changed(then(through_list(), {dmarc_pass()}), [](Verdict& v) { v.arc.hops[0].readable = false; }), 0},
      {"pass, then fail: the list broke the signature", then(through_list(), {dmarc_fail()}), 1},
  });
}

TEST_CASE("policy/trusted_chain: only a DMARC failure is answered for, and every author's", "[policy][trusted_chain]") {
  const auto with_other = [](dmarc::Status status, const char* author) {
    Verdict verdict = through_list();
    dmarc::Outcome other = verdict.dmarc;
    other.status = status;
    other.author = other.organizational_domain = domain(author);
    verdict.other_authors.push_back(other);
    return verdict;
  };
  const auto with_status = [](dmarc::Status status) {
    return changed(through_list(), [status](Verdict& v) { v.dmarc.status = status; });
  };
  check({
      {"temperror", with_status(dmarc::Status::TempError), 0},
      {"permerror", with_status(dmarc::Status::PermError), 0},
      {"pass", with_status(dmarc::Status::Pass), 0},
      {"none", with_status(dmarc::Status::None), 0},
      {"no author", changed(through_list(), [](Verdict& v) { v.dmarc.author.reset(); }), 0},
      {"not verified", changed(through_list(), [](Verdict& v) { v.exceeded = Bound::HeaderOctets; }), 0},
      {"another author fails", with_other(dmarc::Status::Fail, "example.net"), 0},
      {"another author could not be checked", with_other(dmarc::Status::TempError, "example.net"), 0},
      {"another author passes", with_other(dmarc::Status::Pass, "example.net"), 1},
      {"another author has no record", with_other(dmarc::Status::None, "example.net"), 1},
      {"another author fails and is claimed, too",
       changed(with_other(dmarc::Status::Fail, "example.net"),
               [](Verdict& v) { v.arc.claims.push_back(claim("dmarc", "pass", "header.from", "example.net")); }),
       1},
  });
}

TEST_CASE("policy/trusted_chain: the comment is that of RFC 8617 section 7.2.2", "[policy][trusted_chain]") {
  Verdict verdict = stranger_first({dmarc_pass()});
  CHECK(find_trusted_chain(verdict, is_trusted)->comment ==
        "arc=pass as[2].d=lists.example.org as[2].s=arc as[1].d=evil.example as[1].s=arc");
  verdict.arc.claims.push_back({"arc", "none", {{"smtp.remote-ip", "2001:DB8::1A"}}});
  CHECK(find_trusted_chain(verdict, is_trusted)->comment ==
        "arc=pass as[2].d=lists.example.org as[2].s=arc as[1].d=evil.example as[1].s=arc remote-ip[1]=2001:db8::1a");
}

TEST_CASE("policy/trusted_chain: the comment is bounded and printable", "[policy][trusted_chain][bounds]") {
  Verdict verdict = through_list();
  verdict.arc.claims.push_back({"arc", "none", {{"smtp.remote-ip", "1.2.3.4\r\nX: y"}}});
  verdict.arc.hops[0].selector = "a\r\nb";
  CHECK(find_trusted_chain(verdict, is_trusted)->comment == "arc=pass as[1].d=lists.example.org");
  // A seal of the list takes 38 octets up to instance 9, 40 beyond. "arc=pass" and the instances 30 to 6 are
  // 8 + 21 * 40 + 4 * 38 = 1,000 octets: all that is left room for. With one octet more, instance 6 is too many.
  verdict = through_list();
  while (verdict.arc.instances < 30) {
    add_hop(verdict.arc, "lists.example.org", {});
  }
  std::string comment = find_trusted_chain(verdict, is_trusted)->comment;
  CHECK(comment.size() == kMaxChainCommentOctets);
  CHECK(comment.ends_with(" as[6].d=lists.example.org as[6].s=arc"));
  verdict.arc.hops[29].selector = "arc2";
  comment = find_trusted_chain(verdict, is_trusted)->comment;
  CHECK(comment.size() == kMaxChainCommentOctets + 1 - 38);
  CHECK(comment.ends_with(" as[7].d=lists.example.org as[7].s=arc"));
}

TEST_CASE("policy/trusted_chain: the end that is trusted, and its claims", "[policy][trusted_chain]") {
  CHECK(find_trusted_end(through_list().arc, is_trusted) == 1);
  CHECK(find_trusted_end(through_two().arc, is_trusted) == 1);
  CHECK(find_trusted_end(failing().arc, is_trusted) == 0);
  const Verdict verdict = stranger_first({dmarc_fail()});
  CHECK(find_trusted_end(verdict.arc, is_trusted) == 2);
  const auto claims = find_trusted_claims(verdict.arc, is_trusted, verdict.dmarc);
  REQUIRE(claims.size() == 1);
  CHECK(claims.front()->result == "fail");
  const Verdict two = through_two();
  CHECK(find_trusted_claims(two.arc, is_trusted, two.dmarc).size() == 2);
  CHECK(find_trusted_claims(failing().arc, is_trusted, failing().dmarc).empty());
}

TEST_CASE("policy/trusted_chain: arc_claims asks the hop that has the word, as arc.trusted_sealers does",
          "[policy][trusted_chain][claims]") {
  const Claim dkim_pass = claim("dkim", "pass", "header.d", "example.com");
  const Claim twice{"dmarc", "pass", {{"header.from", "example.com"}, {"header.from", "example.net"}}};
  const auto then = [](Verdict verdict, std::vector<Claim> claims) {
    add_hop(verdict.arc, "relay.example.net", std::move(claims));
    return verdict;
  };
  struct ClaimRow {
    const char* name;
    Verdict verdict;
    const char* asked;
    bool holds;
  };
  const std::vector<ClaimRow> rows{
      {"it says so", through_list(), "dmarc=pass", true},
      {"it says so of SPF", through_list(), "spf=pass", true},
      {"it says fail", through_list_with({dmarc_fail()}), "dmarc=pass", false},
      {"it says fail, and fail is asked for", through_list_with({dmarc_fail()}), "dmarc=fail", true},
      {"pass and fail in one field", through_list_with({dmarc_pass(), dmarc_fail()}), "dmarc=pass", false},
      {"a signature that passes beside dmarc=fail", through_list_with({dkim_pass, dmarc_fail()}), "dkim=pass", false},
      {"a signature that passes beside none", through_list_with({{"dkim", "none", {}}, dkim_pass}), "dkim=pass", false},
      {"a property twice", through_list_with({twice}), "dmarc=pass", false},
      {"a property twice, beside a clean one of another method", through_list_with({twice, dkim_pass}), "dkim=pass",
       false},
      {"SPF twice and differently, beside dmarc=pass",
       through_list_with({claim("spf", "pass", "smtp.mailfrom", "example.com"),
                          claim("spf", "fail", "smtp.mailfrom", "example.com"), dmarc_pass()}),
       "spf=pass", false},
      {"a field that cannot be read", changed(through_list(), [](Verdict& v) { v.arc.hops[0].readable = false; }),
       "dmarc=pass", false},
      {"a later hop outvotes nobody", then(through_list_with({dmarc_fail()}), {dmarc_pass()}), "dmarc=pass", false},
      {"a later hop speaks where the older says nothing", then(through_list_with({}), {dmarc_pass()}), "dmarc=pass",
       true},
      {"a later failure, once the list has broken the signature", then(through_list(), {dmarc_fail()}), "dmarc=pass",
       true},
      {"a stranger's claim", stranger_first({dmarc_fail()}), "dmarc=pass", false},
      {"of another author", through_list_with({claim("dmarc", "pass", "header.from", "example.net")}), "dmarc=pass",
       false},
  };
  for (const ClaimRow& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Rules rules;
      rules.own = {
          test::rule("claimed", test::all({test::is(Fact::ArcSealer, {"lists.example.org", "relay.example.net"}),
                                           test::is(Fact::ArcClaims, row.asked)}))};
      CHECK((decide(row.verdict, {}, rules, kNow).rule == "claimed") == row.holds);
    }
  }
}

TEST_CASE("policy/trusted_chain: an outage refuses nothing for good that a trusted chain may excuse",
          "[policy][trusted_chain][undecided]") {
  Rules rules;
  REQUIRE(rules.trusted_sealers.add("lists.example.org"));
  // RFC 8617 section 5.2.1: a chain whose key cannot be had fails.
  Verdict verdict = failing();
  verdict.arc.status = arc::Status::Fail;
  verdict.arc.reason = arc::Reason::DnsFailure;
  verdict.arc.instances = 1;
  verdict.arc.sealers = {"lists.example.org"};
  const std::vector<std::string> chain{"arc.trusted_sealers"};
  const Decision decision = decide(verdict, {}, rules, kNow);
  CHECK(decision.action == Action::TempFail);
  CHECK(decision.rule == "arc.trusted_sealers");
  CHECK(decision.undecided == chain);
  REQUIRE(decision.reply);
  CHECK(decision.reply->code == 451);
  CHECK(decision.reply->text == "A check that rule arc.trusted_sealers needs failed for now, try again later");
  CHECK_FALSE(decision.override);

  SECTION("bogus is as unanswered") {
    verdict.arc.reason = arc::Reason::DnssecBogus;
    CHECK(decide(verdict, {}, rules, kNow).action == Action::TempFail);
  }
  SECTION("a chain that fails for another reason is decided") {
    verdict.arc.reason = arc::Reason::SealFailed;
    CHECK(decide(verdict, {}, rules, kNow).rule == "policy.published.reject");
    CHECK(decide(verdict, {}, rules, kNow).undecided.empty());
  }
  SECTION("a stranger's chain is of no use, however it ends") {
    verdict.arc.sealers = {"evil.example"};
    CHECK(decide(verdict, {}, rules, kNow).rule == "policy.published.reject");
    CHECK(decide(verdict, {}, rules, kNow).undecided.empty());
  }
  SECTION("where the rest takes the message, it does") {
    rules.published.reject = Action::Quarantine;
    CHECK(decide(verdict, {}, rules, kNow).rule == "policy.published.reject");
    CHECK(decide(verdict, {}, rules, kNow).undecided == chain);
    rules.temperror = Action::TempFail;
    CHECK(decide(verdict, {}, rules, kNow).action == Action::TempFail);
  }
  SECTION("what DMARC does not fail needs no excuse") {
    verdict.dmarc.status = dmarc::Status::Pass;
    CHECK(decide(verdict, {}, rules, kNow).rule == "default");
    CHECK(decide(verdict, {}, rules, kNow).undecided.empty());
  }
  SECTION("a rule before it decides, and then nobody asked for the chain") {
    rules.own = {test::rule("own", test::all({}), Action::Reject)};
    CHECK(decide(verdict, {}, rules, kNow).rule == "own");
    CHECK(decide(verdict, {}, rules, kNow).undecided.empty());
    rules.own.front().when = test::any({});
    CHECK(decide(verdict, {}, rules, kNow).rule == "arc.trusted_sealers");
    CHECK(decide(verdict, {}, rules, kNow).undecided == chain);
  }
  SECTION("the chain passes, and another author could not be checked") {
    verdict = through_list();
    dmarc::Outcome other = verdict.dmarc;
    other.status = dmarc::Status::TempError;
    other.author = domain("example.net");
    verdict.other_authors = {other};
    rules.indirect = Action::Reject;
    CHECK(decide(verdict, {}, rules, kNow).action == Action::TempFail);
    CHECK(decide(verdict, {}, rules, kNow).undecided == chain);
    verdict.arc.claims = {dmarc_fail()};
    CHECK(decide(verdict, {}, rules, kNow).undecided.empty());
  }
  SECTION("monitor mode tells it") {
    rules.mode = Mode::Monitor;
    CHECK(decide(verdict, {}, rules, kNow).would == Action::TempFail);
    CHECK(decide(verdict, {}, rules, kNow).would_rule == "arc.trusted_sealers");
  }
}

TEST_CASE("policy/trusted_chain: decide turns the failure into a local override", "[policy][trusted_chain]") {
  Rules rules;
  REQUIRE(rules.trusted_sealers.add("lists.example.org"));
  REQUIRE(rules.trusted_sealers.add("lists.example.org"));  // Twice is once.
  const Decision decision = decide(through_list(), {}, rules, kNow);
  CHECK(decision.action == Action::Accept);
  CHECK(decision.rule == "arc.trusted_sealers");
  CHECK(decision.override == Override{"local_policy", "arc=pass as[1].d=lists.example.org as[1].s=arc"});
  CHECK(!decision.reply);

  SECTION("nobody is trusted") {
    const Decision other = decide(through_list(), {}, {}, kNow);
    CHECK(other.rule == "policy.indirect");
    CHECK(other.override == Override{"local_policy", "indirect: arc_origin"});
  }
  SECTION("the stranger's claim") {
    const Decision other = decide(stranger_first({dmarc_fail()}), {}, rules, kNow);
    CHECK(other.action != Action::Accept);
    CHECK(other.override == Override{"local_policy", "indirect: arc_origin"});
  }
  SECTION("temperror stays temperror") {
    Verdict verdict = through_list();
    verdict.dmarc.status = dmarc::Status::TempError;
    rules.temperror = Action::TempFail;
    CHECK(decide(verdict, {}, rules, kNow).rule == "policy.temperror");
  }
  SECTION("an unusable From comes first") {
    Verdict verdict = through_list();
    verdict.dmarc.reason = dmarc::Reason::FromRepeated;
    CHECK(decide(verdict, {}, rules, kNow).rule == "policy.bad_from");
  }
  SECTION("a bound comes first") {
    Verdict verdict = through_list();
    verdict.exceeded = Bound::HeaderOctets;
    CHECK(decide(verdict, {}, rules, kNow).rule == "limits.exceeded");
  }
  SECTION("a sealer in U-labels is trusted in A-labels") {
    Verdict verdict = through_list();
    verdict.arc.sealers[0] = verdict.arc.hops[0].signer = "xn--bcher-kva.example";
    REQUIRE(
        rules.trusted_sealers.add("b\xC3\xBC"
                                  "cher.example"));
    CHECK(decide(verdict, {}, rules, kNow).rule == "arc.trusted_sealers");
  }
}

TEST_CASE("policy/trusted_chain: no chain without a trusted sealer at its end is ever accepted",
          "[policy][trusted_chain][property]") {
  std::mt19937 dice(20261126);
  const auto below = [&dice](unsigned n) { return static_cast<unsigned>(dice() % n); };
  const std::vector<const char*> names{"lists.example.org", "relay.example.net", "evil.example", "example.com", ""};
  const std::vector<const char*> methods{"dmarc", "dkim", "spf", "arc"};
  const std::vector<const char*> results{"pass", "pass", "pass", "fail", "none"};
  const std::vector<const char*> properties{"header.from", "header.d", "smtp.mailfrom"};
  Rules rules;
  REQUIRE(rules.trusted_sealers.add("lists.example.org"));
  REQUIRE(rules.trusted_sealers.add("relay.example.net"));
  unsigned accepted = 0;
  for (int round = 0; round < 50'000; ++round) {
    Verdict verdict = failing();
    verdict.arc.status = below(8) == 0 ? arc::Status::Fail : arc::Status::Pass;
    const unsigned count = 1 + below(4);
    for (unsigned i = 0; i < count; ++i) {
      std::vector<Claim> claims;
      for (unsigned c = below(4); c > 0; --c) {
        claims.push_back(claim(methods[below(4)], results[below(5)], properties[below(3)],
                               below(3) == 0 ? "example.net" : "example.com"));
      }
      // Trusted more often than not, or hardly any longer chain would be.
      add_hop(verdict.arc, names[below(3) == 0 ? below(5) : below(2)], std::move(claims));
      verdict.arc.hops.back().signs_from = below(8) != 0;
      verdict.arc.hops.back().signs_part = below(8) == 0;
    }
    verdict.arc.oldest_pass = below(count + 1);
    const Decision decision = decide(verdict, {}, rules, kNow);
    if (decision.rule != "arc.trusted_sealers") {
      CHECK(!decision.override);
      continue;
    }
    ++accepted;
    // Said again, in other words: every hop from the oldest-pass on is trusted, and one such hop claims the author.
    REQUIRE(verdict.arc.status == arc::Status::Pass);
    bool is_claimed = false;
    for (unsigned instance = count; instance >= 1 && is_trusted(verdict.arc.sealers[instance - 1]); --instance) {
      const auto& claims = instance == 1 ? verdict.arc.claims : verdict.arc.hops[instance - 1].claims;
      for (const Claim& one : claims) {
        is_claimed |= one.result == "pass" && one.method != "arc" && one.properties.front().second == "example.com";
      }
    }
    CHECK(is_claimed);
    for (unsigned instance = std::max(1U, *verdict.arc.oldest_pass); instance <= count; ++instance) {
      CHECK(is_trusted(verdict.arc.sealers[instance - 1]));
    }
  }
  CHECK(accepted > 1000);  // Or the checks above were idle.
}

}  // namespace assay::policy
