#include "config/drop_ins.h"

#include <filesystem>
#include <string>
#include <vector>

#include "config/load.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace assay::config {
namespace {

std::vector<std::string> problems(const Loaded& loaded) {
  std::vector<std::string> lines;
  if (!loaded) {
    for (const Problem& problem : loaded.error()) {
      lines.push_back(to_string(problem));
    }
  }
  return lines;
}

/// A folder with assay.yaml and assay.d.
class Installed {
 public:
  explicit Installed(const std::string& main) : path_(folder_.write("assay.yaml", main)) {
    std::filesystem::create_directory(folder_.path("assay.d"));
  }
  std::string drop_in(const std::string& name, const std::string& text) {
    return folder_.write("assay.d/" + name, text);
  }
  [[nodiscard]] Loaded load() const { return load_file(path_, "mx.example.net"); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string folder() const { return folder_.path("assay.d"); }

 private:
  test::TemporaryFolder folder_;
  std::string path_;
};

/// What `text` means alone.
Settings settings(const std::string& text) {
  return load_text(text, "f", "mx.example.net").value();
}

}  // namespace

TEST_CASE("config/drop_ins: the folder is named after the file", "[config][drop_ins]") {
  CHECK(drop_in_folder("/etc/assay/assay.yaml") == "/etc/assay/assay.d");
  CHECK(drop_in_folder("x.yaml") == "x.d");
  CHECK(drop_in_folder("/etc/assay/assay.conf").empty());
  CHECK(drop_in_folder("/etc/assay.yaml/.yaml").empty());
  CHECK(drop_in_folder("-").empty());
}

TEST_CASE("config/drop_ins: a later file is laid over those before it", "[config][drop_ins]") {
  Installed installed(
      "mode: monitor\n"
      "dns: {timeout: 1s, message_deadline: 3s}\n"
      "authserv_aliases: [a, b]\n"
      "policy: {rules: [{name: first, when: {}, then: reject}]}\n");
  // In the order of their octets, however they were made.
  installed.drop_in("20-b.yaml", "dns: {timeout: 4s}\npolicy: {rules: [{name: third, when: {}, then: reject}]}\n");
  installed.drop_in("10-a.yaml",
                    "dns: {timeout: 2s, dnssec: on}\nauthserv_aliases: [c]\nlog: {level: warn}\n"
                    "policy: {bad_from: accept, rules: [{name: second, when: {}, then: reject}]}\n");
  installed.drop_in("30-empty.yaml", "# nothing\n");
  installed.drop_in(".hidden.yaml", "mode: [\n");
  installed.drop_in("old.yaml.bak", "mode: [\n");
  installed.drop_in("yaml", "mode: [\n");
  const Loaded loaded = installed.load();
  CAPTURE(problems(loaded));
  REQUIRE(loaded);
  CHECK(*loaded == settings("mode: monitor\n"
                            "dns: {timeout: 4s, message_deadline: 3s, dnssec: on}\n"
                            "authserv_aliases: [c]\n"
                            "log: {level: warn}\n"
                            "policy:\n  bad_from: accept\n  rules:\n    - {name: first, when: {}, then: reject}\n"
                            "    - {name: second, when: {}, then: reject}\n"
                            "    - {name: third, when: {}, then: reject}\n"));
  REQUIRE(loaded->policy.own[1].place.file);
  CHECK(*loaded->policy.own[1].place.file == installed.folder() + "/10-a.yaml");
}

TEST_CASE("config/drop_ins: a word that an option knows takes the place of its map, and a map that of the word",
          "[config][drop_ins]") {
  Installed installed("metrics: {listen: \"127.0.0.1:1\"}\n");
  installed.drop_in("1.yaml", "metrics: off\n");
  CHECK(installed.load()->metrics_listen.empty());
  installed.drop_in("2.yaml", "metrics: {listen: \"127.0.0.1:2\"}\n");
  CHECK(installed.load()->metrics_listen == "127.0.0.1:2");
}

TEST_CASE("config/drop_ins: a value of the wrong kind removes nothing and is told, whatever comes later",
          "[config][drop_ins]") {
  struct Row {
    const char* wrong;
    const char* place;  // And the words behind it.
  };
  const auto row = GENERATE(
      Row{"policy:\n#  bad_from: accept\n", ":1:1: policy: has no value: write one, or remove the key for the default"},
      Row{"policy: off\n", ":1:9: policy: must be a map of keys with values"},
      Row{"policy: []\n", ":1:9: policy: must be a map of keys with values"},
      Row{"policy: {rules: ~}\n", ":1:10: policy.rules: has no value: write one, or remove the key for the default"},
      Row{"policy:\n  rules:\n    name: b\n",
          ":3:5: policy.rules: must be a list: begin each rule with a dash, \"- name: NAME\""},
      Row{"policy: {rules: none}\n",
          ":1:17: policy.rules: must be a list of rules, such as [{name: NAME, when: {...}, then: accept}]"},
      Row{"dns: 5\n", ":1:6: dns: must be a map of keys with values"},
      Row{"dns: {timeout: 5}\n", ":1:16: dns.timeout: \"5\" has no unit: write 5s (units: ms, s, m or h)"},
      Row{"dns: {forward: 5}\n", ":1:16: dns.forward: must be a list, such as [192.0.2.53], or the word resolv.conf"},
      Row{"mode:\n", ":1:1: mode: has no value: write one, or remove the key for the default"},
      Row{"mode: [monitor]\n", ":1:7: mode: must be one value, not a list"},
      Row{"metrics: {listen: here}\n",
          ":1:19: metrics.listen: \"here\" needs an address and a port from 1 to 65535, "
          "such as 127.0.0.1:9893, or off"},
      Row{"metrics: on\n", ":1:10: metrics: \"on\" is not a map: write {listen: ADDRESS:PORT}, or off"});
  const bool is_overridden = GENERATE(false, true);
  CAPTURE(row.wrong, is_overridden);
  Installed installed("policy: {rules: [{name: a, when: {}, then: reject}]}\ndns: {timeout: 1s}\n");
  const std::string wrong = installed.drop_in("1.yaml", row.wrong);
  if (is_overridden) {
    installed.drop_in("2.yaml",
                      "mode: monitor\ndns: {timeout: 2s, forward: []}\nmetrics: off\n"
                      "policy: {rules: [{name: c, when: {}, then: reject}]}\n");
  }
  CHECK(problems(installed.load()) == std::vector<std::string>{wrong + row.place});
  // What it stands beside is kept, so that lint sees it.
  const Reading reading = read_with_drop_ins(test::read_file(installed.path()), installed.path(), "mx.example.net");
  CHECK(reading.settings.policy.own.size() == (is_overridden ? 2 : 1));
}

TEST_CASE("config/drop_ins: a wrong value of the first file is told, though a later one counts", "[config][drop_ins]") {
  Installed installed("policy: off\nmode: monitr\nfrob: 1\n");
  const std::string later = installed.drop_in(
      "1.yaml", "policy: {allow_discard: true, rules: [{name: a, when: {}, then: discard}]}\nmode: monitor\nfrob: 1\n");
  const auto found = problems(installed.load());
  REQUIRE(found.size() == 4);
  CHECK(found[0] == installed.path() + ":1:9: policy: must be a map of keys with values");
  CHECK(found[1] == installed.path() + ":2:7: mode: \"monitr\" is not enforce or monitor; did you mean \"monitor\"?");
  CHECK(found[2].find(installed.path() + ":3:1: frob: unknown key") == 0);
  CHECK(found[3].find(later + ":3:1: frob: unknown key") == 0);
}

TEST_CASE("config/drop_ins: what one file says may need another", "[config][drop_ins]") {
  Installed installed("policy: {quarantine: {how: redirect, to: a@example.net}, bad_from: accept}\n");
  installed.drop_in("1.yaml", "policy: {quarantine: {to: b@example.net}, bad_from: discard}\n");
  installed.drop_in("2.yaml", "policy: {allow_discard: true}\n");
  installed.drop_in("3.yaml", "policy: {bad_from: discard, quarantine: {to: c@example.net}}\n");
  const Loaded loaded = installed.load();
  CAPTURE(problems(loaded));
  REQUIRE(loaded);
  CHECK(loaded->policy.quarantine.to == "c@example.net");
}

TEST_CASE("config/drop_ins: problems name their own file", "[config][drop_ins][golden]") {
  Installed installed("mode: monitr\n");
  SECTION("values, keys, repeated keys, what no map is, rules") {
    const std::string first = installed.drop_in(
        "1.yaml", "log: {level: x}\nfrob: 1\nlog: {}\npolicy: {rules: [{name: a, when: {}, then: reject}]}\n");
    const std::string second = installed.drop_in("2.yaml", "policy: {rules: [{name: a, when: {}, then: rejct}]}\n");
    const std::string third = installed.drop_in("3.yaml", "- mode\n");
    const auto found = problems(installed.load());
    REQUIRE(found.size() == 7);
    CHECK(found[0] == installed.path() + ":1:7: mode: \"monitr\" is not enforce or monitor; did you mean \"monitor\"?");
    CHECK(found[1] == first + ":1:14: log.level: \"x\" is not debug, info, warn or error");
    CHECK(found[2].find(first + ":2:1: frob: unknown key") == 0);
    CHECK(found[3] == first + ":3:1: log: repeated; it stands in line 1 already: remove one");
    CHECK(found[4] ==
          second + ":1:25: rule \"a\": name: is that of another rule, in " + first + ", line 4: give each its own");
    CHECK(found[5].find(second + ":1:44: rule \"a\": then: \"rejct\" is not ") == 0);
    CHECK(found[6] == third + ":1:1: the file must consist of keys with values, such as \"mode: enforce\"");
  }
  SECTION("no YAML at all") {
    const std::string first = installed.drop_in("1.yaml", "mode: monitor\n]\n");
    const std::string second = installed.drop_in("2.yaml", std::string(kMaxConfigOctets + 1, '#'));
    const auto found = problems(installed.load());
    REQUIRE(found.size() == 2);
    CHECK(found[0].find(first + ":2:1: not valid YAML") == 0);
    CHECK(found[1] == second + ": the file is larger than 1 MiB: is it the right one?");
  }
  SECTION("a link to nothing, as a file that vanishes while it is read") {
    std::filesystem::create_symlink("nowhere", installed.folder() + "/1.yaml");
    CHECK(problems(installed.load()) ==
          std::vector<std::string>{installed.folder() + "/1.yaml: cannot be read: No such file or directory"});
  }
  SECTION("a folder") {
    std::filesystem::create_directory(installed.folder() + "/1.yaml");
    CHECK(problems(installed.load()) ==
          std::vector<std::string>{installed.folder() + "/1.yaml: cannot be read: Is a directory"});
  }
}

TEST_CASE("config/drop_ins: a folder that cannot be read is an error, none is none", "[config][drop_ins]") {
  test::TemporaryFolder folder;
  const std::string path = folder.write("assay.yaml", "mode: monitor\n");
  const std::string drop_ins = folder.path("assay.d");
  CHECK(load_file(path, "mx"));
  SECTION("no folder but a file") {
    static_cast<void>(folder.write("assay.d", "mode: enforce\n"));
    CHECK(problems(load_file(path, "mx")) == std::vector<std::string>{drop_ins + ": cannot be read: Not a directory"});
  }
  SECTION("a link to itself") {
    std::filesystem::create_symlink("assay.d", drop_ins);
    CHECK(problems(load_file(path, "mx")) ==
          std::vector<std::string>{drop_ins + ": cannot be read: Too many levels of symbolic links"});
  }
}

TEST_CASE("config/drop_ins: files are relative to the one that names them", "[config][drop_ins][files]") {
  Installed installed("policy: {rules: [{name: a, when: {from_domain: \"@names\"}, then: reject}]}\n");
  installed.drop_in("1.yaml", "policy: {rules: [{name: b, when: {from_domain: \"@names\"}, then: reject}]}\n");
  installed.drop_in("../names", "a.example\n");
  installed.drop_in("names", "b.example\n");
  const Loaded loaded = installed.load();
  CAPTURE(problems(loaded));
  REQUIRE(loaded);
  const auto contains = [&loaded](std::size_t rule, std::string_view name) {
    return std::get<policy::NameList>(loaded->policy.own.at(rule).when.values).contains(name);
  };
  CHECK(contains(0, "a.example"));
  CHECK(contains(1, "b.example"));
  CHECK_FALSE(contains(1, "a.example"));
}

TEST_CASE("config/drop_ins: their number is bounded", "[config][drop_ins][bounds]") {
  Installed installed("");
  for (std::size_t i = 0; i < kMaxDropIns; ++i) {
    installed.drop_in(std::to_string(i) + ".yaml", "");
  }
  CHECK(installed.load());
  installed.drop_in("more.yaml", "");
  CHECK(problems(installed.load()) ==
        std::vector<std::string>{installed.folder() +
                                 ": has 101 files that end in .yaml: at most 100 are read; put some "
                                 "together"});
}

}  // namespace assay::config
