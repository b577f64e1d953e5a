#include "config/options.h"

#include <yaml-cpp/yaml.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "config/example.h"
#include "config/form_words.h"
#include "config/load.h"
#include "config/reference.h"
#include "config/schema.h"
#include "tests/support/catch.h"

namespace assay::config {
namespace {

/// Every key of the schema by its path, with what the schema says about it ("$ref" replaced by what it names).
struct SchemaKey {
  std::string path;
  YAML::Node type;
  YAML::Node fallback;  ///< "default"
};

/// What the schema says of a key: of several forms the last, which is not that of the words.
YAML::Node resolve(const YAML::Node& root, const YAML::Node& node) {
  if (const YAML::Node forms = node["anyOf"]) {
    return resolve(root, forms[forms.size() - 1]);
  }
  if (const YAML::Node reference = node["$ref"]) {
    const std::string name = reference.as<std::string>();
    return root["$defs"][name.substr(name.rfind('/') + 1)];
  }
  return node;
}

void collect(const YAML::Node& root, const YAML::Node& map, const std::string& path, std::vector<SchemaKey>& keys) {
  for (const auto& property : map["properties"]) {
    const std::string name = path + property.first.as<std::string>();
    const YAML::Node type = resolve(root, property.second);
    keys.push_back({name, type, property.second["default"]});
    if (type["properties"]) {
      CHECK_FALSE(type["additionalProperties"].as<bool>());
      collect(root, type, name + ".", keys);
    }
  }
}

std::vector<SchemaKey> schema_keys() {
  const YAML::Node root = YAML::Load(schema_text());
  std::vector<SchemaKey> keys;
  collect(root, root, "", keys);
  return keys;
}

/// A configuration with `value` at `path`, in braces.
std::string set(const std::string& path, const std::string& value) {
  const auto dot = path.find('.');
  const std::string key = path.substr(0, dot);
  return "{" + key + ": " + (dot == std::string::npos ? value : set(path.substr(dot + 1), value)) + "}";
}

std::vector<Problem> problems(const std::string& text) {
  const Loaded loaded = load_text(text, "f", "mx.example.net");
  return loaded ? std::vector<Problem>{} : loaded.error();
}

/// `text` with discard allowed.
std::string allow_discard(std::string text) {
  const std::string start = "{policy: {";
  return text.compare(0, start.size(), start) == 0 ? text.insert(start.size(), "allow_discard: true, ") : text;
}

/// The keys that the loader knows in the map at `path`, as it names them when it meets one that it does not know.
std::set<std::string> loader_keys(const std::string& path) {
  const auto found = problems(set(path + "qqqqqqqqqqqqqqqqqqqq", "1"));
  const std::string marker = "known here: ";
  REQUIRE(found.size() == 1);
  const auto at = found[0].message.find(marker);
  REQUIRE(at != std::string::npos);
  std::istringstream words(found[0].message.substr(at + marker.size()));
  std::set<std::string> keys;
  for (std::string word; words >> word;) {
    keys.insert(path + word.substr(0, word.find(',')));
  }
  return keys;
}

std::string flow(const YAML::Node& node) {
  YAML::Emitter emitter;
  emitter << YAML::Flow << node;
  return emitter.c_str();
}

std::string read(const char* path) {
  std::ifstream file(path);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The example with the keys that it has in comments.
std::string uncommented_example() {
  std::string example = example_text();
  for (const char* key : {"authserv_id: mx.example.net", "to: quarantine@example.net"}) {
    const std::string comment = std::string("# ") + key;
    const auto at = example.find(comment);
    REQUIRE(at != std::string::npos);
    example.replace(at, comment.size(), key);
  }
  return example;
}

void collect_yaml(const YAML::Node& map, const std::string& path, std::vector<std::string>& keys) {
  for (const auto& item : map) {
    keys.push_back(path + item.first.as<std::string>());
    if (item.second.IsMap()) {
      collect_yaml(item.second, keys.back() + ".", keys);
    }
  }
}

std::vector<std::string> keys_of_yaml(const std::string& text) {
  std::vector<std::string> keys;
  collect_yaml(YAML::Load(text), "", keys);
  return keys;
}

/// The first words of the lines that begin with `start`, up to the character `end`.
std::vector<std::string> words_after(const std::string& text, const std::string& start, char end) {
  std::vector<std::string> words;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(start, 0) == 0 && line.size() > start.size() && line[start.size()] != ' ') {
      words.push_back(line.substr(start.size(), line.find(end, start.size()) - start.size()));
    }
  }
  return words;
}

/// Without the keys of rules, or those alone.
std::vector<std::string> choose(const std::vector<std::string>& keys, bool of_rules) {
  std::vector<std::string> chosen;
  for (const std::string& key : keys) {
    if ((key.rfind("policy.rules.", 0) == 0) == of_rules) {
      chosen.push_back(key);
    }
  }
  return chosen;
}

std::vector<std::string> keys_of_reference() {
  return words_after(reference_text(), "", ':');
}

std::vector<std::string> keys_of_man() {
  const std::string page = reference_man();
  const auto begin = page.find(".SH OPTIONS\n");
  return words_after(page.substr(begin, page.find(".SH", begin + 1) - begin), ".BR ", ' ');
}

/// The about of the key or of a map above it names each word, but for the default, which is shown.
void check_words(const std::vector<Option>& table, const std::string& above) {
  for (const Option& option : table) {
    CAPTURE(option.key);
    CHECK(!option.about.empty());
    const std::string about = above + " " + option.about;
    for (const std::string& word : option.form.words) {
      CAPTURE(word);
      CHECK((about.find(word) != std::string::npos || option.print(default_settings("")) == word));
    }
    check_words(option.form.keys(), about);
  }
}

}  // namespace

TEST_CASE("config/options: the files of the repository are what the table says", "[config][options]") {
  INFO("after a change of options.cpp: cmake --build BUILD --target config_files");
  CHECK(example_text() == read("config/assay.yaml"));
  CHECK(schema_text() == read("config/schema.json"));
}

TEST_CASE("config/options: the example is the defaults", "[config][options]") {
  const Loaded loaded = load_text(example_text(), "assay.yaml", "mx.example.net");
  REQUIRE(loaded);
  CHECK(*loaded == *load_text("", "empty", "mx.example.net"));
}

TEST_CASE("config/options: the example is right, too, where its comments are taken away", "[config][options]") {
  std::string example = uncommented_example();
  const std::string how = "how: header";
  example.replace(example.find(how), how.size(), "how: redirect");
  const Loaded loaded = load_text(example, "assay.yaml", "other.example");
  REQUIRE(loaded);
  CHECK(loaded->authserv_id == "mx.example.net");
  CHECK(loaded->policy.quarantine.to == "quarantine@example.net");
}

TEST_CASE("config/options: loader, schema, reference, manual page, example and `config show` have the same keys",
          "[config][options]") {
  std::vector<std::string> in_schema;
  std::set<std::string> in_loader = loader_keys("");
  for (const SchemaKey& key : schema_keys()) {
    in_schema.push_back(key.path);
    if (key.type["properties"]) {
      in_loader.merge(loader_keys(key.path + "."));
    }
  }
  CHECK(std::set<std::string>(in_schema.begin(), in_schema.end()) == in_loader);
  CHECK(keys_of_yaml(uncommented_example()) == in_schema);
  CHECK(choose(keys_of_reference(), false) == in_schema);
  CHECK(choose(keys_of_man(), false) == in_schema);
  Settings settings = *load_text("", "f", "mx.example.net");
  settings.policy.quarantine.how = policy::QuarantineHow::Redirect;  // So that its address is shown.
  CHECK(keys_of_yaml(to_yaml(settings)) == in_schema);
}

TEST_CASE("config/options: schema, reference and manual page have the same keys of rules", "[config][options]") {
  const YAML::Node defs = YAML::Load(schema_text())["$defs"];
  const std::string top = "policy.rules.";
  std::vector<std::string> in_schema;
  for (const auto& key : defs["rule"]["properties"]) {
    const std::string path = top + key.first.as<std::string>();
    in_schema.push_back(path);
    if (path == top + "when") {
      for (const auto& condition : defs["conditions"]["properties"]) {
        in_schema.push_back(path + "." + condition.first.as<std::string>());
      }
    }
    if (path == top + "then") {
      for (const auto& action : key.second["anyOf"][1]["properties"]) {
        const std::string word = path + "." + action.first.as<std::string>();
        in_schema.push_back(word);
        for (const auto& parameter : action.second["properties"]) {
          in_schema.push_back(word + "." + parameter.first.as<std::string>());
        }
      }
    }
  }
  CHECK(choose(keys_of_reference(), true) == in_schema);
  CHECK(choose(keys_of_man(), true) == in_schema);
}

TEST_CASE("config/options: every word that may be written is explained", "[config][options]") {
  check_words(options(), "");
}

TEST_CASE("config/options: log.sample is at most kMaxSample", "[config][options][bounds]") {
  const auto load = [](std::size_t sample) {
    return load_text("log: {sample: " + std::to_string(sample) + "}\n", "assay.yaml", "mx.example.net");
  };
  REQUIRE(load(kMaxSample));
  CHECK(load(kMaxSample)->log.sample == kMaxSample);
  CHECK(!load(kMaxSample + 1));
  CHECK(!load(0));
}

TEST_CASE("config/options: a part of the reference is asked for by its key", "[config][options][reference]") {
  CHECK(reference_text("dns.timeout") == "dns.timeout: TIME, 10ms to 60s\n    For one lookup.\n    Default: 5s\n");
  CHECK(reference_text("metrics").find("metrics:") == 0);
  CHECK(reference_text("metrics").find("\nmetrics.listen:") != std::string::npos);
  CHECK(reference_text("mode").find("\nsocket.mode") == std::string::npos);
  CHECK(reference_text("dns.time").empty());
  CHECK(reference_text("").empty());
  CHECK(suggest_path("dns.time_out") == "dns.timeout");
  CHECK(suggest_path("frobnicate") == std::nullopt);
}

TEST_CASE("config/options: the schema's defaults are the loader's", "[config][options][schema]") {
  const Settings defaults = *load_text("", "f", "mx.example.net");
  for (const SchemaKey& key : schema_keys()) {
    if (key.fallback) {
      CAPTURE(key.path);
      const Loaded loaded = load_text(set(key.path, flow(key.fallback)), "f", "mx.example.net");
      REQUIRE(loaded);
      CHECK(*loaded == defaults);
    } else {
      CHECK((key.type["properties"] || key.path == "authserv_id" || key.path == "policy.quarantine.to"));
    }
  }
}

TEST_CASE("config/options: the schema's words are the loader's, and its numbers the bounds",
          "[config][options][schema]") {
  for (const SchemaKey& key : schema_keys()) {
    CAPTURE(key.path);
    const YAML::Node words = key.type["enum"];
    for (const auto& word : words) {
      const std::string text = word.as<std::string>();
      // Other readers' booleans are in the schema; the loader asks for the words. redirect needs more than a word.
      if (text != "true" && text != "false" && text != "redirect") {
        CHECK(problems(text == "discard" ? allow_discard(set(key.path, text)) : set(key.path, text)).empty());
      }
    }
    if (words) {
      CHECK(problems(set(key.path, "qqqqqqqq")).size() == 1);
      std::set<std::string> listed;
      for (const auto& word : words) {
        listed.insert(word.as<std::string>());
      }
      for (const char* other : {"accept", "reject", "tempfail", "quarantine", "discard"}) {
        const std::string text = set(key.path, other);
        CHECK(problems(std::string(other) == "discard" ? allow_discard(text) : text).empty() ==
              (listed.count(other) == 1));
      }
    }
    if (const YAML::Node least = key.type["minimum"]) {
      const long most = key.type["maximum"].as<long>();
      CHECK(problems(set(key.path, std::to_string(least.as<long>()))).empty());
      CHECK(problems(set(key.path, std::to_string(most))).empty());
      CHECK(problems(set(key.path, std::to_string(least.as<long>() - 1))).size() == 1);
      CHECK(problems(set(key.path, std::to_string(most + 1))).size() == 1);
    }
  }
}

}  // namespace assay::config
