#include <algorithm>

#include "observe/record.h"
#include "tests/observe/sample.h"
#include "tests/support/catch.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace {

using assay::observe::kMaxTextOctets;
using assay::observe::Record;
using assay::observe::to_text;
using assay::test::sample_record;

bool has_control(const std::string& line) {
  return std::any_of(line.begin(), line.end(), [](char c) { return assay::is_control(c); });
}

}  // namespace

TEST_CASE("observe/text: one line says what was done and why", "[observe][golden]") {
  CHECK(
      to_text(sample_record()) ==
      "4XyZ1: action=quarantine quarantine=header rule=policy.indirect would=reject would_rule=strict tags=partner,seen"
      " undecided=forwarder unproven=yes mixed_recipients=yes reply=550/5.7.1"
      " indirect=signed_headers,list dmarc=fail(not_aligned) policy=quarantine author=news.example.org"
      " rfc7489_differs=result,policy,org_domain spf=pass spf_helo=none(no_record) "
      "dkim=fail:example.com(body_hash_mismatch) arc=pass iprev=pass"
      " note=\"marked by a header instead\" client=192.0.2.1 host=mx.example.com helo=mx.example.com user=login"
      " from=<bounce@example.com>"
      " rcpt=<bob@example.net>,+1 size=4321");
}

TEST_CASE("observe/text: an answer of RFC 7489 that does not differ is not told", "[observe]") {
  Record record = sample_record();
  record.verdict.dmarc.rfc7489->differences.clear();
  CHECK(to_text(record).find("rfc7489") == std::string::npos);
}

TEST_CASE("observe/text: local mail claims no results", "[observe]") {
  Record record;
  record.facts.local = true;
  record.facts.has_envelope = true;
  CHECK(to_text(record) == "-: action=accept rule=default local=yes from=<> size=0");
}

TEST_CASE("observe/text: an exceeded bound stands instead of results", "[observe]") {
  Record record;
  record.verdict.exceeded = assay::Bound::HeaderFields;
  CHECK(to_text(record) == "-: action=accept rule=default exceeded=header_fields size=0");
}

TEST_CASE("observe/text: a value cannot pass for another one", "[observe]") {
  Record record;
  record.facts.has_envelope = true;
  record.facts.mail_from = "a> action=accept dmarc=pass x=\"@example.com";
  record.facts.helo = "h action=accept";
  const std::string line = to_text(record);
  CHECK(line.find(R"( helo="h action=accept")") != std::string::npos);
  CHECK(line.find(R"( from="<a> action=accept dmarc=pass x=\"@example.com>")") != std::string::npos);
}

TEST_CASE("observe/text: every octet in every string stays on one line of UTF-8", "[observe][property]") {
  for (const auto& field : assay::test::string_fields()) {
    CAPTURE(field.name);
    for (const std::string& value : assay::test::odd_strings()) {
      CAPTURE(value);
      Record record = sample_record();
      field.set(record, value);
      const std::string line = to_text(record);
      REQUIRE(!has_control(line));
      REQUIRE(assay::is_utf8(line));
    }
  }
}

TEST_CASE("observe/text: however long the strings, the line is bounded and keeps the results", "[observe][bounds]") {
  for (const std::string& unit : {std::string("x"), std::string("\""), std::string("\x01"), std::string("\xC3\xA9"),
                                  std::string("\\"), std::string(" ")}) {
    CAPTURE(unit);
    std::string huge;
    while (huge.size() < 100'000) {
      huge += unit;
    }
    Record record = sample_record();
    for (const auto& field : assay::test::string_fields()) {
      field.set(record, huge);
    }
    record.verdict.dkim.assign(1000, record.verdict.dkim.front());
    const std::string line = to_text(record);
    CHECK(line.size() <= kMaxTextOctets);
    CHECK(assay::is_utf8(line));
    CHECK(!has_control(line));
    CHECK(line.find(" action=quarantine ") != std::string::npos);
    CHECK(line.find(" dmarc=fail(not_aligned) ") != std::string::npos);
    CHECK(line.find(",+995 ") != std::string::npos);
    CHECK(line.find(" size=4321") != std::string::npos);
  }
}
