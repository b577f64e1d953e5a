#include "config/texts.h"

#include <yaml-cpp/yaml.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "config/load.h"
#include "tests/support/catch.h"

namespace assay::config {
namespace {

/// Every key of the schema by its path, with what the schema says about it ("$ref" replaced by what it names).
struct SchemaKey {
  std::string path;
  YAML::Node type;
  YAML::Node fallback;  ///< "default"
};

YAML::Node resolve(const YAML::Node& root, const YAML::Node& node) {
  if (const YAML::Node reference = node["$ref"]) {
    const std::string name = reference.as<std::string>();
    return root["$defs"][name.substr(name.rfind('/') + 1)];
  }
  return node;
}

void collect(const YAML::Node& root, const YAML::Node& map, const std::string& path, std::vector<SchemaKey>& keys) {
  for (const auto& property : map["properties"]) {
    const std::string name = path + property.first.as<std::string>();
    keys.push_back({name, resolve(root, property.second), property.second["default"]});
    if (property.second["properties"]) {
      CHECK_FALSE(property.second["additionalProperties"].as<bool>());
      collect(root, property.second, name + ".", keys);
    }
  }
}

std::vector<SchemaKey> schema_keys() {
  const YAML::Node root = YAML::Load(std::string(schema_text()));
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

}  // namespace

TEST_CASE("config/texts: the texts are the files", "[config][texts]") {
  CHECK(std::string(example_text()) == read("config/assay.yaml"));
  CHECK(std::string(schema_text()) == read("config/schema.json"));
}

TEST_CASE("config/texts: the example is the defaults, and names every key", "[config][texts]") {
  const std::string example(example_text());
  const Loaded loaded = load_text(example, "assay.yaml", "mx.example.net");
  REQUIRE(loaded);
  CHECK(*loaded == *load_text("", "empty", "mx.example.net"));
  for (const SchemaKey& key : schema_keys()) {
    CAPTURE(key.path);
    const std::string name = key.path.substr(key.path.rfind('.') + 1);
    CHECK(example.find(" " + name + ":") + 1 + example.find("\n" + name + ":") + 1 != 0);
  }
}

TEST_CASE("config/texts: the example is right, too, where its comments are taken away", "[config][texts]") {
  std::string example(example_text());
  for (const char* key : {"authserv_id: mx.example.net", "to: quarantine@example.net"}) {
    const std::string comment = std::string("# ") + key;
    const auto at = example.find(comment);
    REQUIRE(at != std::string::npos);
    example.replace(at, comment.size(), key);
  }
  const std::string how = "how: header";
  example.replace(example.find(how), how.size(), "how: redirect");
  const Loaded loaded = load_text(example, "assay.yaml", "other.example");
  REQUIRE(loaded);
  CHECK(loaded->policy.quarantine.to == "quarantine@example.net");
}

TEST_CASE("config/texts: the schema knows the loader's keys and no others", "[config][texts][schema]") {
  std::set<std::string> in_schema;
  std::set<std::string> in_loader = loader_keys("");
  for (const SchemaKey& key : schema_keys()) {
    in_schema.insert(key.path);
    if (key.type["properties"]) {
      in_loader.merge(loader_keys(key.path + "."));
    }
  }
  CHECK(in_schema == in_loader);
}

TEST_CASE("config/texts: the schema's defaults are the loader's", "[config][texts][schema]") {
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

TEST_CASE("config/texts: the schema's words are the loader's, and its numbers the bounds", "[config][texts][schema]") {
  for (const SchemaKey& key : schema_keys()) {
    CAPTURE(key.path);
    const YAML::Node words = key.type["enum"];
    for (const auto& word : words) {
      const std::string text = word.as<std::string>();
      // Other readers' booleans are in the schema; the loader asks for the words. redirect needs more than a word.
      if (text != "true" && text != "false" && text != "redirect") {
        CHECK(problems(set(key.path, text)).empty());
      }
    }
    if (words) {
      CHECK(problems(set(key.path, "qqqqqqqq")).size() == 1);
      std::set<std::string> listed;
      for (const auto& word : words) {
        listed.insert(word.as<std::string>());
      }
      for (const char* other : {"accept", "reject", "tempfail", "quarantine", "discard"}) {
        CHECK(problems(set(key.path, other)).empty() == (listed.count(other) == 1));
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
