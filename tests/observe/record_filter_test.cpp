#include "observe/record_filter.h"

#include "tests/observe/sample.h"
#include "tests/support/catch.h"

namespace {

using assay::Domain;
using assay::observe::kMaxFilterValues;
using assay::observe::Record;
using assay::observe::RecordFilter;
using assay::policy::Action;

Record message() {
  Record record = assay::test::sample_record();
  record.facts.local = false;
  record.verdict.exceeded.reset();
  record.verdict.dmarc.author = Domain::parse("news.example.com").value();
  record.verdict.dmarc.status = assay::dmarc::Status::Fail;
  record.verdict.other_authors.clear();
  record.decision.action = Action::Reject;
  record.decision.rule = "published.reject";
  record.decision.would_rule.clear();
  return record;
}

struct Value {
  assay::Parsed<void> (RecordFilter::*add)(std::string_view);
  const char* text;
};
constexpr auto kFrom = &RecordFilter::add_from_domain;
constexpr auto kAction = &RecordFilter::add_action;
constexpr auto kRule = &RecordFilter::add_rule;
constexpr auto kResult = &RecordFilter::add_result;
constexpr auto kClient = &RecordFilter::add_client;

bool fits(const std::vector<Value>& values, const Record& record) {
  RecordFilter filter;
  for (const Value& value : values) {
    REQUIRE((filter.*value.add)(value.text));
  }
  return filter.matches(record);
}

}  // namespace

TEST_CASE("observe/record_filter: one value of each kind has to fit", "[observe][filter]") {
  const Record record = message();
  struct Row {
    const char* name;
    std::vector<Value> values;
    bool expected;
  };
  const std::vector<Row> rows{
      {"nothing fits all", {}, true},
      {"the author's domain", {{kFrom, "news.example.com"}}, true},
      {"in any case", {{kFrom, "NEWS.Example.COM"}}, true},
      {"not one above it", {{kFrom, "example.com"}}, false},
      {"but by a pattern", {{kFrom, "*.example.com"}}, true},
      {"one of two", {{kFrom, "example.org"}, {kFrom, "news.example.com"}}, true},
      {"action", {{kAction, "reject"}}, true},
      {"another action", {{kAction, "accept"}}, false},
      {"rule", {{kRule, "published.reject"}}, true},
      {"another rule", {{kRule, "published"}}, false},
      {"dmarc", {{kResult, "dmarc=fail"}}, true},
      {"dmarc otherwise", {{kResult, "dmarc=pass"}}, false},
      {"spf of MAIL FROM", {{kResult, "spf=pass"}}, true},
      {"spf of HELO", {{kResult, "spf_helo=none"}}, true},
      {"a signature", {{kResult, "dkim=fail"}}, true},
      {"no such signature", {{kResult, "dkim=none"}}, false},
      {"arc", {{kResult, "arc=pass"}}, true},
      {"client", {{kClient, "192.0.2.1"}}, true},
      {"network", {{kClient, "192.0.2.0/24"}}, true},
      {"another network", {{kClient, "198.51.100.0/24"}}, false},
      {"all kinds",
       {{kFrom, "*.example.com"}, {kAction, "reject"}, {kResult, "dmarc=fail"}, {kClient, "192.0.2.1"}},
       true},
      {"all kinds but one", {{kFrom, "*.example.com"}, {kAction, "reject"}, {kClient, "2001:db8::1"}}, false},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      CHECK(fits(row.values, record) == row.expected);
    }
  }
}

TEST_CASE("observe/record_filter: what was not verified has no result", "[observe][filter]") {
  Record record = message();
  SECTION("local") {
    record.facts.local = true;
  }
  SECTION("beyond a bound") {
    record.verdict.exceeded = assay::Bound::HeaderOctets;
  }
  CHECK_FALSE(fits({{kResult, "dmarc=fail"}}, record));
  CHECK(fits({{kAction, "reject"}}, record));
}

TEST_CASE("observe/record_filter: further authors, observed rules and messages without a signature count",
          "[observe][filter]") {
  Record record = message();
  record.verdict.other_authors.emplace_back();
  record.verdict.other_authors.back().author = Domain::parse("other.example").value();
  CHECK(fits({{kFrom, "other.example"}}, record));
  record.decision.would_rule = "observed";
  CHECK(fits({{kRule, "observed"}}, record));
  record.verdict.dkim.clear();
  CHECK(fits({{kResult, "dkim=none"}}, record));
  record.facts.client_ip.reset();
  CHECK_FALSE(fits({{kClient, "0.0.0.0/0"}}, record));
}

TEST_CASE("observe/record_filter: what is no value is refused in words", "[observe][filter]") {
  struct Row {
    Value value;
    const char* part;
  };
  for (const Row& row : std::vector<Row>{{{kFrom, "*"}, "from_domain \"*\""},
                                         {{kAction, "bounce"}, "is not accept, reject"},
                                         {{kResult, "dmarc"}, "METHOD=RESULT"},
                                         {{kResult, "dane=pass"}, "METHOD=RESULT"},
                                         {{kResult, "dmarc=softfail"}, "dmarc has no such result"},
                                         {{kResult, "arc=permerror"}, "arc has no such result"},
                                         {{kResult, "spf=\x1b[31m"}, "\\x1B"},
                                         {{kClient, "192.0.2"}, "no address"}}) {
    CAPTURE(row.value.text);
    RecordFilter filter;
    const auto added = (filter.*row.value.add)(row.value.text);
    REQUIRE_FALSE(added);
    CHECK(added.error().what.find(row.part) != std::string::npos);
  }
}

TEST_CASE("observe/record_filter: kMaxFilterValues values are taken, one more is not", "[observe][filter][bounds]") {
  RecordFilter filter;
  for (std::size_t i = 0; i < kMaxFilterValues; ++i) {
    CHECK(filter.add_rule("rule" + std::to_string(i)));
  }
  CHECK_FALSE(filter.add_rule("one more"));
}
