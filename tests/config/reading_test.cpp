#include <string>

#include "config/load.h"
#include "config/read_names.h"
#include "tests/support/catch.h"

namespace assay::config {
namespace {

/// A rule of this name that accepts what has `when`.
std::string accepting(const std::string& name, const std::string& when, const std::string& more = {}) {
  return "policy:\n  rules:\n    - {name: " + name + ", when: " + when + ", then: accept" + more + "}\n";
}

}  // namespace

TEST_CASE("config/rules: a rule that accepts what can be forged is a problem, at its name", "[config][rules]") {
  const auto loaded = load_text(accepting("partner", "{from_domain: example.com}"), "f.yaml", "host.example");
  REQUIRE_FALSE(loaded);
  REQUIRE(loaded.error().size() == 1);
  const Problem& problem = loaded.error().front();
  CHECK(problem.line == 3);
  CHECK(problem.column == 14);
  CHECK(problem.message.find("anybody can write example.com in From") != std::string::npos);

  CHECK(load_text(accepting("partner", "{from_domain: example.com}", ", unproven: true"), "f.yaml", "host.example"));
  CHECK(load_text(accepting("partner", "{from_domain: example.com, dkim_domain: example.com}"), "f.yaml",
                  "host.example"));
  CHECK_FALSE(
      load_text(accepting("partner", "{from_domain: example.com}", ", observe: true"), "f.yaml", "host.example"));
  CHECK_FALSE(load_text(accepting("partner", "{dkim_domain: '*.com'}"), "f.yaml", "host.example"));
}

TEST_CASE("config/load: what can be read beside problems, and where elements stand", "[config][load]") {
  const std::string text = "moed: x\nlocal:\n  networks: [192.0.2.0/24,\n    198.51.100.0/24]\n" +
                           accepting("a", "{from_domain: [a.example, b.example]}") +
                           "    - {name: b, when: {spf: fial}, then: reject}\n";
  const Reading reading = read_with_drop_ins(text, "f.yaml", "host.example");
  CHECK(reading.problems.size() == 3);
  // The rule without proof is there, the one that cannot be read is not.
  REQUIRE(reading.settings.policy.own.size() == 1);
  const policy::Condition& when = reading.settings.policy.own.front().when;
  REQUIRE(when.places.list.size() == 2);
  CHECK(when.places.list[1].line == 7);
  CHECK(when.places.list[1].column == 49);
  const auto& networks = reading.elements.at("local.networks");
  REQUIRE(networks.size() == 2);
  CHECK(*networks[1].file == "f.yaml");
  CHECK(networks[1].line == 4);
  CHECK(networks[1].column == 5);

  CHECK_FALSE(read_with_drop_ins("a: [", "f.yaml", "host.example").problems.empty());
  CHECK(read_with_drop_ins("", "f.yaml", "host.example").problems.empty());
}

TEST_CASE("config/read_names: the lines of a file that name something", "[config][names]") {
  const auto lines = lines_of_list("\xEF\xBB\xBF# partners\n\n  a.example # one\r\nb.example");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].number == 3);
  CHECK(lines[0].column == 3);
  CHECK(lines[0].text == "a.example");
  CHECK(lines[1].number == 4);
  CHECK(lines[1].column == 1);
  CHECK(lines[1].text == "b.example");
  CHECK(lines_of_list("").empty());
}

}  // namespace assay::config
