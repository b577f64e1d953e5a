#include "config/reader.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <system_error>
#include <tuple>
#include <unordered_map>

#include "config/units.h"
#include "verify/base/escape.h"

namespace assay::config {
namespace {

bool is_before(const Finding& a, const Finding& b) {
  return std::tie(a.mark.file, a.mark.line, a.mark.column) < std::tie(b.mark.file, b.mark.line, b.mark.column);
}

}  // namespace

void Findings::add(const Mark& mark, std::string message) {
  if (!is_full()) {
    findings_.push_back({mark, std::move(message)});
  }
}

void Findings::add_unknown(const Mark& mark, const std::string& path, const std::string& key,
                           std::vector<std::string> known) {
  if (!is_full()) {
    unknown_.push_back({mark, path, key, std::move(known)});
  }
}

std::string Findings::describe(const Unknown& unknown) const {
  std::string text = unknown.path + escape(unknown.key, kMaxQuotedOctets) + ": unknown key";
  if (const std::string meant = did_you_mean(unknown.key, unknown.known); !meant.empty()) {
    return text + meant;
  }
  // A key that lost its indentation, or was written without its map.
  for (const std::string& path : keys_) {
    const auto dot = path.rfind('.');
    if (dot != std::string::npos && std::string_view(path).substr(dot + 1) == unknown.key) {
      const std::string_view parent = std::string_view(path).substr(0, dot);
      return text.append("; did you mean ")
          .append(path)
          .append("? It stands below \"")
          .append(parent)
          .append(":\", indented");
    }
  }
  return text.append("; known here: ").append(join(unknown.known, ", "));
}

std::vector<Finding> Findings::take() {
  const bool was_full = is_full();
  for (const Unknown& unknown : unknown_) {
    findings_.push_back({unknown.mark, describe(unknown)});
  }
  std::stable_sort(findings_.begin(), findings_.end(), is_before);
  // A file of names that several rules refer to is read for each.
  findings_.erase(std::unique(findings_.begin(), findings_.end(),
                              [](const Finding& a, const Finding& b) {
                                return !is_before(a, b) && !is_before(b, a) && a.message == b.message;
                              }),
                  findings_.end());
  if (was_full) {
    findings_.push_back({{}, "there may be more problems than the " + std::to_string(kMaxFindings) + " above"});
  }
  return std::move(findings_);
}

Section::Section(Findings& findings, const YamlNode& root) : Section(findings, nullptr, "", root.mark) {
  if (root.kind == YamlNode::Kind::Map) {
    map_ = &root;
  }
}

Section::Section(Findings& findings, const YamlNode* map, std::string path, Mark mark)
    : findings_(findings), map_(map), path_(std::move(path)), mark_(mark) {}

Section Section::section(const char* key) {
  return section_of(key, find(key));
}

Section Section::section_of(const char* key, const YamlNode* node) {
  if (node != nullptr && node->kind != YamlNode::Kind::Map) {
    complain(key, node->mark, "must be a map of keys with values");
    node = nullptr;
  }
  return {findings_, node, path_ + key + ".", mark_of(key)};
}

const YamlNode* Section::find(const char* key) {
  known_.emplace_back(key);
  findings_.add_key(path_ + key);
  const auto index = index_of(key);
  if (!index) {
    return nullptr;
  }
  const YamlNode& value = map_->items[*index];
  if (value.kind == YamlNode::Kind::Null) {
    complain(key, map_->keys[*index].mark, "has no value: write one, or remove the key for the default");
  }
  return value.kind == YamlNode::Kind::Null || value.kind == YamlNode::Kind::Unusable ? nullptr : &value;
}

std::vector<std::pair<std::string, Section>> Section::overridden() const {
  std::vector<std::pair<std::string, Section>> sections;
  if (map_ != nullptr) {
    for (const YamlNode& alone : map_->overridden) {
      sections.emplace_back(alone.keys.front().text, Section(findings_, &alone, path_, mark_));
    }
  }
  return sections;
}

void Section::text(const char* key, std::string& target, Complaint (*check)(std::string_view)) {
  const YamlNode* const node = scalar(key);
  if (node == nullptr) {
    return;
  }
  if (const auto complaint = check(node->text)) {
    complain(key, node->mark, quote(node->text) + " " + *complaint);
  } else {
    target = node->text;
  }
}

void Section::text_or_off(const char* key, std::string& target, Complaint (*check)(std::string_view)) {
  const YamlNode* const node = scalar(key);
  if (node == nullptr) {
    return;
  }
  if (node->text == "off") {
    target.clear();
  } else if (const auto complaint = check(node->text)) {
    complain(key, node->mark, quote(node->text) + " " + *complaint);
  } else {
    target = node->text;
  }
}

void Section::duration(const char* key, std::chrono::milliseconds& target, std::chrono::milliseconds least,
                       std::chrono::milliseconds most) {
  const YamlNode* const node = scalar(key);
  if (node == nullptr) {
    return;
  }
  const auto value = parse_duration(node->text);
  if (!value) {
    complain(key, node->mark, quote(node->text) + " " + value.error().what);
  } else if (*value < least || *value > most) {
    complain_range(key, *node, format_duration(least), format_duration(most));
  } else {
    target = *value;
  }
}

void Section::duration(const char* key, std::chrono::seconds& target, std::chrono::seconds least,
                       std::chrono::seconds most) {
  std::chrono::milliseconds value = target;
  duration(key, value, least, most);
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(value);
  if (whole != value) {
    complain(key, mark_of(key), "must be whole seconds, such as 30s");
  } else {
    target = whole;
  }
}

void Section::size(const char* key, std::size_t& target, std::size_t least, std::size_t most) {
  const YamlNode* const node = scalar(key);
  if (node == nullptr) {
    return;
  }
  const auto value = parse_size(node->text);
  if (!value) {
    complain(key, node->mark, quote(node->text) + " " + value.error().what);
  } else if (*value < least || *value > most) {
    complain_range(key, *node, format_size(least), format_size(most));
  } else {
    target = static_cast<std::size_t>(*value);
  }
}

void Section::count(const char* key, std::size_t& target, std::size_t least, std::size_t most) {
  const YamlNode* const node = scalar(key);
  if (node == nullptr) {
    return;
  }
  std::size_t value = 0;
  const char* const end = node->text.data() + node->text.size();
  const auto [stopped, error] = std::from_chars(node->text.data(), end, value);
  if (stopped != end || error == std::errc::invalid_argument) {
    complain(key, node->mark, quote(node->text) + " is not a whole number");
  } else if (error != std::errc{} || value < least || value > most) {
    complain_range(key, *node, std::to_string(least), std::to_string(most));
  } else {
    target = value;
  }
}

void Section::file_mode(const char* key, unsigned& target) {
  const YamlNode* const node = scalar(key);
  if (node == nullptr) {
    return;
  }
  // The leading zero is required: without it YAML says decimal and chmod(1) says octal.
  constexpr std::size_t kOctets = 4;
  constexpr int kOctal = 8;
  const std::string& text = node->text;
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value, kOctal);
  if (text.size() != kOctets || text.front() != '0' || error != std::errc{} || stopped != end) {
    complain(key, node->mark, quote(text) + " is not a file mode: write a 0 and three octal digits, such as 0660");
  } else {
    target = value;
  }
}

void Section::complain(const char* key, const Mark& mark, const std::string& what) {
  findings_.add(mark, path_ + key + ": " + what);
}

bool Section::is_given(const char* key) const {
  return index_of(key).has_value();
}

Mark Section::mark_of(const char* key) const {
  const auto index = index_of(key);
  return index ? map_->keys[*index].mark : mark_;
}

std::optional<std::size_t> Section::index_of(const char* key) const {
  return map_ != nullptr ? find_key(*map_, key) : std::nullopt;
}

void Section::finish() {
  if (map_ == nullptr) {
    return;
  }
  std::set<std::pair<std::size_t, std::string_view>> unknown;  // Each once in each file.
  for (const YamlNode& key : map_->keys) {
    if (findings_.is_full()) {
      return;
    }
    if (key.kind == YamlNode::Kind::Scalar && std::find(known_.begin(), known_.end(), key.text) == known_.end() &&
        unknown.emplace(key.mark.file, key.text).second) {
      findings_.add_unknown(key.mark, path_, key.text, known_);
    }
  }
}

void report_repeated_keys(Findings& findings, const YamlNode& node, const std::string& path) {
  std::unordered_map<std::string_view, int> lines;
  for (std::size_t i = 0; i < node.items.size() && !findings.is_full(); ++i) {
    if (node.kind != YamlNode::Kind::Map) {
      report_repeated_keys(findings, node.items[i], path);
      continue;
    }
    const YamlNode& key = node.keys[i];
    const std::string name = (path.empty() ? "" : path + ".") + escape(key.text, kMaxQuotedOctets);
    if (key.kind == YamlNode::Kind::Scalar) {
      if (const auto [first, is_new] = lines.emplace(key.text, key.mark.line); !is_new) {
        findings.add(key.mark,
                     name + ": repeated; it stands in line " + std::to_string(first->second) + " already: remove one");
      }
    }
    report_repeated_keys(findings, node.items[i], name);
  }
}

const YamlNode* Section::scalar(const char* key) {
  const YamlNode* const node = find(key);
  if (node != nullptr && node->kind != YamlNode::Kind::Scalar) {
    complain(key, node->mark,
             node->kind == YamlNode::Kind::List ? "must be one value, not a list" : "must be one value, not a map");
    return nullptr;
  }
  return node;
}

std::optional<std::size_t> Section::choose(const char* key, const std::vector<std::string>& names) {
  const YamlNode* const node = scalar(key);
  if (node == nullptr) {
    return std::nullopt;
  }
  const auto found = std::find(names.begin(), names.end(), node->text);
  if (found != names.end()) {
    return static_cast<std::size_t>(found - names.begin());
  }
  complain(key, node->mark, quote(node->text) + " is not " + join(names, " or ") + did_you_mean(node->text, names));
  return std::nullopt;
}

bool Section::is_list(const char* key, const YamlNode& node, const char* example) {
  if (node.kind != YamlNode::Kind::List) {
    complain(key, node.mark, std::string("must be a list, such as ") + example);
    return false;
  }
  return true;
}

bool Section::is_element(const char* key, const YamlNode& item) {
  if (item.kind == YamlNode::Kind::Scalar) {
    return true;
  }
  if (item.kind != YamlNode::Kind::Unusable) {
    complain(key, item.mark,
             item.kind == YamlNode::Kind::Null ? "an element of the list is empty: write or remove it"
                                               : "an element of the list is not one value");
  }
  return false;
}

void Section::complain_range(const char* key, const YamlNode& node, const std::string& least, const std::string& most) {
  complain(key, node.mark, quote(node.text) + " is out of range: " + least + " to " + most);
}

}  // namespace assay::config
