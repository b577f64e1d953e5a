#include "config/rule_report.h"

#include <utility>

#include "config/wording.h"

namespace assay::config {

using Kind = YamlNode::Kind;

void RuleReport::begin(std::string label) {
  label_ = std::move(label);
  is_right_ = true;
}

void RuleReport::complain(const Mark& mark, const std::string& key, const std::string& what) {
  findings_.add(mark, label_ + ": " + (key.empty() ? "" : key + ": ") + what);
  is_right_ = false;
}

policy::Place RuleReport::place(const Mark& mark) const {
  return {findings_.files().name(mark.file), mark.line, mark.column};
}

const YamlNode* RuleReport::find(const YamlNode& map, const std::string& key, const std::string& path) {
  const auto index = find_key(map, key);
  if (!index) {
    return nullptr;
  }
  const YamlNode& value = map.items[*index];
  if (value.kind == Kind::Null) {
    complain(map.keys[*index].mark, path, "has no value: write one, or remove the key");
  }
  return value.kind == Kind::Null || value.kind == Kind::Unusable ? nullptr : &value;
}

const YamlNode* RuleReport::find_scalar(const YamlNode& map, const std::string& key, const std::string& path) {
  const YamlNode* const node = find(map, key, path);
  if (node != nullptr && node->kind != Kind::Scalar) {
    complain(node->mark, path,
             node->kind == Kind::List ? "must be one value, not a list" : "must be one value, not a map");
    return nullptr;
  }
  return node;
}

void RuleReport::take(const YamlNode& node, const std::string& path, Complaint (*check)(std::string_view),
                      std::string& target) {
  if (const auto complaint = check(node.text)) {
    complain(node.mark, path, quote(node.text) + " " + *complaint);
  } else {
    target = node.text;
  }
}

bool has(const YamlNode& map, std::string_view key) {
  return find_key(map, key).has_value();
}

Mark mark_of(const YamlNode& map, std::string_view key) {
  const auto index = find_key(map, key);
  return index ? map.keys[*index].mark : map.mark;
}

}  // namespace assay::config
