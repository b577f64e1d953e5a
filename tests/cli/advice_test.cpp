#include "cli/advice.h"

#include <functional>
#include <memory>

#include "tests/cli/run_assay.h"
#include "tests/observe/sample.h"
#include "tests/support/catch.h"
#include "verify/dkim/trace.h"
#include "verify/dmarc/trace.h"

namespace {

using assay::Domain;
using assay::IpAddress;
using assay::Limits;
using assay::Verdict;
using assay::cli::advice;
using assay::dkim::Reason;
using assay::dmarc::Identifier;
using assay::dmarc::Relation;
using assay::policy::Facts;
namespace dkim = assay::dkim;
namespace dmarc = assay::dmarc;
namespace spf = assay::spf;

/// One message from news.example.com, whose Organizational Domain is example.com, and what its trace holds.
struct Message {
  Verdict verdict;
  Facts facts;
  dmarc::Trace trace;

  Message() {
    verdict.dmarc.status = dmarc::Status::Fail;
    verdict.dmarc.reason = dmarc::Reason::NotAligned;
    verdict.dmarc.author = Domain::parse("news.example.com").value();
    verdict.dmarc.policy_domain = Domain::parse("example.com").value();
    trace.organizational_domain = Domain::parse("example.com").value();
    facts.client_ip = IpAddress::parse("192.0.2.1").value();
    facts.mail_from = "a@example.com";
  }

  void identify(Identifier::Source source, const std::string& domain, Relation relation) {
    trace.identifiers.push_back({source, Domain::parse(domain).value(), relation, {}, {}});
  }

  /// A signature whose checks came out like that; an absent `key` was not asked for.
  void sign(const std::string& domain, Relation relation, std::optional<Reason> key, std::optional<Reason> headers,
            Reason body, Reason times = Reason::None) {
    identify(Identifier::Source::Dkim, domain, relation);
    auto checks = std::make_shared<dkim::Trace>();
    checks->signature.emplace();
    checks->signature->body_length = 12;
    checks->key_name = "s1._domainkey." + domain;
    checks->key = key;
    checks->headers = headers;
    checks->body = body;
    checks->times = times;
    dkim::Outcome outcome;
    outcome.domain = domain;
    outcome.signing_domain = Domain::parse(domain).value();
    outcome.selector = "s1";
    const bool passes = key == Reason::None && headers == Reason::None && body == Reason::None;
    outcome.status = passes ? dkim::Status::Pass : dkim::Status::Fail;
    outcome.trace = checks;
    verdict.dkim.push_back(outcome);
  }

  void send(const std::string& domain, Relation relation, spf::Status status, spf::Reason reason = spf::Reason::None) {
    identify(Identifier::Source::Spf, domain, relation);
    verdict.spf_mail_from.domain = domain;
    verdict.spf_mail_from.status = status;
    verdict.spf_mail_from.reason = reason;
  }

  [[nodiscard]] std::string advised() {
    verdict.dmarc.trace = std::make_shared<const dmarc::Trace>(trace);
    return advice(verdict, facts, Limits{});
  }
};

struct Row {
  const char* name;
  std::function<void(Message&)> make;
  std::string expected;
};

constexpr auto kOwn = Relation::SameOrganization;
constexpr auto kOther = Relation::OtherOrganization;

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      Message message;
      row.make(message);
      CHECK(message.advised() == row.expected);
    }
  }
}

}  // namespace

TEST_CASE("cli/advice: what an aligned signature lacked", "[cli][advice]") {
  check({
      {"the body changed",
       [](Message& m) { m.sign("example.com", kOwn, Reason::None, Reason::None, Reason::BodyHashMismatch); },
       "It would have passed DMARC had the body not been changed after example.com signed it (selector s1)."},
      {"the body was cut",
       [](Message& m) { m.sign("example.com", kOwn, Reason::None, Reason::None, Reason::BodyShorterThanLength); },
       "It would have passed DMARC had the body not been cut after example.com signed it (selector s1)."},
      {"something was appended",
       [](Message& m) { m.sign("example.com", kOwn, Reason::None, Reason::None, Reason::UnsignedBody); },
       "It would have passed DMARC had nothing been added to the body behind the 12 octets that example.com (selector "
       "s1) signed (l=)."},
      {"no key", [](Message& m) { m.sign("example.com", kOwn, Reason::NoKey, {}, Reason::None); },
       "It would have passed DMARC had s1._domainkey.example.com held the key that made the signature, provided that "
       "its b= verifies, which could not be tried."},
      {"no key and a changed body",
       [](Message& m) { m.sign("example.com", kOwn, Reason::KeyRevoked, {}, Reason::BodyHashMismatch); },
       "It would have passed DMARC had the key at s1._domainkey.example.com not been revoked (empty p=) and had the "
       "body not been changed after example.com signed it (selector s1), provided that its b= verifies, which could "
       "not be tried."},
      {"a small key", [](Message& m) { m.sign("example.com", kOwn, Reason::KeyTooSmall, {}, Reason::None); },
       "It would have passed DMARC had the key at s1._domainkey.example.com at least 1024 bits, provided that its b= "
       "verifies, which could not be tried."},
      {"expired", [](Message& m) { m.sign("example.com", kOwn, {}, {}, Reason::None, Reason::Expired); },
       "It would have passed DMARC had the message arrived before the signature of example.com (selector s1) expired "
       "(x=), provided that its b= verifies, which could not be tried."},
      {"the header fields changed",
       [](Message& m) { m.sign("example.com", kOwn, Reason::None, Reason::SignatureMismatch, Reason::None); },
       "It would have passed DMARC had the header fields that example.com (selector s1) signed arrived unchanged (or "
       "the "
       "key at s1._domainkey.example.com been the one that signed)."},
      {"a malformed signature",
       [](Message& m) {
         m.sign("example.com", kOwn, {}, {}, Reason::None);
         m.verdict.dkim.back().trace = nullptr;
         m.verdict.dkim.back().reason = Reason::MissingTag;
         m.verdict.dkim.back().detail = "bh= is missing";
       },
       "It would have passed DMARC had the DKIM signature of example.com (selector s1) been valid; as it is, the "
       "signature field lacks a tag that it must have (bh= is missing)."},
  });
}

TEST_CASE("cli/advice: SPF, and identifiers that pass for somebody else", "[cli][advice]") {
  check({
      {"SPF fails for an aligned domain", [](Message& m) { m.send("bounce.example.com", kOwn, spf::Status::SoftFail); },
       "It would have passed DMARC had 192.0.2.1 been listed in the SPF record of bounce.example.com, which aligns."},
      {"no SPF record at an aligned domain",
       [](Message& m) { m.send("bounce.example.com", kOwn, spf::Status::None, spf::Reason::NoRecord); },
       "It would have passed DMARC had bounce.example.com, which aligns, published an SPF record that lists "
       "192.0.2.1."},
      {"a broken SPF record at an aligned domain",
       [](Message& m) { m.send("bounce.example.com", kOwn, spf::Status::PermError, spf::Reason::TooManyLookups); },
       "It would have passed DMARC had the SPF record of bounce.example.com, which aligns, been free of errors (the "
       "record needs more DNS lookups than SPF allows) and listed 192.0.2.1."},
      {"DKIM passes but strictly",
       [](Message& m) {
         m.verdict.dmarc.strict_dkim = true;
         m.sign("example.com", kOwn, Reason::None, Reason::None, Reason::None);
       },
       "It would have passed DMARC had adkim been relaxed in the DMARC record of example.com, for the signature of "
       "example.com (selector s1) passes."},
      {"SPF passes but strictly",
       [](Message& m) {
         m.verdict.dmarc.strict_spf = true;
         m.send("bounce.example.com", kOwn, spf::Status::Pass);
       },
       "It would have passed DMARC had aspf been relaxed in the DMARC record of example.com, for SPF passes for "
       "bounce.example.com."},
      {"another's DKIM passes",
       [](Message& m) {
         m.send("esp.example", kOther, spf::Status::Pass);
         m.sign("esp.example", kOther, Reason::None, Reason::None, Reason::None);
       },
       "It would have passed DMARC had the DKIM signature of esp.example (selector s1) been made with "
       "d=news.example.com (or another name of example.com)."},
      {"another's SPF passes", [](Message& m) { m.send("esp.example", kOther, spf::Status::Pass); },
       "It would have passed DMARC had the MAIL FROM domain been news.example.com (or another name of example.com) "
       "rather than esp.example, with an SPF record that lists 192.0.2.1."},
      {"the null sender passes by HELO",
       [](Message& m) {
         m.facts.mail_from.clear();
         m.verdict.dmarc.strict_spf = true;
         m.send("mx.esp.example", kOther, spf::Status::Pass);
       },
       "It would have passed DMARC had the HELO name been news.example.com rather than mx.esp.example, with an SPF "
       "record that lists 192.0.2.1."},
      {"nothing at all", [](Message& m) { m.trace.organizational_domain = m.verdict.dmarc.author; },
       "It would have passed DMARC had news.example.com signed it with DKIM, or had SPF passed for 192.0.2.1 and MAIL "
       "FROM news.example.com (or a subdomain)."},
      {"nothing at all, no client", [](Message& m) { m.facts.client_ip.reset(); },
       "It would have passed DMARC had news.example.com signed it with DKIM, or had SPF been checked (no client "
       "address was given) and passed for MAIL FROM news.example.com (or another name of example.com)."},
  });
}

TEST_CASE("cli/advice: of several misses the nearest", "[cli][advice]") {
  // From the farthest to the nearest; each is put behind those before it and must win over them.
  const std::vector<std::pair<std::function<void(Message&)>, const char*>> steps = {
      {[](Message& m) { m.sign("esp.example", kOther, Reason::None, Reason::None, Reason::None); },
       "had the DKIM signature of esp.example"},
      {[](Message& m) { m.send("bounce.example.com", kOwn, spf::Status::Fail); }, "had 192.0.2.1 been listed"},
      {[](Message& m) { m.sign("headers.example.com", kOwn, Reason::None, Reason::SignatureMismatch, Reason::None); },
       "had the header fields that headers.example.com"},
      {[](Message& m) { m.sign("both.example.com", kOwn, Reason::NoKey, {}, Reason::BodyHashMismatch); },
       "had s1._domainkey.both.example.com held the key"},
      {[](Message& m) { m.sign("key.example.com", kOwn, Reason::NoKey, {}, Reason::None); },
       "had s1._domainkey.key.example.com held the key"},
      {[](Message& m) { m.sign("body.example.com", kOwn, Reason::None, Reason::None, Reason::BodyHashMismatch); },
       "had the body not been changed after body.example.com"},
  };
  Message message;
  for (const auto& [make, expected] : steps) {
    make(message);
    CAPTURE(expected);
    CHECK(message.advised().find(expected) != std::string::npos);
  }
  // What is nearer but not aligned is none.
  Message stranger;
  stranger.sign("esp.example", kOther, Reason::None, Reason::None, Reason::BodyHashMismatch);
  CHECK(stranger.advised().find("esp.example") == std::string::npos);
}

TEST_CASE("cli/advice: results other than fail", "[cli][advice]") {
  check({
      {"pass", [](Message& m) { m.verdict.dmarc.status = dmarc::Status::Pass; }, ""},
      {"not verified", [](Message& m) { m.verdict.exceeded = assay::Bound::HeaderOctets; }, ""},
      {"no record", [](Message& m) { m.verdict.dmarc.status = dmarc::Status::None; },
       "It could have passed DMARC had news.example.com published one DMARC record, at _dmarc.news.example.com."},
      {"no From",
       [](Message& m) {
         m.verdict.dmarc.status = dmarc::Status::PermError;
         m.verdict.dmarc.reason = dmarc::Reason::FromMissing;
         m.verdict.dmarc.author.reset();
       },
       "It could have passed DMARC had it a From field."},
      {"DNS failed for the policy",
       [](Message& m) {
         m.verdict.dmarc.status = dmarc::Status::TempError;
         m.verdict.dmarc.detail = "_dmarc.example.com: no answer in 5 s";
       },
       "Whether it passes DMARC cannot be told until DNS answers (_dmarc.example.com: no answer in 5 s)."},
      {"DNS failed for a key",
       [](Message& m) {
         m.sign("example.com", kOwn, Reason::DnsFailure, {}, Reason::None);
         m.verdict.dkim.back().status = dkim::Status::TempError;
         m.verdict.dmarc.status = dmarc::Status::TempError;
       },
       "It would have passed DMARC had DNS answered for s1._domainkey.example.com, provided that its b= verifies, "
       "which could not be tried."},
      {"DNS failed for the policy and for a key",
       [](Message& m) {
         m.sign("news.example.com", Relation::Equal, Reason::DnsFailure, {}, Reason::None);
         m.verdict.dkim.back().status = dkim::Status::TempError;
         m.verdict.dmarc.status = dmarc::Status::TempError;
         m.verdict.dmarc.policy_domain.reset();
         m.verdict.dmarc.detail = "_dmarc.example.com: no answer in 5 s";
       },
       "Whether it passes DMARC cannot be told until DNS answers (_dmarc.example.com: no answer in 5 s)."},
      {"one author of several",
       [](Message& m) {
         m.verdict.other_authors.emplace_back();
         m.send("bounce.example.com", kOwn, spf::Status::Fail);
       },
       "It would have passed DMARC for news.example.com had 192.0.2.1 been listed in the SPF record of "
       "bounce.example.com, which aligns."},
  });
}

TEST_CASE("cli/advice: SPF alone", "[cli][advice]") {
  const IpAddress client = IpAddress::parse("2001:db8::1").value();
  const auto advised = [&client](spf::Status status, spf::Reason reason, const char* mechanism) {
    spf::Outcome outcome;
    outcome.domain = "example.com";
    outcome.status = status;
    outcome.reason = reason;
    outcome.mechanism = mechanism;
    return advice(outcome, client, Limits{});
  };
  CHECK(advised(spf::Status::Pass, spf::Reason::None, "all").empty());
  CHECK(advised(spf::Status::Fail, spf::Reason::None, "all") ==
        "It would have passed SPF had 2001:db8::1 been listed in the SPF record of example.com, before all decided.");
  CHECK(advised(spf::Status::Neutral, spf::Reason::NoMatch, "") ==
        "It would have passed SPF had 2001:db8::1 been listed in the SPF record of example.com, where nothing matches "
        "it.");
  CHECK(advised(spf::Status::None, spf::Reason::NoRecord, "") ==
        "It would have passed SPF had example.com published an SPF record that lists 2001:db8::1.");
  CHECK(advised(spf::Status::PermError, spf::Reason::TooManyLookups, "") ==
        "It would have passed SPF had the record of example.com led to no more than 10 DNS lookups and listed "
        "2001:db8::1.");
  CHECK(advised(spf::Status::PermError, spf::Reason::SeveralRecords, "") ==
        "It would have passed SPF had the record of example.com been free of errors (the domain publishes more than "
        "one SPF record) and listed 2001:db8::1.");
  CHECK(advised(spf::Status::TempError, spf::Reason::DnsFailure, "") ==
        "It would have passed SPF had DNS answered (a DNS lookup failed) and the record of example.com listed "
        "2001:db8::1.");
}

TEST_CASE("cli/advice: no octet of mail or DNS reaches the terminal as it is", "[cli][advice][property]") {
  for (const std::string& odd : assay::test::odd_strings()) {
    for (const auto& key : {std::optional<Reason>(Reason::KeySyntax), std::optional<Reason>(Reason::None)}) {
      Message message;
      message.sign("example.com", kOwn, key, {}, Reason::BodyHashMismatch);
      auto checks = std::make_shared<dkim::Trace>(*message.verdict.dkim.back().trace);
      checks->key_name = checks->key_detail = odd;
      message.verdict.dkim.back().trace = checks;
      message.verdict.dkim.back().domain = message.verdict.dkim.back().selector = odd;
      REQUIRE(assay::test::is_fit_for_terminal(message.advised()));
    }
    spf::Outcome outcome;
    outcome.status = spf::Status::Fail;
    outcome.domain = outcome.detail = outcome.mechanism = odd;
    REQUIRE(assay::test::is_fit_for_terminal(advice(outcome, IpAddress{}, Limits{})));
  }
}
