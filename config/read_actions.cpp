#include "config/read_actions.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "config/checks.h"
#include "config/rule_keys.h"
#include "config/rule_values.h"
#include "config/rule_words.h"
#include "config/wording.h"
#include "verify/base/escape.h"

namespace assay::config {
namespace {

using policy::Action;
using policy::QuarantineHow;
using Kind = YamlNode::Kind;

/// Reads the action of one rule.
class ActionReader {
 public:
  ActionReader(RuleReport& report, const policy::Rules& rules) : report_(report), rules_(rules) {}

  void read(const YamlNode& node, policy::Then& then) {
    if (node.kind == Kind::Scalar) {
      if (const ActionKey* const action = find_action_at(node)) {
        const YamlNode nothing{
            .kind = Kind::Map, .mark = node.mark, .text = {}, .keys = {}, .items = {}, .overridden = {}};
        read_action(*action, node.mark, nothing, then);
      }
      return;
    }
    if (node.kind == Kind::List) {
      report_.complain(node.mark, "then", "must be one action, not a list: make a rule with continue of what goes on");
      return;
    }
    if (node.keys.empty()) {
      report_.complain(node.mark, "then", "names no action: write then: ACTION, such as then: accept");
      return;
    }
    if (node.keys.size() > 1) {
      complain_several(node);
      return;
    }
    const YamlNode& word = node.keys.front();
    const YamlNode& parameters = node.items.front();
    if (word.kind != Kind::Scalar || parameters.kind == Kind::Unusable) {
      report_.mark_wrong();
      return;
    }
    const ActionKey* const action = find_action_at(word);
    if (action == nullptr) {
      return;
    }
    if (parameters.kind == Kind::Map) {
      read_action(*action, word.mark, parameters, then);
    } else if (parameters.kind == Kind::Null) {
      report_.complain(word.mark, "then." + action->key.key, "has no value: write then: " + action->key.key);
    } else {
      report_.complain(
          parameters.mark, "then." + action->key.key,
          "must be a map, such as then: " + (action->parameters.empty() ? action->key.key : action->key.example));
    }
  }

 private:
  /// Keys of `then` beside each other, of which there may be one.
  void complain_several(const YamlNode& node) {
    const auto is_action = [](const YamlNode& key) { return find_action(key.text) != nullptr; };
    const auto first = std::find_if(node.keys.begin(), node.keys.end(), is_action);
    for (const YamlNode& key : node.keys) {
      const std::string name = escape(key.text, kMaxQuotedOctets);
      const bool is_first = first != node.keys.end() && &key == &*first;
      if (key.kind != Kind::Scalar || is_first) {
        continue;
      }
      if (is_action(key)) {
        report_.complain(key.mark, "then." + name, "a rule has one action: " + first->text + " stands here, too");
        return;
      }
      if (first != node.keys.end() && is_among(names_of(find_action(first->text)->parameters), key.text)) {
        report_.complain(key.mark, "then." + name,
                         "stands in the map of its action: write then: {" + first->text + ": {" + name + ": ...}}");
        return;
      }
    }
    report_.complain(node.mark, "then",
                     "must be one action, or {ACTION: {...}}, such as then: " + action_keys()[1].key.example);
  }

  const ActionKey* find_action_at(const YamlNode& node) {
    const ActionKey* const action = find_action(node.text);
    if (action == nullptr) {
      const auto words = action_words();
      if (const auto owners = actions_with(node.text); !owners.empty()) {
        report_.complain(
            node.mark, "then",
            quote(node.text) + " goes with an action: write then: {" + owners.front() + ": {" + node.text + ": ...}}");
      } else {
        report_.complain(node.mark, "then",
                         quote(node.text) + " is not " + join(words, " or ") + which_word(node.text, words));
      }
    }
    return action;
  }

  void read_action(const ActionKey& action, const Mark& mark, const YamlNode& map, policy::Then& then) {
    const std::string path = "then." + action.key.key;
    check_parameters(action, map, path);
    then.action = action.action;
    if (action.action == Action::Discard && !rules_.allow_discard) {
      report_.complain(mark, "then",
                       "discard loses mail without a trace for its sender: set policy.allow_discard: true to allow it");
    }
    if (action.action == Action::Quarantine) {
      read_quarantine(map, path, then);
    }
    if (has(map, "text") || has(map, "code")) {
      read_reply(action, map, path, then.reply);
    }
    if (action.key.key == "add_header" || !action.action) {
      read_field(action, mark, map, path, then);
    }
    if (!action.action) {
      if (const YamlNode* const tag = report_.find_scalar(map, "tag", path + ".tag")) {
        report_.take(*tag, path + ".tag", check_tag, then.tag);
      }
      if (!has(map, "tag") && !has(map, "name") && !has(map, "value")) {
        report_.complain(
            mark, "then",
            "continue alone does nothing: write then: {continue: {tag: TAG}}, or a field's name and value");
      }
    }
  }

  void check_parameters(const ActionKey& action, const YamlNode& map, const std::string& path) {
    const auto known = names_of(action.parameters);
    for (const YamlNode& key : map.keys) {
      if (key.kind != Kind::Scalar || is_among(known, key.text)) {
        continue;
      }
      const std::string name = path + "." + escape(key.text, kMaxQuotedOctets);
      if (const auto owners = actions_with(key.text); !owners.empty()) {
        report_.complain(key.mark, name, "goes with " + join(owners, " or ") + ", not with " + action.key.key);
      } else if (is_among(rule_names(), key.text)) {
        report_.complain(key.mark, name, "stands beside then, not in it: mind the indentation and the braces");
      } else if (known.empty()) {
        report_.complain(key.mark, name,
                         "unknown key; " + action.key.key + " takes none: write then: " + action.key.key);
      } else {
        const std::string meant = which_word(key.text, known);
        report_.complain(key.mark, name,
                         "unknown key" + (meant.empty() ? "; known here: " + join(known, ", ") : meant));
      }
    }
  }

  void read_reply(const ActionKey& action, const YamlNode& map, const std::string& path, policy::ReplyTemplate& reply) {
    if (const YamlNode* const code = report_.find_scalar(map, "code", path + ".code")) {
      const char wanted = action.action == Action::TempFail ? '4' : '5';
      auto parsed = parse_code(code->text, wanted);
      if (parsed) {
        reply = std::move(*parsed);
      } else {
        report_.complain(code->mark, path + ".code", quote(code->text) + " " + parsed.error().what);
      }
    }
    if (const YamlNode* const text = report_.find_scalar(map, "text", path + ".text")) {
      report_.take(*text, path + ".text", check_reply_text, reply.text);
    }
  }

  /// What is not said is as policy.quarantine has it.
  void read_quarantine(const YamlNode& map, const std::string& path, policy::Then& then) {
    policy::Quarantine quarantine = rules_.quarantine;
    if (const YamlNode* const how = report_.find_scalar(map, "how", path + ".how")) {
      constexpr std::array<std::pair<const char*, QuarantineHow>, 4> kHow{{{"header", QuarantineHow::Header},
                                                                           {"hold", QuarantineHow::Hold},
                                                                           {"reject", QuarantineHow::Reject},
                                                                           {"redirect", QuarantineHow::Redirect}}};
      const auto* const found =
          std::find_if(kHow.begin(), kHow.end(), [how](const auto& pair) { return how->text == pair.first; });
      if (found == kHow.end()) {
        const std::vector<std::string> words{"header", "hold", "reject", "redirect"};
        report_.complain(how->mark, path + ".how",
                         quote(how->text) + " is not " + join(words, " or ") + which_word(how->text, words));
        return;
      }
      quarantine.how = found->second;
    }
    // Each parameter with the one way that it goes with.
    const std::array<std::pair<const char*, QuarantineHow>, 5> ways{{{"name", QuarantineHow::Header},
                                                                     {"value", QuarantineHow::Header},
                                                                     {"to", QuarantineHow::Redirect},
                                                                     {"text", QuarantineHow::Reject},
                                                                     {"code", QuarantineHow::Reject}}};
    for (const auto& [key, how] : ways) {
      if (has(map, key) && quarantine.how != how) {
        report_.complain(mark_of(map, key), path + "." + key,
                         std::string("goes with how: ") + to_string(how) + " alone: remove it, or change how");
      }
    }
    if (const YamlNode* const name = report_.find_scalar(map, "name", path + ".name")) {
      report_.take(*name, path + ".name", check_field_name, quarantine.name);
    }
    if (const YamlNode* const value = report_.find_scalar(map, "value", path + ".value")) {
      report_.take(*value, path + ".value", check_field_value, quarantine.value);
    }
    if (const YamlNode* const to = report_.find_scalar(map, "to", path + ".to")) {
      report_.take(*to, path + ".to", check_address, quarantine.to);
    }
    if (quarantine.how == QuarantineHow::Redirect && quarantine.to.empty() && !has(map, "to")) {
      report_.complain(mark_of(map, "how"), path + ".to",
                       "is needed for how: redirect: write the address, to: ADDRESS");
    }
    if (quarantine.how != QuarantineHow::Header) {
      quarantine.name = policy::Quarantine{}.name;
      quarantine.value = policy::Quarantine{}.value;
    }
    if (quarantine.how != QuarantineHow::Redirect) {
      quarantine.to.clear();
    }
    if (has(map, "how") || has(map, "name") || has(map, "value") || has(map, "to")) {
      then.quarantine = std::move(quarantine);
    }
  }

  void read_field(const ActionKey& action, const Mark& mark, const YamlNode& map, const std::string& path,
                  policy::Then& then) {
    policy::HeaderField field;
    const YamlNode* const name = report_.find_scalar(map, "name", path + ".name");
    const YamlNode* const value = report_.find_scalar(map, "value", path + ".value");
    const bool is_required = action.action.has_value() || has(map, "name") || has(map, "value");
    for (const char* const key : {"name", "value"}) {
      if (is_required && !has(map, key)) {
        report_.complain(
            mark, path + "." + key,
            "is missing: a field has both, such as then: {" + action.key.key + ": {name: X-Partner, value: \"yes\"}}");
      }
    }
    if (name != nullptr && value != nullptr) {
      report_.take(*name, path + ".name", check_field_name, field.name);
      report_.take(*value, path + ".value", check_field_value, field.value);
      then.header = std::move(field);
    }
  }

  RuleReport& report_;
  const policy::Rules& rules_;
};

}  // namespace

void read_then(RuleReport& report, const YamlNode& node, const policy::Rules& rules, policy::Then& then) {
  ActionReader(report, rules).read(node, then);
}

}  // namespace assay::config
