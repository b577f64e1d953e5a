#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "config/reader.h"
#include "policy/condition.h"

namespace assay::config {

/// Reads the keys of one rule after the other, and collects what is wrong with each.
class RuleReport {
 public:
  /// `findings` must outlive this.
  explicit RuleReport(Findings& findings) : findings_(findings) {}

  /// The next rule begins. `label` is what messages call it.
  void begin(std::string label);
  /// The rule has a better label than that which it began with.
  void rename(std::string label) { label_ = std::move(label); }
  /// Reports something about the rule; `key` is a path within it, or empty.
  void complain(const Mark& mark, const std::string& key, const std::string& what);
  /// Something about the rule is wrong that was reported already.
  void mark_wrong() noexcept { is_right_ = false; }
  /// Nothing about the rule is wrong so far.
  [[nodiscard]] bool is_right() const noexcept { return is_right_; }
  [[nodiscard]] const std::string& label() const noexcept { return label_; }
  [[nodiscard]] Findings& findings() const noexcept { return findings_; }
  [[nodiscard]] policy::Place place(const Mark& mark) const;

  // `path` is that of the key, for messages.

  /// The value of a key of the map; nullptr if it is absent or, once reported, without value.
  const YamlNode* find(const YamlNode& map, const std::string& key, const std::string& path);
  /// As above, for a key that has one word or text.
  const YamlNode* find_scalar(const YamlNode& map, const std::string& key, const std::string& path);
  /// Sets `target` to the text of the node, unless `check` refuses it.
  void take(const YamlNode& node, const std::string& path, Complaint (*check)(std::string_view), std::string& target);

 private:
  Findings& findings_;
  std::string label_;
  bool is_right_ = true;
};

/// Whether the map has the key, with or without value.
[[nodiscard]] bool has(const YamlNode& map, std::string_view key);
/// Where the key stands; the place of the map if it does not.
[[nodiscard]] Mark mark_of(const YamlNode& map, std::string_view key);

}  // namespace assay::config
