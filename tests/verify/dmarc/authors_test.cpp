#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/fake_resolver.h"
#include "verify/dmarc/evaluate.h"

namespace {

using assay::Domain;
using assay::Limits;
using assay::dmarc::Outcome;
using assay::dmarc::Reason;
using assay::dmarc::Status;
using assay::message::FromStatus;

const char* const kZone =
    "_dmarc.pass.test TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.none.test TXT \"v=DMARC1; p=none\"\n"
    "_dmarc.quarantine.test TXT \"v=DMARC1; p=quarantine\"\n"
    "_dmarc.reject.test TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.tested.test TXT \"v=DMARC1; p=reject; t=y\"\n"
    "_dmarc.broken.test TXT \"v=DMARC1; p=bogus\"\n"
    "_dmarc.temp.test TXT !TEMPFAIL\n";

std::vector<Outcome> evaluate(const std::vector<std::string>& names, const Limits& limits = {}) {
  assay::message::Authors authors;
  authors.status = FromStatus::Ok;
  for (const std::string& name : names) {
    authors.domains.push_back(Domain::parse(name).value());
  }
  assay::spf::Outcome mail_from;
  mail_from.status = assay::spf::Status::Pass;
  mail_from.domain = "pass.test";
  assay::test::FakeResolver dns(kZone);
  return assay::dmarc::evaluate_authors(authors, mail_from, {}, dns, limits);
}

}  // namespace

TEST_CASE("dmarc/authors: of several author domains the strictest failing policy decides (RFC 9989 section 11.5)",
          "[dmarc][authors]") {
  struct Row {
    std::vector<std::string> authors;
    std::vector<std::string> order;
  };
  const std::vector<Row> rows{
      {{"pass.test"}, {"pass.test"}},
      {{"pass.test", "reject.test"}, {"reject.test", "pass.test"}},
      {{"none.test", "pass.test"}, {"none.test", "pass.test"}},
      {{"pass.test", "none.test"}, {"none.test", "pass.test"}},
      {{"none.test", "quarantine.test", "reject.test"}, {"reject.test", "none.test", "quarantine.test"}},
      {{"reject.test", "quarantine.test"}, {"reject.test", "quarantine.test"}},
      // What counts is the policy that is left after t=y; of equals the first.
      {{"tested.test", "quarantine.test"}, {"tested.test", "quarantine.test"}},
      {{"quarantine.test", "tested.test", "reject.test"}, {"reject.test", "quarantine.test", "tested.test"}},
      // A pass for one must not hide that another could not be checked.
      {{"pass.test", "temp.test"}, {"temp.test", "pass.test"}},
      {{"temp.test", "none.test"}, {"none.test", "temp.test"}},
      // No record, or none that can be used, is no judgement: the first author stays.
      {{"pass.test", "unknown.test"}, {"pass.test", "unknown.test"}},
      {{"unknown.test", "pass.test"}, {"unknown.test", "pass.test"}},
      {{"pass.test", "broken.test"}, {"pass.test", "broken.test"}},
      {{"broken.test", "pass.test"}, {"broken.test", "pass.test"}},
  };
  for (const Row& row : rows) {
    std::vector<std::string> got;
    for (const Outcome& outcome : evaluate(row.authors)) {
      got.push_back(outcome.author.value().str());
    }
    CHECK(got == row.order);
  }
}

TEST_CASE("dmarc/authors: more than Limits::author_domains domains are not evaluated", "[dmarc][authors]") {
  Limits limits;
  limits.author_domains = 2;
  CHECK(evaluate({"pass.test", "none.test"}, limits).size() == 2);
  const auto outcomes = evaluate({"pass.test", "none.test", "reject.test"}, limits);
  REQUIRE(outcomes.size() == 1);
  CHECK(outcomes[0].status == Status::PermError);
  CHECK(outcomes[0].reason == Reason::TooManyAuthors);
  CHECK_FALSE(outcomes[0].author.has_value());
}

TEST_CASE("dmarc/authors: an unusable From is a PermError that asks nothing (RFC 9989 section 5.3.1)",
          "[dmarc][authors]") {
  const std::vector<std::pair<FromStatus, Reason>> rows{
      {FromStatus::Missing, Reason::FromMissing},       {FromStatus::Repeated, Reason::FromRepeated},
      {FromStatus::Unparsable, Reason::FromUnparsable}, {FromStatus::NoDomain, Reason::FromWithoutDomain},
      {FromStatus::Ok, Reason::FromWithoutDomain},
  };
  for (const auto& [status, reason] : rows) {
    assay::message::Authors authors;
    authors.status = status;
    assay::test::FakeResolver dns(kZone);
    const auto outcomes = assay::dmarc::evaluate_authors(authors, {}, {}, dns, Limits{});
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].status == Status::PermError);
    CHECK(outcomes[0].reason == reason);
    CHECK(assay::dmarc::is_bad_from(reason));
    CHECK(dns.questions().empty());
  }
}

TEST_CASE("dmarc/outcome: words are stable", "[dmarc]") {
  using assay::dmarc::to_string;
  CHECK(to_string(Status::None) == std::string("none"));
  CHECK(to_string(Status::Pass) == std::string("pass"));
  CHECK(to_string(Status::Fail) == std::string("fail"));
  CHECK(to_string(Status::TempError) == std::string("temperror"));
  CHECK(to_string(Status::PermError) == std::string("permerror"));
  CHECK(to_string(assay::dmarc::Discovery::PublicSuffixList) == std::string("psl"));
  CHECK(to_string(Reason::None) == nullptr);
  for (const Reason reason : {Reason::NoRecord, Reason::NotAligned, Reason::UnusableRecord, Reason::DnsFailure,
                              Reason::DnssecBogus, Reason::TooManyAuthors, Reason::FromUnparsable}) {
    REQUIRE(to_string(reason) != nullptr);
    CHECK(std::string(to_string(reason)).find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos);
  }
  CHECK_FALSE(assay::dmarc::is_bad_from(Reason::NotAligned));
}
