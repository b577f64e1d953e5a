#include "cli/policy_cases.h"

#include <string>

#include "tests/support/catch.h"

namespace assay::cli {
namespace {

constexpr const char* kExpect = "expect: {action: accept}";

std::string one_case(const std::string& name) {
  return "- {name: " + name + ", facts: {}, " + kExpect + "}\n";
}

}  // namespace

TEST_CASE("cli/policy_cases: a list of cases, each with what it expects", "[cli][policy]") {
  const auto cases = read_policy_cases(
      "- name: one\n"
      "  facts: {from_domain: example.com}\n"
      "  time: 2026-12-31\n"
      "  expect: {action: reject, rule: own, code: 550, tags: [a, b], would: none}\n",
      "folder/cases.yaml");
  REQUIRE(cases);
  CHECK(cases->file == "folder/cases.yaml");
  CHECK_FALSE(cases->config);
  REQUIRE(cases->cases.size() == 1);
  const PolicyCase& one = cases->cases.front();
  CHECK(one.name == "one");
  CHECK(one.mark.line == 1);
  CHECK(*one.time == std::chrono::sys_days(std::chrono::year(2026) / 12 / 31));
  REQUIRE(one.expect.size() == 5);
  CHECK(one.expect[0].key == "action");
  CHECK(one.expect[0].wanted == std::vector<std::string>{"reject"});
  CHECK(one.expect[2].key == "would");
  CHECK(one.expect[2].wanted.empty());
  CHECK(one.expect[4].key == "tags");
  CHECK(one.expect[4].wanted == std::vector<std::string>{"a", "b"});
  CHECK(one.expect[4].mark.line == 4);
}

TEST_CASE("cli/policy_cases: a map says what holds for all; paths are relative to its folder", "[cli][policy]") {
  const auto cases = read_policy_cases(
      "config: assay.yaml\n"
      "zone: [zones/a, /absolute]\n"
      "time: 1750000000\n"
      "cases:\n"
      "  - {name: a, message: m.eml, client_ip: 192.0.2.1, helo: h.example, mail_from: '<a@b.example>', rcpt: "
      "c@d.example, "
      "expect: {action: accept}}\n"
      "  - {name: b, message: m.eml, zone: own, time: 2026-12-31T10:00:00Z, expect: {action: accept}}\n",
      "folder/cases.yaml");
  REQUIRE(cases);
  CHECK(cases->config == "folder/assay.yaml");
  REQUIRE(cases->cases.size() == 2);
  const auto& a = std::get<MessageGiven>(cases->cases[0].given);
  CHECK(a.message == "folder/m.eml");
  CHECK(a.zones == std::vector<std::string>{"folder/zones/a", "/absolute"});
  CHECK(a.facts.client_ip->to_string() == "192.0.2.1");
  CHECK(a.facts.mail_from == "a@b.example");
  CHECK(a.facts.has_envelope);
  CHECK(a.facts.rcpt == std::vector<std::string>{"c@d.example"});
  CHECK(cases->cases[0].time->time_since_epoch().count() == 1750000000);
  const auto& b = std::get<MessageGiven>(cases->cases[1].given);
  CHECK(b.zones == std::vector<std::string>{"folder/own"});
  CHECK_FALSE(b.facts.has_envelope);
  CHECK(cases->cases[1].time->time_since_epoch().count() != 1750000000);
}

TEST_CASE("cli/policy_cases: what is wrong is told with its place and its remedy", "[cli][policy]") {
  struct Row {
    const char* yaml;
    int line;
    int column;
    const char* expected;
  };
  const std::vector<Row> rows{
      {"", 0, 0, "must be a list of cases"},
      {"[]\n", 1, 1, "holds no case"},
      {"config: a\n", 1, 1, "no key \"cases\""},
      {"cases: {a: b}\n", 1, 8, "must be a list of cases"},
      {"confg: a\ncases: [{name: a, facts: {}, expect: {action: accept}}]\n", 1, 1, "did you mean \"config\"?"},
      {"- text\n", 1, 3, "a case is a map"},
      {"- {facts: {}, expect: {action: accept}}\n", 1, 3, "needs a name"},
      {"- {name: a, facts: {}, expect: {action: accept}}\n- {name: a, facts: {}, expect: {action: accept}}\n", 2, 10,
       "in line 1 has this name"},
      {"- {name: a, expect: {action: accept}}\n", 1, 3, "needs facts, or a message"},
      {"- {name: a, facts: {}, message: m, expect: {action: accept}}\n", 1, 3, "not both"},
      {"- {name: a, facts: {}}\n", 1, 3, "needs expect"},
      {"- {name: a, facts: {}, expect: {}}\n", 1, 32, "expects nothing"},
      {"- {name: a, facts: {}, expect: {acton: accept}}\n", 1, 33, "did you mean \"action\"?"},
      {"- {name: a, facts: {}, expect: {action: refuse}}\n", 1, 41, "is no word that is known here"},
      {"- {name: a, facts: {}, expect: {action: [accept, reject]}}\n", 1, 50, "must be one value"},
      {"- {name: a, facts: {}, expect: {code: 250}}\n", 1, 39, "is no reply code"},
      {"- {name: a, facts: {}, client_ip: 192.0.2.1, expect: {action: accept}}\n", 1, 24, "belongs below facts"},
      {"- {name: a, facts: {}, zone: z, expect: {action: accept}}\n", 1, 24, "answers DNS for a message"},
      {"- {name: a, message: m, client_ip: host, expect: {action: accept}}\n", 1, 36, "is not an address"},
      {"- {name: a, message: m, dmarc: fail, expect: {action: accept}}\n", 1, 25, "unknown key"},
      {"- {name: a, message: '', expect: {action: accept}}\n", 1, 22, "is not the path of a file"},
      {"- {name: a, facts: {}, time: tomorrow, expect: {action: accept}}\n", 1, 30, "is no time such as"},
      {"- {name: a, facts: {dmarc: fial}, expect: {action: accept}}\n", 1, 28, "did you mean \"fail\"?"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.yaml) {
      const auto cases = read_policy_cases(row.yaml, "cases.yaml");
      REQUIRE_FALSE(cases);
      REQUIRE(cases.error().size() == 1);
      const config::Problem& problem = cases.error().front();
      CAPTURE(problem.message);
      CHECK(problem.file == "cases.yaml");
      CHECK(problem.line == row.line);
      CHECK(problem.column == row.column);
      CHECK(problem.message.find(row.expected) != std::string::npos);
    }
  }
}

TEST_CASE("cli/policy_cases: at most kMaxPolicyCases", "[cli][policy]") {
  std::string text;
  for (std::size_t i = 0; i < kMaxPolicyCases; ++i) {
    text += one_case(std::to_string(i));
  }
  const auto most = read_policy_cases(text, "cases.yaml");
  REQUIRE(most);
  CHECK(most->cases.size() == kMaxPolicyCases);
  const auto more = read_policy_cases(text + one_case("more"), "cases.yaml");
  REQUIRE_FALSE(more);
  CHECK(more.error().front().line == static_cast<int>(kMaxPolicyCases) + 1);
}

}  // namespace assay::cli
