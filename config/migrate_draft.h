#pragma once

#include <map>
#include <string>
#include <vector>

namespace assay::config {

/// `text` between double quotes, as YAML and JSON read it; for printable ASCII.
[[nodiscard]] std::string quoted_scalar(const std::string& text);
/// [a, b], each element quoted.
[[nodiscard]] std::string flow_list(const std::vector<std::string>& elements);

/// A configuration on its way: values by the path of their key, each with where it comes from.
class Draft {
 public:
  /// `value` is YAML. A second value for the same key replaces the first; its comments are kept.
  void set(const std::string& key, std::string value);
  /// A line above the key: where it comes from, and what there is to know. Must be fit for a comment.
  void say(const std::string& key, std::string comment);
  /// A rule of policy.rules, behind those that are there.
  void add_rule(const std::string& name, const std::string& when, const std::string& then, bool observe,
                std::vector<std::string> comments);
  [[nodiscard]] bool has(const std::string& key) const { return items_.count(key) != 0; }

  /// The YAML, in the order of the annotated example.
  [[nodiscard]] std::string yaml() const;

 private:
  struct Item {
    std::string value;
    std::vector<std::string> comments;
  };
  std::map<std::string, Item> items_;
  std::vector<Item> rules_;
};

}  // namespace assay::config
