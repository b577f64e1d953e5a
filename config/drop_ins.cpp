#include "config/drop_ins.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "config/options.h"

namespace assay::config {
namespace {

constexpr std::string_view kSuffix = ".yaml";
/// The list that grows instead of being replaced: rules are many, each has its name, and those of the first file come
/// first.
constexpr std::string_view kAppended = "policy.rules";

bool has_suffix(std::string_view name) {
  return name.size() > kSuffix.size() && name.substr(name.size() - kSuffix.size()) == kSuffix;
}

/// Whether `value` is of the kind of the option, so that it may take the place of a value of an earlier file. What is
/// wrong within it is told when it is read.
bool is_of_kind(const YamlNode& value, const Form& form) {
  const bool is_word = value.kind == YamlNode::Kind::Scalar &&
                       std::find(form.words.begin(), form.words.end(), value.text) != form.words.end();
  if (is_word) {
    return true;
  }
  if (form.kind == Form::Kind::Map) {
    return value.kind == YamlNode::Kind::Map;
  }
  return value.kind == (form.kind == Form::Kind::List ? YamlNode::Kind::List : YamlNode::Kind::Scalar);
}

YamlNode alone(YamlNode key, YamlNode value) {
  YamlNode map;
  map.kind = YamlNode::Kind::Map;
  map.mark = key.mark;
  map.keys.push_back(std::move(key));
  map.items.push_back(std::move(value));
  return map;
}

void merge_at(YamlNode& settings, const YamlNode& later, const std::vector<Option>& table, const std::string& path);

/// Lays the value of a key that both have over the earlier one.
void merge_value(YamlNode& settings, std::size_t index, const YamlNode& key, const YamlNode& value,
                 const Option& option, const std::string& path) {
  YamlNode& target = settings.items[index];
  if (!is_of_kind(value, option.form)) {
    settings.overridden.push_back(alone(key, value));
  } else if (target.kind == YamlNode::Kind::Map && value.kind == YamlNode::Kind::Map) {
    settings.keys[index].mark = key.mark;
    merge_at(target, value, option.form.keys(), path + ".");
  } else if (target.kind == YamlNode::Kind::List && value.kind == YamlNode::Kind::List && path == kAppended) {
    settings.keys[index].mark = key.mark;
    target.items.insert(target.items.end(), value.items.begin(), value.items.end());
  } else {
    settings.overridden.push_back(alone(std::exchange(settings.keys[index], key), std::exchange(target, value)));
  }
}

void merge_at(YamlNode& settings, const YamlNode& later, const std::vector<Option>& table, const std::string& path) {
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < later.keys.size(); ++i) {
    const YamlNode& key = later.keys[i];
    if (!seen.insert(key.text).second) {
      continue;
    }
    const auto option =
        std::find_if(table.begin(), table.end(), [&key](const Option& row) { return row.key == key.text; });
    // A key that is unknown is told wherever it stands.
    const auto present = option == table.end() ? std::nullopt : find_key(settings, key.text);
    if (present) {
      merge_value(settings, *present, key, later.items[i], *option, path + key.text);
    } else {
      settings.keys.push_back(key);
      settings.items.push_back(later.items[i]);
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
  merge_at(settings, later, options(), "");
}

}  // namespace assay::config
