#include "milter/own_domain.h"

#include "tests/support/catch.h"

using assay::Domain;
using assay::Verdict;
using assay::milter::fails_as_own;
using assay::policy::NameList;

namespace {

Verdict verdict(assay::dmarc::Status status, const std::string& author, const std::string& organizational) {
  Verdict made;
  made.dmarc.status = status;
  made.dmarc.author = Domain::parse(author).value();
  if (!organizational.empty()) {
    made.dmarc.organizational_domain = Domain::parse(organizational).value();
  }
  return made;
}

}  // namespace

TEST_CASE("milter/own_domain: own are the listed names and the Organizational Domain around our name", "[milter]") {
  using Status = assay::dmarc::Status;
  struct Row {
    const char* name;
    Status status;
    const char* author;
    const char* organizational;
    bool is_own;
  };
  const Row row = GENERATE(Row{"around our name", Status::Fail, "example.net", "example.net", true},
                           Row{"below it", Status::Fail, "sales.example.net", "example.net", true},
                           Row{"beside it", Status::Fail, "example.com", "example.com", false},
                           Row{"only alike", Status::Fail, "notexample.net", "notexample.net", false},
                           Row{"a top-level domain", Status::Fail, "net", "net", false},
                           Row{"unknown", Status::Fail, "example.net", "", false},
                           Row{"listed", Status::Fail, "other.example", "", true},
                           Row{"below a pattern", Status::Fail, "a.brand.example", "brand.example", true},
                           Row{"not below a pattern", Status::Fail, "brand.example", "brand.example", false},
                           Row{"passes", Status::Pass, "example.net", "example.net", false},
                           Row{"could not be checked", Status::TempError, "other.example", "", false});
  CAPTURE(row.name);
  NameList domains;
  REQUIRE(domains.add("other.example"));
  REQUIRE(domains.add("*.brand.example"));
  const Verdict first = verdict(row.status, row.author, row.organizational);
  CHECK(fails_as_own(first, domains, "mx.example.net") == row.is_own);
  // As one of several authors, too.
  Verdict second = verdict(Status::Fail, "stranger.example", "stranger.example");
  second.other_authors.push_back(first.dmarc);
  CHECK(fails_as_own(second, domains, "mx.example.net") == row.is_own);
}

TEST_CASE("milter/own_domain: without a usable author nothing is own", "[milter]") {
  Verdict empty;
  empty.dmarc.status = assay::dmarc::Status::Fail;
  CHECK_FALSE(fails_as_own(empty, {}, "mx.example.net"));
  CHECK_FALSE(fails_as_own(verdict(assay::dmarc::Status::Fail, "a.example", "a.example"), {}, "not a name"));
}
