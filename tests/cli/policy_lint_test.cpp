#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "policy/lint.h"
#include "tests/cli/run_assay.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using assay::test::run_assay;
using assay::test::TemporaryFolder;
namespace fs = std::filesystem;

constexpr const char* kNow = "2026-06-01T00:00:00Z";

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<fs::path> yaml_files(const fs::path& folder) {
  std::vector<fs::path> files;
  if (fs::exists(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".yaml") {
        files.push_back(entry.path());
      }
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// The `# expect: KIND [FILE] LINE:COLUMN` of a file, as "KIND FILE:LINE:COLUMN".
std::multiset<std::string> expected_of(const fs::path& path) {
  std::multiset<std::string> expected;
  std::istringstream lines(contents(path));
  for (std::string line; std::getline(lines, line) && line.rfind("# expect: ", 0) == 0;) {
    std::istringstream words(line.substr(10));
    std::vector<std::string> all;
    for (std::string word; words >> word;) {
      all.push_back(word);
    }
    REQUIRE((all.size() == 2 || all.size() == 3));
    expected.insert(all.front() + " " + (all.size() == 3 ? all[1] : path.filename().string()) + ":" + all.back());
  }
  return expected;
}

nlohmann::json lint_json(const fs::path& path, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"policy", "lint", "--json", "--now", kNow, path.string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto run = run_assay(arguments);
  CAPTURE(run.out, run.err);
  REQUIRE((run.status == 0 || run.status == 1));
  return nlohmann::json::parse(run.out);
}

}  // namespace

TEST_CASE("assay policy lint: every mistake at its place", "[cli][lint]") {
  std::set<std::string> kinds;
  for (const fs::path& path : yaml_files(ASSAY_LINT_CASES)) {
    const auto expected = expected_of(path);
    REQUIRE_FALSE(expected.empty());
    std::multiset<std::string> found;
    const auto printed = lint_json(path);
    for (const auto& finding : printed["findings"]) {
      const auto kind = finding["kind"].get<std::string>();
      kinds.insert(kind);
      found.insert(kind + " " + fs::path(finding["file"].get<std::string>()).filename().string() + ":" +
                   std::to_string(finding["line"].get<int>()) + ":" + std::to_string(finding["column"].get<int>()));
      CHECK_FALSE(finding["message"].get<std::string>().empty());
    }
    CAPTURE(path.filename().string());
    CHECK(found == expected);
  }
  // unknown_name and unchecked need DNS and have tests of their own.
  CHECK(kinds.size() + 2 == assay::policy::all_lint_kinds().size());
}

TEST_CASE("assay policy lint: silence on what is shipped", "[cli][lint]") {
  std::vector<fs::path> files = yaml_files(fs::path(ASSAY_SOURCE) / "docs/examples");
  const auto more = yaml_files(fs::path(ASSAY_SOURCE) / "config/examples");
  files.insert(files.end(), more.begin(), more.end());
  files.push_back(fs::path(ASSAY_SOURCE) / "config/assay.yaml");
  for (const fs::path& path : files) {
    if (path.stem().extension() == ".cases") {
      continue;  // For assay policy test.
    }
    const auto run = run_assay({"policy", "lint", "--strict", "--now", kNow, path.string()});
    CAPTURE(path.string(), run.out, run.err);
    CHECK(run.status == 0);
    CHECK(std::count(run.out.begin(), run.out.end(), '\n') == 1);
  }
}

TEST_CASE("assay policy lint: names that do not exist in DNS", "[cli][lint]") {
  const TemporaryFolder folder;
  const std::string zone =
      folder.write("z", "$ORIGIN example.org.\n@ 60 IN SOA a. b. 1 1 1 1 60\nlists 60 IN A 192.0.2.1\n");
  const std::string file = folder.write("a.yaml",
                                        "policy:\n  rules:\n    - name: seal\n      when: {arc_sealer: "
                                        "[lists.example.org, gone.debian.org]}\n      then: accept\n");
  const auto findings = lint_json(file, {"--zone", zone})["findings"];
  REQUIRE(findings.size() == 1);
  CHECK(findings[0]["kind"] == "unknown_name");
  CHECK(findings[0]["line"] == 4);
  CHECK(findings[0]["column"] == 46);
  CHECK(lint_json(file)["findings"].empty());
}

TEST_CASE("assay policy lint: names for which DNS gave no answer are counted", "[cli][lint]") {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.yaml",
                                        "policy:\n  rules:\n    - name: seal\n      when: {arc_sealer: "
                                        "[lists.debian.org, gone.debian.org], client_name: lists.debian.org}\n"
                                        "      then: reject\n");
  // Nobody listens there.
  const auto run = run_assay({"policy", "lint", "--json", "--strict", "--dns", "127.0.0.1@1", file});
  CHECK(run.status == 1);
  const auto findings = nlohmann::json::parse(run.out)["findings"];
  REQUIRE(findings.size() == 1);
  CHECK(findings[0]["kind"] == "unchecked");
  CHECK(findings[0]["severity"] == "warning");
  CHECK(findings[0]["line"] == 4);
  CHECK(findings[0]["message"].get<std::string>().find(" for 2 of 2 names") != std::string::npos);
  // A part of the names.
  const std::string zone = folder.write("z",
                                        "$ORIGIN debian.org.\n@ 60 IN SOA a. b. 1 1 1 1 60\nlists 60 IN A "
                                        "192.0.2.1\n");
  CHECK(lint_json(file, {"--zone", zone})["findings"].size() == 1);
}

TEST_CASE("assay policy lint: exit status, text and JSON", "[cli][lint]") {
  const TemporaryFolder folder;
  const std::string warned = folder.write("w.yaml",
                                          "policy:\n  rules:\n    - {name: x, when: {helo: [a.example, a.example]}, "
                                          "then: reject}\n");
  const std::string wrong = folder.write("e.yaml",
                                         "policy:\n  rules:\n    - {name: x, when: {from_domain: a.example}, "
                                         "then: accept}\n");
  const std::string open = folder.write("o.yaml",
                                        "policy:\n  rules:\n    - {name: x, when: {from_domain: a.example}, "
                                        "then: accept, unproven: true}\n");
  CHECK(run_assay({"policy", "lint", warned}).status == 0);
  CHECK(run_assay({"policy", "lint", "--strict", warned}).status == 1);
  CHECK(run_assay({"policy", "lint", wrong}).status == 1);
  CHECK(run_assay({"policy", "lint", folder.path("missing"), wrong}).status == 2);
  CHECK(run_assay({"policy", "lint"}).status == 2);
  CHECK(run_assay({"policy"}).status == 2);

  const auto text = run_assay({"policy", "lint", wrong});
  CHECK(text.out.rfind(wrong + ":3:14: error: rule \"x\": anybody can write a.example in From", 0) == 0);
  CHECK(text.out.find(" [unproven]\n") != std::string::npos);
  CHECK(text.out.find("1 rule: 1 error, 0 warnings\n") != std::string::npos);
  CHECK(run_assay({"policy", "lint", open}).out == "1 rule: 0 errors, 0 warnings; 1 without proof (unproven: true)\n");
  const auto json = lint_json(open);
  CHECK(json["schema"] == 1);
  CHECK(json["unproven"] == 1);
  CHECK(json["unread"] == 0);
}

TEST_CASE("assay policy lint: of a file that cannot be read there are not 0 errors", "[cli][lint]") {
  const TemporaryFolder folder;
  const std::string fine = folder.write("fine.yaml", "mode: monitor\n");
  const auto none = run_assay({"policy", "lint", folder.path("missing")});
  CHECK(none.status == 2);
  CHECK(none.out.empty());
  const auto some = run_assay({"policy", "lint", folder.path("missing"), fine});
  CHECK(some.status == 2);
  CHECK(some.out == "0 rules: 0 errors, 0 warnings; 1 file not read\n");
}

TEST_CASE("assay policy lint: nothing of a file reaches the terminal as it is", "[cli][lint]") {
  const auto run = run_assay({"policy", "lint", "-"},
                             "policy:\n  rules:\n    - {name: x, when: {helo: [\"\\e[31m\", "
                             "\"\\e[31m\"]}, then: reject}\n\"\\e[1m\": y\n");
  CAPTURE(run.out);
  CHECK(assay::test::is_fit_for_terminal(run.out));
}

TEST_CASE("docs/lint.md: every kind is explained", "[cli][lint]") {
  const std::string page = contents(fs::path(ASSAY_SOURCE) / "docs/lint.md");
  for (const auto& kind : assay::policy::all_lint_kinds()) {
    CAPTURE(kind.word);
    const std::string heading = std::string("### ") + kind.word + " (" +
                                (kind.severity == assay::policy::Severity::Error ? "error" : "warning") + ")\n";
    const auto at = page.find(heading);
    REQUIRE(at != std::string::npos);
    // Each has its cure.
    const auto end = page.find("\n### ", at);
    CHECK(page.substr(at, end - at).find("Fix: ") != std::string::npos);
  }
}
