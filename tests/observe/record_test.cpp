#include "observe/record.h"

#include <nlohmann/json.hpp>

#include "tests/observe/sample.h"
#include "tests/support/catch.h"

namespace {

using assay::observe::Record;
using assay::observe::spf_json;
using assay::observe::to_json;
using assay::observe::verification_json;
using assay::test::sample_record;
using Json = nlohmann::ordered_json;

Json parse(const std::string& text) {
  return Json::parse(text);
}

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> names;
  for (const auto& item : object.items()) {
    names.push_back(item.key());
  }
  return names;
}

}  // namespace

TEST_CASE("observe/record: a full record in JSON", "[observe][golden]") {
  const std::string expected =
      R"({"schema":1,)"
      R"("spf":{"mailfrom":{"result":"pass","domain":"example.com","mechanism":"ip4:192.0.2.0/24","reason":null,)"
      R"("lookups":2,"void_lookups":1,"detail":null,"explanation":null},)"
      R"("helo":{"result":"none","domain":"mx.example.com","mechanism":null,"reason":"no_record",)"
      R"("lookups":0,"void_lookups":0,"detail":null,"explanation":null}},)"
      R"("dkim":[{"result":"fail","domain":"example.com","selector":"s1","algorithm":"rsa-sha256","key_bits":2048,)"
      R"("testing":false,"headers_verified":true,"reason":"body_hash_mismatch","detail":null,)"
      R"("signing_domain":"example.com","identity":"@example.com","signature_start":"mQ8GEWPc"}],)"
      R"("arc":{"result":"pass","instances":1,"sealers":["lists.example.org"],"oldest_pass":1,)"
      R"("claims":["dmarc=pass header.from=example.com",)"
      R"("spf=pass smtp.mailfrom=\"\\\\\"odd one\\\\\"@example.com\""],"reason":null,"detail":null,)"
      R"("failed_instance":null,"from_signed":true,"hops":[{"instance":1,"selector":"arc",)"
      R"("signer":"lists.example.org","signs_from":true,"signs_part":false,"readable":true}]},)"
      R"("dmarc":{"result":"fail","domain":"news.example.org","policy":"quarantine","published":"reject",)"
      R"("policy_domain":"example.org","org_domain":"example.org","discovery":"treewalk","testing":true,)"
      R"("aligned":{"spf":false,"dkim":false},"reason":"not_aligned","detail":null,)"
      R"("strict":{"spf":false,"dkim":true},)"
      R"("rfc7489":{"result":"pass","policy":"reject","published":"reject","pct":25,"policy_domain":"example.org",)"
      R"("org_domain":"news.example.org","treewalk_org_domain":"example.org","aligned":{"spf":false,"dkim":true},)"
      R"("reason":null,"detail":null,"differs":["result","policy","org_domain"]}},)"
      R"("other_authors":[{"result":"none","domain":"example.info","policy":null,"published":null,)"
      R"("policy_domain":null,"org_domain":null,"discovery":"treewalk","testing":false,)"
      R"("aligned":{"spf":false,"dkim":false},"reason":"no_record","detail":null,)"
      R"("strict":{"spf":false,"dkim":false},"rfc7489":null}],)"
      R"("iprev":{"result":"pass","name":"mx.example.com"},)"
      R"("authentication_results":"mx.example.net; spf=pass smtp.mailfrom=example.com; dmarc=fail",)"
      R"("indirect":["signed_headers","list"],)"
      R"("decision":{"action":"quarantine","rule":"policy.indirect","would":"reject",)"
      R"("would_rule":"strict","reply":{"code":550,"enhanced":"5.7.1","text":"No."},"quarantine":"header",)"
      R"("redirect_to":null,"unavailable_form":"hold","headers":[{"name":"X-Partner","value":"yes"}],"tags":["partner","seen"],)"
      R"("observed":[{"rule":"strict","action":"reject"}],"undecided":["forwarder"],)"
      R"("override":{"type":"local_policy","comment":"rule policy.indirect"},"unproven":true,"mixed_recipients":true},)"
      R"("dns":{"queries":6},"exceeded":null)";
  CHECK(verification_json(sample_record()) == expected + "}");
  CHECK(to_json(sample_record()) ==
        expected + R"(,"time":"2026-11-22T14:05:09Z","queue_id":"4XyZ1",)"
                   R"("client":{"ip":"192.0.2.1","name":"mx.example.com","helo":"mx.example.com","tls":"TLSv1.3",)"
                   R"("authenticated":"login","local":false},)"
                   R"("mail_from":"bounce@example.com","rcpt":["bob@example.net","ann@example.net"],"smtputf8":true,)"
                   R"("from":["alice@news.example.org","x@example.info"],"list_id":"dev.lists.example.org",)"
                   R"("list_post_host":"lists.example.org","resent":true,"resent_from":["example.edu"],)"
                   R"("size":4321,"settings":"0123456789ab","notes":["marked by a header instead"],)"
                   R"("redacted":null,"sample":1})");
}

TEST_CASE("observe/record: what is absent is null or an empty list, never missing", "[observe]") {
  const Json full = parse(to_json(sample_record()));
  const Json empty = parse(to_json(Record{}));
  CHECK(keys(empty) == keys(full));
  for (const char* name : {"spf", "arc", "dmarc", "decision", "client"}) {
    CAPTURE(name);
    CHECK(keys(empty[name]) == keys(full[name]));
  }
  CHECK(empty["dkim"] == Json::array());
  CHECK(empty["iprev"].is_null());
  CHECK(empty["spf"]["mailfrom"]["result"] == "none");
  CHECK(empty["spf"]["mailfrom"]["reason"] == "no_identity");
  CHECK(empty["spf"]["mailfrom"]["domain"].is_null());
  CHECK(empty["spf"]["mailfrom"]["mechanism"].is_null());
  CHECK(empty["arc"]["result"] == "none");
  CHECK(empty["arc"]["oldest_pass"].is_null());
  CHECK(empty["arc"]["reason"].is_null());
  CHECK(empty["dmarc"]["policy"].is_null());
  CHECK(empty["dmarc"]["published"].is_null());
  CHECK(empty["dmarc"]["policy_domain"].is_null());
  CHECK(empty["dmarc"]["org_domain"].is_null());
  CHECK(empty["dmarc"]["rfc7489"].is_null());
  CHECK(empty["indirect"] == Json::array());
  CHECK(empty["decision"]["would"].is_null());
  CHECK(empty["decision"]["reply"].is_null());
  CHECK(empty["decision"]["quarantine"].is_null());
  CHECK(empty["client"]["ip"].is_null());
  CHECK(empty["mail_from"].is_null());
  CHECK(empty["rcpt"] == Json::array());
  CHECK(empty["list_id"].is_null());
}

TEST_CASE("observe/record: the answer of RFC 7489 without a policy has no percentage", "[observe]") {
  Record record = sample_record();
  *record.verdict.dmarc.rfc7489 = {};
  const Json answer = parse(verification_json(record))["dmarc"]["rfc7489"];
  CHECK(answer["result"] == "none");
  CHECK(answer["policy"].is_null());
  CHECK(answer["pct"].is_null());
  CHECK(answer["org_domain"].is_null());
  CHECK(answer["differs"] == Json::array());
}

TEST_CASE("observe/record: the null sender is an empty string, no envelope is null", "[observe]") {
  Record record;
  record.facts.has_envelope = true;
  CHECK(parse(to_json(record))["mail_from"] == "");
}

TEST_CASE("observe/record: oldest_pass 0 is not its absence", "[observe]") {
  Record record;
  record.verdict.arc.oldest_pass = 0;
  CHECK(parse(verification_json(record))["arc"]["oldest_pass"] == 0);
}

TEST_CASE("observe/record: an exceeded bound and a redirect are named", "[observe]") {
  Record record = sample_record();
  record.verdict.exceeded = assay::Bound::HeaderOctets;
  record.decision.quarantine =
      assay::policy::Quarantine{assay::policy::QuarantineHow::Redirect, "", "", "spam@example.net"};
  const Json object = parse(verification_json(record));
  CHECK(object["exceeded"] == "header_octets");
  CHECK(object["decision"]["quarantine"] == "redirect");
  CHECK(object["decision"]["redirect_to"] == "spam@example.net");
}

TEST_CASE("observe/record: every octet in every string gives valid JSON on one line", "[observe][property]") {
  for (const auto& field : assay::test::string_fields()) {
    CAPTURE(field.name);
    for (const std::string& value : assay::test::odd_strings()) {
      CAPTURE(value);
      Record record = sample_record();
      field.set(record, value);
      const std::string json = to_json(record);
      REQUIRE(Json::accept(json));
      REQUIRE(json.find('\n') == std::string::npos);
      REQUIRE(Json::accept(verification_json(record)));
    }
  }
}

TEST_CASE("observe/record: octets that are not UTF-8 and control characters read \\xHH", "[observe]") {
  Record record = sample_record();
  record.facts.helo = "a\x80\xFF\x01\n\xC2\x85\\b\xC3\xA9";
  CHECK(parse(to_json(record))["client"]["helo"] == "a\\x80\\xFF\\x01\\x0A\\xC2\\x85\\\\b\xC3\xA9");
}

TEST_CASE("observe/record: signatures beyond the bound are counted, but never those that prove something",
          "[observe][bounds]") {
  constexpr std::size_t kBound = assay::observe::kMaxRecordSignatures;
  Record record;
  assay::dkim::Outcome skipped;
  skipped.status = assay::dkim::Status::Policy;
  skipped.reason = assay::dkim::Reason::TooManySignatures;
  record.verdict.dkim.assign(kBound, skipped);
  Json object = parse(verification_json(record));
  CHECK(object["dkim"].size() == kBound);
  CHECK(!object.contains("dkim_omitted"));

  record.verdict.dkim.push_back(skipped);
  assay::dkim::Outcome passing;
  passing.status = assay::dkim::Status::Pass;
  passing.domain = "last.example";
  record.verdict.dkim.push_back(passing);
  passing.status = assay::dkim::Status::Fail;
  passing.headers_verified = true;
  record.verdict.dkim.push_back(passing);
  object = parse(verification_json(record));
  CHECK(object["dkim"].size() == kBound + 2);
  CHECK(object["dkim"].back()["domain"] == "last.example");
  CHECK(object["dkim_omitted"] == 1);
}

TEST_CASE("observe/record: recipients beyond the bound are counted", "[observe][bounds]") {
  Record record;
  record.facts.rcpt.assign(assay::observe::kMaxRecipients, "a@example.net");
  Json object = parse(to_json(record));
  CHECK(object["rcpt"].size() == assay::observe::kMaxRecipients);
  CHECK(!object.contains("rcpt_omitted"));
  record.facts.rcpt.emplace_back("b@example.net");
  object = parse(to_json(record));
  CHECK(object["rcpt"].size() == assay::observe::kMaxRecipients);
  CHECK(object["rcpt_omitted"] == 1);
}

TEST_CASE("observe/record: an SPF object has the explanation", "[observe]") {
  assay::spf::Outcome outcome;
  outcome.status = assay::spf::Status::Fail;
  outcome.reason = assay::spf::Reason::None;
  outcome.domain = "example.com";
  outcome.mechanism = "all";
  outcome.explanation = "See http://example.com/why";
  CHECK(spf_json(outcome) ==
        R"({"result":"fail","domain":"example.com","mechanism":"all","reason":null,"lookups":0,"void_lookups":0,)"
        R"("detail":null,"explanation":"See http://example.com/why"})");
}

TEST_CASE("observe/record: time is RFC 3339 in UTC", "[observe]") {
  using assay::Time;
  using std::chrono::seconds;
  CHECK(assay::observe::to_rfc3339(Time(seconds(0))) == "1970-01-01T00:00:00Z");
  CHECK(assay::observe::to_rfc3339(Time(seconds(951782399))) == "2000-02-28T23:59:59Z");
  CHECK(assay::observe::to_rfc3339(Time(seconds(951782400))) == "2000-02-29T00:00:00Z");
  CHECK(assay::observe::to_rfc3339(Time(seconds(253402300799))) == "9999-12-31T23:59:59Z");
}
