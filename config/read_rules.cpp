#include "config/read_rules.h"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "config/files.h"
#include "config/read_actions.h"
#include "config/read_conditions.h"
#include "config/rule_keys.h"
#include "config/rule_report.h"
#include "config/rule_values.h"
#include "config/rule_words.h"
#include "config/wording.h"
#include "policy/proof.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::config {
namespace {

using policy::Rule;
using policy::Rules;
using Kind = YamlNode::Kind;

/// Reads one rule after the other.
class RuleReader {
 public:
  RuleReader(Findings& findings, Rules& rules) : report_(findings), rules_(rules) {}

  void read(const YamlNode& list) {
    if (list.kind == Kind::Map) {
      report_.findings().add(list.mark, "policy.rules: must be a list: begin each rule with a dash, \"- name: NAME\"");
      return;
    }
    if (list.kind != Kind::List) {
      report_.findings().add(
          list.mark, "policy.rules: must be a list of rules, such as [{name: NAME, when: {...}, then: accept}]");
      return;
    }
    for (const YamlNode& item : list.items) {
      if (++number_ == policy::kMaxRules + 1) {
        report_.findings().add(item.mark, "policy.rules: more than " + std::to_string(policy::kMaxRules) +
                                              " rules: put names that are treated alike into one list or file");
        return;
      }
      if (report_.findings().is_full()) {
        return;
      }
      read_rule(item);
    }
  }

 private:
  void read_rule(const YamlNode& node) {
    report_.begin("rule " + std::to_string(number_));
    if (node.kind == Kind::Unusable) {
      report_.mark_wrong();
    }
    if (node.kind == Kind::Scalar || node.kind == Kind::List || node.kind == Kind::Null) {
      report_.complain(node.mark, "", "must be a map, such as {name: NAME, when: {...}, then: accept}");
    }
    if (node.kind != Kind::Map) {
      return;
    }
    Rule rule;
    read_name(node, rule);
    check_keys(node);
    if (const YamlNode* const when = report_.find(node, "when", "when")) {
      if (auto condition = read_when(report_, *when)) {
        rule.when = std::move(*condition);
      }
    } else if (!has(node, "when")) {
      report_.complain(node.mark, "when", "is missing: write when: {CONDITIONS}, or when: {} for every message");
    }
    if (const YamlNode* const then = report_.find(node, "then", "then")) {
      read_then(report_, *then, rules_, rule.then);
    } else if (!has(node, "then")) {
      report_.complain(node.mark, "then", "is missing: write then: ACTION, such as then: accept");
    }
    rule.observe = read_flag(node, "observe");
    rule.unproven = read_flag(node, "unproven");
    read_expires(node, rule);
    read_comment(node, rule);
    const bool can_be_read = report_.is_right();
    check_proof(node, rule);
    if (can_be_read) {  // Lint looks for more in a rule that lacks no more than its proof.
      rules_.own.push_back(std::move(rule));
    }
  }

  /// A rule that accepts what anybody can forge.
  void check_proof(const YamlNode& node, const Rule& rule) {
    constexpr std::size_t kMaxOctets = 2000;
    if (!report_.is_right() || rule.unproven) {
      return;
    }
    if (const auto missing = policy::find_missing_proof(rule)) {
      const YamlNode* const name = report_.find(node, "name", "name");  // A right rule has one.
      report_.complain(name->mark, "", escape(*missing, kMaxOctets));
    }
  }

  void read_name(const YamlNode& node, Rule& rule) {
    const YamlNode* const name = report_.find_scalar(node, "name", "name");
    if (name == nullptr) {
      if (!has(node, "name")) {
        report_.complain(node.mark, "name", "is missing: the record and the log call the rule by it; write name: NAME");
      }
      return;
    }
    if (const auto complaint = check_rule_name(name->text)) {
      report_.complain(name->mark, "name", quote(name->text) + " " + *complaint);
      return;
    }
    report_.rename("rule " + quote(name->text));
    rule.name = name->text;
    rule.place = report_.place(name->mark);
    const auto [first, is_new] = names_.emplace(name->text, name->mark);
    if (!is_new) {
      report_.complain(name->mark, "name",
                       "is that of another rule, in " + describe(first->second, name->mark) + ": give each its own");
    }
  }

  /// "line 3", or "FILE, line 3" if that is another file.
  [[nodiscard]] std::string describe(const Mark& mark, const Mark& from) const {
    const std::string line = "line " + std::to_string(mark.line);
    return mark.file == from.file ? line : *report_.findings().files().name(mark.file) + ", " + line;
  }

  void check_keys(const YamlNode& node) {
    const auto known = rule_names();
    for (const YamlNode& key : node.keys) {
      if (key.kind != Kind::Scalar || is_among(known, key.text)) {
        continue;
      }
      const std::string name = escape(key.text, kMaxQuotedOctets);
      if (is_among(condition_names(), key.text)) {
        report_.complain(key.mark, name, "is a condition, and stands in when: write when: {" + name + ": ...}");
      } else if (find_action(key.text) != nullptr) {
        report_.complain(key.mark, name, "is an action, and stands in then: write then: " + name);
      } else if (const std::string meant = which_word(key.text, known); !meant.empty()) {
        report_.complain(key.mark, name, "unknown key" + meant);
      } else if (const auto condition = as_condition(key.text)) {
        report_.complain(key.mark, name, "is no key: write when: {" + *condition + "}");
      } else if (const auto owners = actions_with(key.text); !owners.empty()) {
        report_.complain(key.mark, name,
                         "goes with an action: write then: {" + owners.front() + ": {" + name + ": ...}}");
      } else {
        report_.complain(key.mark, name, "unknown key; known here: " + join(known, ", "));
      }
    }
  }

  bool read_flag(const YamlNode& map, const std::string& key) {
    const YamlNode* const node = report_.find_scalar(map, key, key);
    if (node != nullptr && node->text != "true" && node->text != "false") {
      report_.complain(node->mark, key, quote(node->text) + " is not true or false");
    }
    return node != nullptr && node->text == "true";
  }

  void read_expires(const YamlNode& map, Rule& rule) {
    if (const YamlNode* const node = report_.find_scalar(map, "expires", "expires")) {
      if (auto time = parse_last_day(node->text)) {
        rule.expires = *time;
      } else {
        report_.complain(node->mark, "expires", quote(node->text) + " " + time.error().what);
      }
    }
  }

  void read_comment(const YamlNode& map, Rule& rule) {
    const YamlNode* const node = report_.find_scalar(map, "comment", "comment");
    if (node == nullptr) {
      return;
    }
    const std::string_view text = trim_fws(node->text);
    if (const auto complaint = check_comment(text)) {
      report_.complain(node->mark, "comment", *complaint);
    } else {
      rule.comment = text;
    }
  }

  RuleReport report_;
  Rules& rules_;
  std::size_t number_ = 0;  ///< Of the rule, from 1.
  std::unordered_map<std::string, Mark> names_;
};

}  // namespace

void read_rules(Findings& findings, const YamlNode& list, policy::Rules& rules) {
  RuleReader(findings, rules).read(list);
}

}  // namespace assay::config
