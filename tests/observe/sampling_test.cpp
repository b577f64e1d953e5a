#include "observe/sampling.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "observe/journal_fields.h"
#include "observe/log.h"
#include "observe/record_reader.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace assay::observe;
using assay::policy::Action;

/// Accepted: DMARC passes, and nothing else is to be said.
Record ordinary() {
  Record record;
  record.verdict.dmarc.status = assay::dmarc::Status::Pass;
  record.verdict.dmarc.reason = assay::dmarc::Reason::None;
  record.verdict.spf_mail_from.status = assay::spf::Status::Pass;
  record.verdict.iprev.emplace().status = assay::iprev::Status::Pass;
  record.verdict.dkim.emplace_back().status = assay::dkim::Status::Pass;
  return record;
}

}  // namespace

TEST_CASE("observe/sampling: a message is ordinary only if nobody would look for it", "[observe][sampling]") {
  CHECK(is_ordinary(ordinary()));
  struct Row {
    const char* name;
    std::function<void(Record&)> change;
    bool expected;
  };
  using R = Record;
  for (const Row& row : std::vector<Row>{
           {"no policy", [](R& r) { r.verdict.dmarc.status = assay::dmarc::Status::None; }, true},
           {"a signature that fails", [](R& r) { r.verdict.dkim[0].status = assay::dkim::Status::Fail; }, true},
           {"SPF softfail", [](R& r) { r.verdict.spf_mail_from.status = assay::spf::Status::SoftFail; }, true},
           {"local",
            [](R& r) {
              r.facts.local = true;
              r.decision.rule = "local";
            },
            true},
           {"refused", [](R& r) { r.decision.action = Action::Reject; }, false},
           {"quarantined", [](R& r) { r.decision.action = Action::Quarantine; }, false},
           {"deferred", [](R& r) { r.decision.action = Action::TempFail; }, false},
           {"discarded", [](R& r) { r.decision.action = Action::Discard; }, false},
           {"an own rule", [](R& r) { r.decision.rule = "partner"; }, false},
           {"p=none", [](R& r) { r.decision.rule = "policy.published.none"; }, false},
           {"would", [](R& r) { r.decision.would = Action::Reject; }, false},
           {"a tag", [](R& r) { r.decision.tags = {"seen"}; }, false},
           {"an observed rule",
            [](R& r) {
              r.decision.observed = {{"strict", Action::Accept}};
            },
            false},
           {"an undecided rule", [](R& r) { r.decision.undecided = {"strict"}; }, false},
           {"a field added",
            [](R& r) {
              r.decision.headers = {{"X", "y"}};
            },
            false},
           {"mixed recipients", [](R& r) { r.decision.mixed_recipients = true; }, false},
           {"a note", [](R& r) { r.notes = {"the MTA does not offer quarantine"}; }, false},
           {"dmarc fails", [](R& r) { r.verdict.dmarc.status = assay::dmarc::Status::Fail; }, false},
           {"another author fails",
            [](R& r) { r.verdict.other_authors.emplace_back().status = assay::dmarc::Status::Fail; }, false},
           {"spf temperror", [](R& r) { r.verdict.spf_mail_from.status = assay::spf::Status::TempError; }, false},
           {"spf temperror of HELO", [](R& r) { r.verdict.spf_helo.status = assay::spf::Status::TempError; }, false},
           {"dkim temperror", [](R& r) { r.verdict.dkim[0].status = assay::dkim::Status::TempError; }, false},
           {"dmarc temperror", [](R& r) { r.verdict.dmarc.status = assay::dmarc::Status::TempError; }, false},
           {"arc without DNS", [](R& r) { r.verdict.arc.reason = assay::arc::Reason::DnsFailure; }, false},
           {"iprev temperror", [](R& r) { r.verdict.iprev->status = assay::iprev::Status::TempError; }, false},
           {"a large header", [](R& r) { r.verdict.exceeded = assay::Bound::HeaderOctets; }, false},
           {"many signatures", [](R& r) { r.verdict.dkim[0].reason = assay::dkim::Reason::TooManySignatures; }, false},
           {"costly signatures", [](R& r) { r.verdict.dkim[0].reason = assay::dkim::Reason::TooCostly; }, false},
           {"a key too large", [](R& r) { r.verdict.dkim[0].reason = assay::dkim::Reason::KeyTooLarge; }, false},
           {"another result by RFC 7489",
            [](R& r) { r.verdict.dmarc.rfc7489.emplace().differences = {assay::dmarc::Difference::Result}; }, false},
           {"the same by RFC 7489", [](R& r) { r.verdict.dmarc.rfc7489.emplace(); }, true},
           {"many sets", [](R& r) { r.verdict.arc.reason = assay::arc::Reason::TooManySets; }, false},
           {"many lookups", [](R& r) { r.verdict.spf_helo.reason = assay::spf::Reason::TooManyLookups; }, false}}) {
    CAPTURE(row.name);
    Record record = ordinary();
    row.change(record);
    CHECK(is_ordinary(record) == row.expected);
  }
}

TEST_CASE("observe/sampling: one of N ordinary messages is logged and stands for N, all others stand for themselves",
          "[observe][sampling]") {
  const assay::test::TemporaryFolder folder;
  constexpr std::uint64_t kRate = 5;
  constexpr std::size_t kMessages = 100;  // A multiple of the rate: wherever counting begins, a fifth is logged.
  for (const bool json : {true, false}) {
    const std::string path = folder.path(json ? "json" : "text");
    std::string error;
    REQUIRE(open_log({json, "info", path, kRate}, error));
    Record refused = ordinary();
    refused.decision.action = Action::Reject;
    for (std::size_t i = 0; i < kMessages; ++i) {
      log_record(ordinary());
      if (i % 10 == 0) {
        log_record(refused);
      }
    }
    flush_log();
    std::istringstream lines(assay::test::read_file(path));
    std::uint64_t stood_for = 0;
    std::size_t refusals = 0;
    std::size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
      if (!json) {
        const bool is_sample = line.find(" sample=5") != std::string::npos;
        CHECK(is_sample == (line.find("action=accept") != std::string::npos));
        stood_for += is_sample ? kRate : 1;
        continue;
      }
      const auto record = nlohmann::json::parse(line);
      stood_for += record["sample"].get<std::uint64_t>();
      if (record["decision"]["action"] == "reject") {
        ++refusals;
        CHECK(record["sample"] == 1);
      }
    }
    CHECK(count == kMessages / kRate + kMessages / 10);
    CHECK(stood_for == kMessages + kMessages / 10);
    CHECK(refusals == (json ? kMessages / 10 : 0));
    REQUIRE(open_log({}, error));
  }
}

TEST_CASE("observe/record_reader: a record stands for kMaxSample messages at most", "[observe][sampling][bounds]") {
  Record record = ordinary();
  Record read;
  RecordReader reader;
  record.sample = kMaxSample;
  REQUIRE(reader.read(to_json(record), read) == Line::Record);
  CHECK(read.sample == kMaxSample);
  CHECK(journal_fields(record).find("ASSAY_SAMPLE=10000\n") != std::string::npos);
  record.sample = kMaxSample + 1;
  CHECK(reader.read(to_json(record), read) == Line::Malformed);
  record.sample = 0;
  CHECK(reader.read(to_json(record), read) == Line::Malformed);
  // Records of versions without it stand for themselves, whatever was read before.
  auto old = nlohmann::ordered_json::parse(to_json(ordinary()));
  old.erase("sample");
  REQUIRE(reader.read(old.dump(), read) == Line::Record);
  CHECK(read.sample == 1);
  CHECK(journal_fields(ordinary()).find("SAMPLE") == std::string::npos);
}
