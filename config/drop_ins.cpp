#include "config/drop_ins.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <unordered_set>

namespace assay::config {
namespace {

constexpr std::string_view kSuffix = ".yaml";
/// The list that grows instead of being replaced: rules are many, each has its name, and those of the first file come
/// first.
constexpr std::string_view kAppended = "policy.rules";

bool has_suffix(std::string_view name) {
  return name.size() > kSuffix.size() && name.substr(name.size() - kSuffix.size()) == kSuffix;
}

void merge_at(YamlNode& settings, const YamlNode& later, const std::string& path) {
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < later.keys.size(); ++i) {
    const YamlNode& key = later.keys[i];
    const YamlNode& value = later.items[i];
    if (!seen.insert(key.text).second) {
      continue;
    }
    const auto present = find_key(settings, key.text);
    if (!present) {
      settings.keys.push_back(key);
      settings.items.push_back(value);
      continue;
    }
    YamlNode& target = settings.items[*present];
    settings.keys[*present].mark = key.mark;
    if (target.kind == YamlNode::Kind::Map && value.kind == YamlNode::Kind::Map) {
      merge_at(target, value, path + key.text + ".");
    } else if (target.kind == YamlNode::Kind::List && value.kind == YamlNode::Kind::List &&
               path + key.text == kAppended) {
      target.items.insert(target.items.end(), value.items.begin(), value.items.end());
    } else {
      target = value;
    }
  }
}

}  // namespace

std::string drop_in_folder(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  return has_suffix(name) ? path.substr(0, path.size() - kSuffix.size()) + ".d" : "";
}

Parsed<std::vector<std::string>> list_drop_ins(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> paths;
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (status.type() == fs::file_type::not_found) {
    return paths;
  }
  if (error) {
    return parse_error("cannot be read: " + error.message());
  }
  fs::directory_iterator entries(folder, error);
  while (!error && entries != fs::directory_iterator()) {
    const std::string name = entries->path().filename().string();
    if (name.front() != '.' && has_suffix(name)) {
      paths.push_back(entries->path().string());
    }
    entries.increment(error);
  }
  if (error) {
    return parse_error("cannot be read: " + error.message());
  }
  if (paths.size() > kMaxDropIns) {
    return parse_error("has " + std::to_string(paths.size()) + " files that end in .yaml: at most " +
                       std::to_string(kMaxDropIns) + " are read; put some together");
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void merge(YamlNode& settings, const YamlNode& later) {
  merge_at(settings, later, "");
}

}  // namespace assay::config
