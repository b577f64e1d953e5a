#include "verify/dmarc/tree_walk.h"

#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/fake_resolver.h"

namespace {

using assay::Domain;
using assay::Limits;
using assay::test::FakeResolver;

struct Row {
  std::string start;
  std::string zone;                  ///< Names with their tags after v=DMARC1; one a line.
  std::vector<std::string> queries;  ///< Names asked, _dmarc. taken off.
  std::string organization;
};

/// "example.com psd=n" a line to a zone of DMARC records.
std::string to_zone(const std::string& records) {
  std::string zone;
  for (std::size_t begin = 0; begin < records.size();) {
    const std::size_t end = std::min(records.find('\n', begin), records.size());
    const std::string line = records.substr(begin, end - begin);
    const std::size_t space = std::min(line.find(' '), line.size());
    zone += "_dmarc." + line.substr(0, space) + " TXT \"v=DMARC1;" + line.substr(space) + "\"\n";
    begin = end + 1;
  }
  return zone;
}

std::vector<std::string> asked(const FakeResolver& dns) {
  std::vector<std::string> names;
  for (const auto& question : dns.questions()) {
    CHECK(question.type == assay::dns::Type::TXT);
    REQUIRE(question.name.rfind("_dmarc.", 0) == 0);
    names.push_back(question.name.substr(7));
  }
  return names;
}

Domain name(const std::string& text) {
  return Domain::parse(text).value();
}

using Names = std::vector<std::string>;

const Names kSeven{"g.h.i.j.mail.example.com",
                   "h.i.j.mail.example.com",
                   "i.j.mail.example.com",
                   "j.mail.example.com",
                   "mail.example.com",
                   "example.com",
                   "com"};

Names with_start(const std::string& start, Names rest) {
  rest.insert(rest.begin(), start);
  return rest;
}

}  // namespace

TEST_CASE("dmarc/tree_walk: names asked and Organizational Domain (RFC 9989 sections 4.10, 4.10.2, B.4)",
          "[dmarc][walk]") {
  const std::string thirteen = "a.b.c.d.e.f.g.h.i.j.mail.example.com";
  const Names seven_of_eight{"b.c.d.e.f.example.com",
                             "c.d.e.f.example.com",
                             "d.e.f.example.com",
                             "e.f.example.com",
                             "f.example.com",
                             "example.com",
                             "com"};
  const Names seven_of_nine{"c.d.e.f.g.example.com",
                            "d.e.f.g.example.com",
                            "e.f.g.example.com",
                            "f.g.example.com",
                            "g.example.com",
                            "example.com",
                            "com"};
  const std::vector<Row> rows{
      {"example.com", "example.com p=none", {"example.com", "com"}, "example.com"},
      {"a.example.com", "example.com p=none", {"a.example.com", "example.com", "com"}, "example.com"},
      {"signing.example.com",
       "signing.example.com p=none\nexample.com p=none",
       {"signing.example.com", "example.com", "com"},
       "example.com"},
      {"a.b.example.com",
       "b.example.com p=none\nexample.com p=none",
       {"a.b.example.com", "b.example.com", "example.com", "com"},
       "example.com"},
      {"a.b.example.com",
       "b.example.com psd=n\nexample.com p=none",
       {"a.b.example.com", "b.example.com"},
       "b.example.com"},
      {"a.b.example.com",
       "a.b.example.com p=none\nb.example.com psd=n\nexample.com p=none",
       {"a.b.example.com", "b.example.com"},
       "b.example.com"},
      {"b.example.com",
       "b.example.com p=none\nexample.com p=none",
       {"b.example.com", "example.com", "com"},
       "example.com"},
      {"b.example.com", "b.example.com psd=n\nexample.com p=none", {"b.example.com"}, "b.example.com"},
      {"giant.bank.example",
       "giant.bank.example p=none\nbank.example psd=y",
       {"giant.bank.example", "bank.example"},
       "giant.bank.example"},
      {"mail.giant.bank.example",
       "giant.bank.example p=none\nbank.example psd=y",
       {"mail.giant.bank.example", "giant.bank.example", "bank.example"},
       "giant.bank.example"},
      {"mail.mega.bank.example",
       "bank.example psd=y",
       {"mail.mega.bank.example", "mega.bank.example", "bank.example"},
       "mega.bank.example"},
      {"bank.example", "bank.example psd=y", {"bank.example"}, "bank.example"},
      {"a.bank.example", "bank.example psd=y", {"a.bank.example", "bank.example"}, "a.bank.example"},
      {"a.mail.example.com",
       "com psd=y",
       {"a.mail.example.com", "mail.example.com", "example.com", "com"},
       "example.com"},
      {"a.mail.example.com",
       "mail.example.com p=none\ncom psd=y",
       {"a.mail.example.com", "mail.example.com", "example.com", "com"},
       "example.com"},
      {"a.example.com", "com p=none", {"a.example.com", "example.com", "com"}, "com"},
      {"a.example.com",
       "example.com p=none\nexample.com p=none",
       {"a.example.com", "example.com", "com"},
       "a.example.com"},
      {"a.example.com",
       "a.example.com p=none\na.example.com p=reject\nexample.com p=none",
       {"a.example.com", "example.com", "com"},
       "example.com"},
      {"a.b.example.com",
       "b.example.com psd=n\nb.example.com psd=n\nexample.com p=none",
       {"a.b.example.com", "b.example.com", "example.com", "com"},
       "example.com"},
      {"a.b.c.d.e.f.example.com", "example.com p=none", with_start("a.b.c.d.e.f.example.com", seven_of_eight),
       "example.com"},
      {"a.b.c.d.e.f.g.example.com", "example.com p=none", with_start("a.b.c.d.e.f.g.example.com", seven_of_nine),
       "example.com"},
      {"a.b.c.d.e.f.g.example.com", "b.c.d.e.f.g.example.com psd=n\nexample.com p=none",
       with_start("a.b.c.d.e.f.g.example.com", seven_of_nine), "example.com"},
      {thirteen, "example.com p=none", with_start(thirteen, kSeven), "example.com"},
      {thirteen, "com psd=y", with_start(thirteen, kSeven), "example.com"},
      {"x.y.z", "", {"x.y.z", "y.z", "z"}, "x.y.z"},
      {"com", "", {"com"}, "com"},
      {"a.example.com", "example.com psd=bogus", {"a.example.com", "example.com", "com"}, "example.com"},
      // "psd=y other than the one where the walk started": one label below a suffix that was reached by the shortcut.
      {thirteen,
       "h.i.j.mail.example.com psd=y",
       {thirteen, "g.h.i.j.mail.example.com", "h.i.j.mail.example.com"},
       "g.h.i.j.mail.example.com"},
      {thirteen,
       "g.h.i.j.mail.example.com psd=y",
       {thirteen, "g.h.i.j.mail.example.com"},
       "f.g.h.i.j.mail.example.com"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.start << " with " << row.zone) {
      FakeResolver dns(to_zone(row.zone));
      const Limits limits;
      const auto walk = assay::dmarc::walk(name(row.start), dns, limits);
      CHECK(asked(dns) == row.queries);
      CHECK_FALSE(walk.failure.has_value());
      CHECK(walk.steps.size() == row.queries.size());
      const auto organization = assay::dmarc::organizational_domain(name(row.start), walk);
      REQUIRE(organization.has_value());
      CHECK(organization->str() == row.organization);
    }
  }
}

TEST_CASE("dmarc/tree_walk: at most Limits::walk_queries names", "[dmarc][walk]") {
  Limits limits;
  const auto start = name("a.b.c.d.e.f.g.h.i.j.mail.example.com");
  CHECK(assay::dmarc::walk_names(start, limits).size() == 8);
  limits.walk_queries = 7;
  CHECK(assay::dmarc::walk_names(start, limits).size() == 7);
  limits.walk_queries = 9;
  CHECK(assay::dmarc::walk_names(start, limits).size() == 8);
}

TEST_CASE("dmarc/tree_walk: answers that are no DMARC record do not stop it", "[dmarc][walk]") {
  FakeResolver dns(
      "_dmarc.a.example.com TXT \"v=spf1 ?all\"\n"
      "_dmarc.a.example.com TXT \"\"\n"
      "_dmarc.example.com TXT \"v=spf1 -all\"\n"
      "_dmarc.example.com TXT \"v=DMARC1; p=reject\"\n"
      "_dmarc.com NONE\n");
  const auto walk = assay::dmarc::walk(name("a.example.com"), dns, Limits{});
  CHECK(asked(dns) == Names{"a.example.com", "example.com", "com"});
  REQUIRE(walk.found.size() == 1);
  CHECK(walk.found[0].name.str() == "example.com");
  CHECK(walk.steps[0].records == 0);
  CHECK(walk.steps[1].records == 1);
  CHECK(walk.steps[1].record == "v=DMARC1; p=reject");
  CHECK(walk.steps[2].status == assay::dns::Status::NoData);
}

TEST_CASE("dmarc/tree_walk: a failed lookup ends it without a conclusion (RFC 9989 section 5.3.6)", "[dmarc][walk]") {
  const char* failure = GENERATE("!TEMPFAIL", "!BOGUS");
  FakeResolver dns(std::string("_dmarc.a.example.com TXT \"v=DMARC1; p=reject\"\n_dmarc.example.com TXT ") + failure);
  const auto walk = assay::dmarc::walk(name("a.example.com"), dns, Limits{});
  CHECK(asked(dns) == Names{"a.example.com", "example.com"});
  CHECK(walk.failure == (std::string(failure) == "!BOGUS" ? assay::dns::Status::Bogus : assay::dns::Status::TempFail));
  CHECK(walk.found.size() == 1);
  CHECK(walk.detail == "_dmarc.example.com: made to fail");
  CHECK_FALSE(assay::dmarc::organizational_domain(name("a.example.com"), walk).has_value());
}

TEST_CASE("dmarc/tree_walk: a text over Limits::kRecordOctets is a record that cannot be used", "[dmarc][walk]") {
  const Limits limits;
  const std::string record = "v=DMARC1; p=reject; x=";
  const auto walk_with = [&limits](const std::string& text) {
    FakeResolver dns;
    assay::dns::Answer answer;
    answer.status = assay::dns::Status::Found;
    answer.texts = {text};
    dns.add("_dmarc.com", assay::dns::Type::TXT, answer);
    return assay::dmarc::walk(name("com"), dns, limits);
  };
  const auto at_bound = walk_with(record + std::string(Limits::kRecordOctets - record.size(), 'x'));
  REQUIRE(at_bound.found.size() == 1);
  CHECK_FALSE(at_bound.found[0].record->has_invalid_policy);
  const auto beyond = walk_with(record + std::string(Limits::kRecordOctets - record.size() + 1, 'x'));
  REQUIRE(beyond.found.size() == 1);
  CHECK(beyond.found[0].record->has_invalid_policy);
  CHECK_FALSE(beyond.found[0].record->policy.has_value());
  CHECK(walk_with(std::string(Limits::kRecordOctets + 1, 'x')).found.empty());
  CHECK(walk_with("v=DMARC1" + std::string(Limits::kRecordOctets, 'x')).found.empty());
}

TEST_CASE("dmarc/tree_walk: begin and continue ask what a whole walk asks", "[dmarc][walk]") {
  FakeResolver dns(to_zone("example.com p=none"));
  const auto start = name("a.example.com");
  auto walk = assay::dmarc::begin_walk(start, dns);
  CHECK(asked(dns) == Names{"a.example.com"});
  CHECK_FALSE(walk.is_ended);
  assay::dmarc::continue_walk(start, walk, dns, Limits{});
  assay::dmarc::continue_walk(start, walk, dns, Limits{});
  CHECK(asked(dns) == Names{"a.example.com", "example.com", "com"});
  CHECK(walk.is_ended);
}
