#include "observe/journal_fields.h"

#include <sstream>

#include "tests/observe/sample.h"
#include "tests/support/catch.h"

namespace {

using assay::observe::journal_fields;
using assay::observe::kMaxFieldValueOctets;
using assay::observe::Record;

}  // namespace

TEST_CASE("observe/journal_fields: what a message is found by", "[observe][log][golden]") {
  Record record = assay::test::sample_record();
  record.facts.local = false;
  CHECK(journal_fields(record) ==
        "ASSAY_QUEUE_ID=4XyZ1\n"
        "ASSAY_ACTION=quarantine\n"
        "ASSAY_WOULD=reject\n"
        "ASSAY_RULE=policy.indirect\n"
        "ASSAY_CLIENT_IP=192.0.2.1\n"
        "ASSAY_FROM_DOMAIN=news.example.org\n"
        "ASSAY_DMARC=fail\n"
        "ASSAY_SPF=pass\n"
        "ASSAY_DKIM=fail\n"
        "ASSAY_ARC=pass\n");
  SECTION("one signature that passes suffices") {
    record.verdict.dkim.emplace_back();
    record.verdict.dkim.back().status = assay::dkim::Status::Pass;
    CHECK(journal_fields(record).find("ASSAY_DKIM=pass\n") != std::string::npos);
  }
  SECTION("no signature") {
    record.verdict.dkim.clear();
    CHECK(journal_fields(record).find("ASSAY_DKIM=none\n") != std::string::npos);
  }
  SECTION("what was not verified has no results") {
    record.facts.local = true;
    CHECK(journal_fields(record).find("ASSAY_DMARC") == std::string::npos);
  }
  SECTION("what is not there is left out") {
    record.facts.queue_id.clear();
    record.decision.would.reset();
    record.facts.client_ip.reset();
    CHECK(journal_fields(record).rfind("ASSAY_ACTION=quarantine\nASSAY_RULE=policy.indirect\nASSAY_FROM_DOMAIN", 0) ==
          0);
  }
}

TEST_CASE("observe/journal_fields: no octet of mail begins a field of its own, and values are bounded",
          "[observe][log][property]") {
  for (const std::string& odd : assay::test::odd_strings()) {
    Record record = assay::test::sample_record();
    record.facts.queue_id = record.decision.rule = odd + "\nMESSAGE=forged\n";
    std::istringstream lines(journal_fields(record));
    for (std::string line; std::getline(lines, line);) {
      CHECK(line.rfind("ASSAY_", 0) == 0);
    }
  }
  Record record = assay::test::sample_record();
  record.facts.queue_id.assign(kMaxFieldValueOctets, 'x');
  CHECK(journal_fields(record).rfind("ASSAY_QUEUE_ID=" + record.facts.queue_id + "\n", 0) == 0);
  record.facts.queue_id += 'x';
  CHECK(journal_fields(record).rfind("ASSAY_QUEUE_ID=" + std::string(kMaxFieldValueOctets, 'x') + "...\n", 0) == 0);
}
