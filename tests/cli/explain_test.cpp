#include "cli/explain.h"

#include <functional>
#include <memory>

#include "cli/summary.h"
#include "tests/cli/run_assay.h"
#include "tests/observe/sample.h"
#include "tests/support/catch.h"
#include "verify/arc/trace.h"
#include "verify/crypto/digest.h"
#include "verify/dkim/trace.h"
#include "verify/dmarc/trace.h"

namespace {

using assay::cli::explain;
using assay::cli::Paint;
using assay::cli::summary;
using assay::cli::UsedAnswers;
using assay::observe::Record;
using assay::test::is_fit_for_terminal;
using assay::test::sample_record;

/// One answer of each kind, for the sample record.
UsedAnswers sample_answers() {
  using assay::dns::Answer;
  using assay::dns::Status;
  using assay::dns::Type;
  UsedAnswers answers;
  const auto add = [&answers](const char* name, Type type, const Answer& answer) {
    answers.emplace_back(assay::dns::Question{name, type}, std::make_shared<const Answer>(answer));
  };
  Answer text;
  text.status = Status::Found;
  text.texts = {"v=spf1 ip4:192.0.2.0/24 -all"};
  add("example.com", Type::TXT, text);
  Answer exchanges;
  exchanges.status = Status::Found;
  exchanges.exchanges = {{0, ""}, {10, "mx.example.com"}};
  add("example.com", Type::MX, exchanges);
  Answer none;
  none.status = Status::NxDomain;
  add("_dmarc.news.example.org", Type::TXT, none);
  none.status = Status::NoData;
  add("mx.example.com", Type::AAAA, none);
  none.status = Status::TempFail;
  none.detail = "no answer in 5 s";
  add("slow.example.com", Type::A, none);
  none.status = Status::Bogus;
  none.detail = "signature expired";
  add("bogus.example.com", Type::PTR, none);
  return answers;
}

/// A signature whose body changed; SHA-256 of nothing and of "abc" are known (FIPS 180-2).
assay::dkim::Trace signature_trace(const std::string& domain) {
  assay::dkim::Trace trace;
  trace.signature.emplace();
  assay::dkim::Signature& signature = *trace.signature;
  signature.domain_text = domain;
  signature.selector = "s1";
  signature.algorithm = "rsa-sha256";
  signature.header_canonicalization = assay::message::Canonicalization::Relaxed;
  signature.signed_headers = {"From", "To", "Subject"};
  signature.body_length = 300;
  signature.timestamp = 1'750'000'000;
  signature.expiration = 1'000'000'000'000'000;
  const auto nothing = assay::crypto::digest(assay::crypto::Hash::Sha256, "");
  signature.body_hash.assign(nothing.view().begin(), nothing.view().end());
  trace.header_octets = "from:a  b\r\ndkim-signature:b=";
  trace.header_hash = trace.body_hash = assay::crypto::digest(assay::crypto::Hash::Sha256, "abc");
  trace.body = assay::dkim::Reason::BodyHashMismatch;
  trace.key = trace.headers = assay::dkim::Reason::None;
  trace.key_name = "s1._domainkey." + domain;
  trace.key_answer = assay::dns::Status::Found;
  trace.key_records = 2;
  trace.key_record = "v=DKIM1; p=AAAA";
  return trace;
}

/// One set whose message signature broke, so that its seal was not looked at.
assay::arc::Trace chain_trace() {
  assay::arc::SetTrace set;
  set.results = set.message_signatures = set.seals = 1;
  set.chain_validation = assay::arc::ChainValidation::None;
  set.message_signature = signature_trace("lists.example.org");
  set.signature_state = assay::arc::Check::Broken;
  set.seal = signature_trace("lists.example.org");
  set.seal->key.reset();
  set.seal->headers.reset();
  return {{set}};
}

Record story_record() {
  Record record = sample_record();
  record.verdict.dmarc.rfc7489.reset();
  record.verdict.spf_mail_from.trace = {
      {0, "example.com", "", "v=spf1 exists:%{i}.x.example.com include:_spf.example.com -all", 0, 0, ""},
      {0, "example.com", "exists:%{i}.x.example.com", "no match", 1, 1, "192.0.2.1.x.example.com"},
      {0, "example.com", "include:_spf.example.com", "match", 2, 1, ""},
      {1, "_spf.example.com", "", "v=spf1 ip4:192.0.2.0/24 -all", 2, 1, ""},
      {1, "_spf.example.com", "ip4:192.0.2.0/24", "match", 2, 1, ""},
  };
  record.verdict.dkim.front().trace = std::make_shared<const assay::dkim::Trace>(signature_trace("example.com"));
  assay::dkim::Outcome malformed;
  malformed.status = assay::dkim::Status::PermError;
  malformed.reason = assay::dkim::Reason::MissingTag;
  malformed.detail = "bh= is missing";
  malformed.domain = "example.net";
  auto raw = std::make_shared<assay::dkim::Trace>();
  raw->field = " v=1; d=example.net;\r\n b=";
  malformed.trace = raw;
  record.verdict.dkim.push_back(malformed);
  record.verdict.arc.trace = std::make_shared<const assay::arc::Trace>(chain_trace());
  record.verdict.dmarc.walk = {
      {"_dmarc.news.example.org", assay::dns::Status::NxDomain, "", 0},
      {"_dmarc.example.org", assay::dns::Status::Found, "v=DMARC1; p=reject; t=y; adkim=s", 1},
  };
  assay::dmarc::Trace alignment;
  alignment.walk = record.verdict.dmarc.walk;
  alignment.walk.push_back({"_dmarc.org", assay::dns::Status::NoData, "", 0});
  alignment.organizational_domain = assay::Domain::parse("example.org").value();
  for (const char* domain : {"example.org", "slow.example.org"}) {
    assay::dkim::Outcome more;
    more.status = domain == std::string("example.org") ? assay::dkim::Status::Pass : assay::dkim::Status::Fail;
    more.domain = domain;
    more.selector = "s2";
    more.signing_domain = assay::Domain::parse(domain).value();
    record.verdict.dkim.push_back(more);
  }
  using assay::dmarc::Identifier;
  using assay::dmarc::Relation;
  const auto name = [](const char* text) { return assay::Domain::parse(text).value(); };
  alignment.identifiers = {
      {Identifier::Source::Spf,
       name("example.com"),
       Relation::OtherOrganization,
       name("example.com"),
       {{"_dmarc.example.com", assay::dns::Status::Found, "v=DMARC1; p=none", 1}}},
      {Identifier::Source::Dkim, name("example.com"), Relation::OtherOrganization, name("example.com"), {}},
      {Identifier::Source::Dkim, name("example.org"), Relation::SameOrganization, name("example.org"), {}},
      {Identifier::Source::Dkim, name("slow.example.org"), Relation::Unknown, {}, {}},
  };
  record.verdict.dmarc.trace = std::make_shared<const assay::dmarc::Trace>(alignment);
  return record;
}

}  // namespace

TEST_CASE("cli/explain: the whole story", "[cli][explain][golden]") {
  const std::string expected = R"(Message: 4321 octets, judged as of 2026-11-22T14:05:09Z
  from client 192.0.2.1, which calls itself mx.example.com
  MAIL FROM <bounce@example.com>
  RCPT TO <bob@example.net>
  RCPT TO <ann@example.net>
  From: alice@news.example.org
  From: x@example.info
  List-Id: dev.lists.example.org
  List-Post: lists.example.org
  Resent-From: example.edu

DNS: 6 questions
  TXT example.com -> "v=spf1 ip4:192.0.2.0/24 -all"
  MX example.com -> 2 records
    0 .
    10 mx.example.com
  TXT _dmarc.news.example.org -> no such name (NXDOMAIN)
  AAAA mx.example.com -> the name has no such record (NODATA)
  A slow.example.com -> could not be found out (no answer in 5 s)
  PTR bogus.example.com -> DNSSEC validation failed (signature expired)

SPF, MAIL FROM example.com: pass
  example.com: v=spf1 exists:%{i}.x.example.com include:_spf.example.com -all
    exists:%{i}.x.example.com = 192.0.2.1.x.example.com -> no match [1/10 lookups, 1/2 void]
    include:_spf.example.com -> match [2/10 lookups, 1/2 void]
    _spf.example.com: v=spf1 ip4:192.0.2.0/24 -all
      ip4:192.0.2.0/24 -> match [2/10 lookups, 1/2 void]
  decided by ip4:192.0.2.0/24
  in all [2/10 lookups, 1/2 void]

SPF, HELO mx.example.com: none, the domain publishes no SPF record

Reverse DNS: pass, the client's name leads back to it (mx.example.com)

DKIM: 4 signatures
  1. example.com, selector s1, rsa-sha256: fail, the body is not the one that was signed
      signs for @example.com
      c=relaxed/simple, l=300, t=1750000000 (2025-06-15T15:06:40Z), x=1000000000000000
      h=From:To:Subject
      key at s1._domainkey.example.com: fits, 2048 bits, of 2 records
        "v=DKIM1; p=AAAA"
      header fields (b=): as signed
        computed ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=
      body (bh=): changed since it was signed
        bh=      47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
        computed ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=
  2. example.net: permerror, the signature field lacks a tag that it must have (bh= is missing)
      as received:  v=1; d=example.net;\x0D\x0A b=
  3. example.org, selector s2: pass
  4. slow.example.org, selector s2: fail

ARC chain, 1 set: pass
  instance 1 sealed by lists.example.org
  the message is unchanged since instance 1
  the first hop claims dmarc=pass header.from=example.com
  the first hop claims spf=pass smtp.mailfrom="odd one"@example.com
  instance 1, cv=none
    ARC-Message-Signature by lists.example.org, selector s1, rsa-sha256: does not hold
      c=relaxed/simple, l=300, t=1750000000 (2025-06-15T15:06:40Z), x=1000000000000000
      h=From:To:Subject
      key at s1._domainkey.lists.example.org: fits, of 2 records
        "v=DKIM1; p=AAAA"
      header fields (b=): as signed
        computed ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=
      body (bh=): changed since it was signed
        bh=      47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
        computed ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=
    ARC-Seal by lists.example.org, selector s1, rsa-sha256: not looked at
      t=1750000000 (2025-06-15T15:06:40Z)
      key at s1._domainkey.lists.example.org: not asked for
      ARC sets (b=): not checked
        computed ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=

DMARC, author news.example.org: fail, nothing that passes speaks for the author's domain
  _dmarc.news.example.org -> no such name (NXDOMAIN)
  _dmarc.example.org -> "v=DMARC1; p=reject; t=y; adkim=s"
  _dmarc.org -> the name has no such record (NODATA)
  policy of example.org: reject, in test mode (t=y), so quarantine
  organizational domain: example.org
  SPF of example.com (pass): not aligned, of another organizational domain
      _dmarc.example.com -> "v=DMARC1; p=none"
      organizational domain: example.com
  DKIM of example.com (fail): would not align either, of another organizational domain
      organizational domain: example.com
  DKIM of example.org (pass): not aligned, adkim=s wants the author's very domain
      organizational domain: example.org
  DKIM of slow.example.org (fail): whether it aligns depends on a lookup that failed

DMARC, author example.info: none, no DMARC record applies to the author's domain

Signs of an indirect way
  signed_headers: the author's domain did sign these header fields; something on the way changed the body
  list: the mailing list that the message names vouches for it

Header field
  Authentication-Results: mx.example.net;
   spf=pass smtp.mailfrom=example.com;
   dmarc=fail

Decision: quarantine
  rule policy.indirect
  rule strict is observed: it would be reject if enforced
  tag partner
  tag seen
  adds the field X-Partner: yes
  rule forwarder could not be decided: a check that it asks for failed for now
  otherwise than the domain owner asks: local_policy, rule policy.indirect
  accepted without proof, as the rule says (unproven: true)
  the recipients by themselves would not all fare like this
  marked with the field X-Spam-Flag: YES
  reply: 550 5.7.1 No.

)"
                               "Quarantined: nothing proves that the message is from news.example.org, whose policy is "
                               "quarantine; but it may well have come by an indirect way.\n"
                               "It would have passed DMARC for news.example.org had adkim been relaxed in the DMARC "
                               "record of example.org, for the signature of example.org (selector s2) passes.\n";
  CHECK(explain(story_record(), sample_answers(), {}, Paint(false)) == expected);
}

TEST_CASE("cli/summary: a line for each result", "[cli][summary][golden]") {
  CHECK(summary(sample_record(), Paint(false)) ==
        R"(spf       pass        MAIL FROM example.com, ip4:192.0.2.0/24
          none        HELO mx.example.com, the domain publishes no SPF record
dkim      fail        example.com, selector s1, rsa-sha256, 2048 bits, the body is not the one that was signed
arc       pass        1 set, newest seal by lists.example.org
dmarc     fail        news.example.org, policy quarantine (published: reject, in test mode), nothing that passes speaks for the author's domain
          none        example.info, no DMARC record applies to the author's domain
iprev     pass        mx.example.com
indirect  signed_headers  the author's domain did sign these header fields; something on the way changed the body
indirect  list        the mailing list that the message names vouches for it
decision  quarantine  rule policy.indirect, by header, would be reject by rule strict if enforced, 550 5.7.1 No.

Authentication-Results: mx.example.net;
 spf=pass smtp.mailfrom=example.com;
 dmarc=fail
)");
}

TEST_CASE("cli/explain: the last line says what it amounts to", "[cli][explain]") {
  using assay::dmarc::Policy;
  using assay::dmarc::Reason;
  using assay::dmarc::Status;
  using assay::policy::Action;
  struct Row {
    const char* name;
    std::function<void(Record&)> make;
    const char* expected;
  };
  const auto row =
      GENERATE(Row{"pass by DKIM",
                   [](Record& r) {
                     r.verdict.dmarc.status = Status::Pass;
                     r.verdict.dmarc.dkim_aligned = true;
                   },
                   "Accepted: example.com is authenticated by DKIM.\n"},
               Row{"pass by SPF",
                   [](Record& r) {
                     r.verdict.dmarc.status = Status::Pass;
                     r.verdict.dmarc.spf_aligned = true;
                   },
                   "Accepted: example.com is authenticated by SPF.\n"},
               Row{"no policy", [](Record& r) { r.verdict.dmarc.reason = Reason::NoRecord; },
                   "Accepted: example.com publishes no DMARC policy, so nothing speaks against the message.\n"},
               Row{"rejected",
                   [](Record& r) {
                     r.verdict.dmarc.status = Status::Fail;
                     r.verdict.dmarc.policy = Policy::Reject;
                     r.decision.action = Action::Reject;
                   },
                   "Rejected: nothing proves that the message is from example.com, whose policy is reject.\n"},
               Row{"no From",
                   [](Record& r) {
                     r.verdict.dmarc.status = Status::PermError;
                     r.verdict.dmarc.reason = Reason::FromMissing;
                     r.decision.action = Action::Reject;
                   },
                   "Rejected: the message has no From field.\n"},
               Row{"DNS failed",
                   [](Record& r) {
                     r.verdict.dmarc.status = Status::TempError;
                     r.decision.action = Action::TempFail;
                   },
                   "Deferred: DNS did not let us find out whether the message is from example.com.\n"},
               Row{"a bound",
                   [](Record& r) {
                     r.verdict.exceeded = assay::Bound::HeaderOctets;
                     r.decision.action = Action::Discard;
                   },
                   "Discarded: the message passes a bound (header_octets) and was not verified.\n"});
  CAPTURE(row.name);
  Record record;
  record.verdict.dmarc.author = assay::Domain::parse("example.com").value();
  row.make(record);
  const std::string story = explain(record, {}, {}, Paint(false));
  CHECK(story.find(row.expected) != std::string::npos);
}

TEST_CASE("cli/explain: no octet of mail or DNS reaches the terminal as it is", "[cli][explain][property]") {
  for (const std::string& odd : assay::test::odd_strings()) {
    CAPTURE(odd);
    for (const auto& field : assay::test::string_fields()) {
      CAPTURE(field.name);
      Record record = sample_record();
      field.set(record, odd);
      REQUIRE(is_fit_for_terminal(explain(record, {}, {}, Paint(false))));
      REQUIRE(is_fit_for_terminal(summary(record, Paint(false))));
    }
    Record record = story_record();
    for (auto& step : record.verdict.spf_mail_from.trace) {
      step.domain = step.outcome = step.target = odd;
      step.term = step.term.empty() ? "" : odd;
    }
    for (auto& step : record.verdict.dmarc.walk) {
      step.name = step.record = odd;
    }
    assay::dns::Answer answer;
    answer.status = assay::dns::Status::Found;
    answer.texts = answer.names = {odd};
    answer.exchanges = {{1, odd}};
    answer.detail = odd;
    UsedAnswers answers;
    for (const auto type : {assay::dns::Type::TXT, assay::dns::Type::PTR, assay::dns::Type::MX}) {
      answers.emplace_back(assay::dns::Question{odd, type}, std::make_shared<const assay::dns::Answer>(answer));
    }
    answer.status = assay::dns::Status::TempFail;
    answers.emplace_back(assay::dns::Question{odd, assay::dns::Type::A},
                         std::make_shared<const assay::dns::Answer>(answer));
    const auto trace = std::make_shared<assay::dkim::Trace>(signature_trace("example.com"));
    trace->field = trace->header_octets = trace->key_name = trace->key_record = trace->key_detail = odd;
    trace->signature->signed_headers = {odd};
    trace->signature->domain_text = trace->signature->selector = trace->signature->algorithm = odd;
    trace->key = assay::dkim::Reason::KeySyntax;
    record.verdict.dkim.front().trace = trace;
    auto chain = chain_trace();
    chain.sets.front().message_signature = chain.sets.front().seal = *trace;
    record.verdict.arc.trace = std::make_shared<const assay::arc::Trace>(chain);
    auto alignment = *record.verdict.dmarc.trace;
    alignment.walk.push_back({odd, assay::dns::Status::Found, odd, 1});
    alignment.identifiers.front().walk = alignment.walk;
    record.verdict.dmarc.trace = std::make_shared<const assay::dmarc::Trace>(alignment);
    REQUIRE(is_fit_for_terminal(explain(record, answers, {}, Paint(false), true)));
    assay::spf::Outcome outcome = record.verdict.spf_mail_from;
    outcome.explanation = outcome.domain = outcome.detail = odd;
    REQUIRE(is_fit_for_terminal(summary(outcome, Paint(false))));
    REQUIRE(is_fit_for_terminal(explain(outcome, "HELO", assay::IpAddress{}, answers, {}, Paint(false))));
  }
}

TEST_CASE("cli/explain: colour adds escapes of our own and nothing else", "[cli][explain]") {
  std::string story = explain(story_record(), sample_answers(), {}, Paint(true));
  CHECK(story.find("\x1B[32mpass\x1B[0m") != std::string::npos);
  for (const char* code : {"\x1B[0m", "\x1B[1m", "\x1B[2m", "\x1B[31m", "\x1B[32m", "\x1B[33m"}) {
    for (auto at = story.find(code); at != std::string::npos; at = story.find(code)) {
      story.erase(at, std::string(code).size());
    }
  }
  CHECK(story == explain(story_record(), sample_answers(), {}, Paint(false)));
}

TEST_CASE("cli/explain: --canonical shows the octets that a header hash covers, up to a bound",
          "[cli][explain][bounds]") {
  Record record = sample_record();
  auto trace = signature_trace("example.com");
  const auto told = [&record, &trace] {
    record.verdict.dkim.front().trace = std::make_shared<const assay::dkim::Trace>(trace);
    return explain(record, {}, {}, Paint(false), true);
  };
  CHECK(told().find("      hashed for b=, 28 octets:\n"
                    "      | from:a\\x20\\x20b\\r\\n\n"
                    "      | dkim-signature:b=\n") != std::string::npos);
  trace.header_octets = std::string(16384, 'x');
  CHECK(told().find("octets more") == std::string::npos);
  trace.header_octets += 'x';
  CHECK(told().find("and 1 octets more (--dump-canonical)") != std::string::npos);
  CHECK(explain(record, {}, {}, Paint(false)).find("hashed for") == std::string::npos);
}

TEST_CASE("cli/explain: what was asked beyond the verdict's need is told apart", "[cli][explain]") {
  Record record = sample_record();
  record.verdict.dns_queries = 5;
  const std::string story = explain(record, sample_answers(), {}, Paint(false));
  CHECK(story.find("DNS: 5 questions\n") != std::string::npos);
  CHECK(story.find("\n  and for this explanation alone:\n  PTR bogus.example.com") != std::string::npos);
}

TEST_CASE("cli/explain: thousands of signatures and records are counted, not told", "[cli][explain][bounds]") {
  Record record = sample_record();
  auto trace = signature_trace("example.com");
  trace.signature->signed_headers.assign(5000, std::string(100, 'h'));
  trace.field = std::string(100'000, 'f');
  record.verdict.dkim.front().trace = std::make_shared<const assay::dkim::Trace>(trace);
  record.verdict.dkim.assign(5000, record.verdict.dkim.front());
  record.verdict.from.assign(5000, "a@example.net");
  record.verdict.arc.claims.assign(5000, record.verdict.arc.claims.front());
  record.facts.rcpt.assign(5000, "a@example.net");
  assay::dns::Answer answer;
  answer.status = assay::dns::Status::Found;
  answer.texts.assign(5000, "x");
  const UsedAnswers answers{
      {assay::dns::Question{"example.com", assay::dns::Type::TXT}, std::make_shared<const assay::dns::Answer>(answer)}};
  const std::string story = explain(record, answers, {}, Paint(false));
  CHECK(story.size() < 200'000);
  CHECK(story.find("and 4970 more") != std::string::npos);
  CHECK(summary(record, Paint(false)).size() < 10'000);
}

TEST_CASE("cli/explain: what RFC 7489 would have said is one line", "[cli][explain]") {
  const auto line = [](const Record& record) {
    const std::string story = explain(record, {}, {}, Paint(false));
    const auto start = story.find("  RFC 7489 ");
    return start == std::string::npos ? "" : story.substr(start, story.find('\n', start) - start);
  };
  Record record = sample_record();
  CHECK(line(record) ==
        "  RFC 7489 with the public suffix list: pass, policy of example.org: reject (pct=25), organizational domain: "
        "news.example.org; differs in result, policy, org_domain");
  *record.verdict.dmarc.rfc7489 = {};
  CHECK(line(record) == "  RFC 7489 with the public suffix list: none, organizational domain: none, a public suffix");
  record.verdict.dmarc.rfc7489.reset();
  CHECK(line(record).empty());
}
