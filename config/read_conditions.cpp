#include "config/read_conditions.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "config/read_names.h"
#include "config/rule_values.h"
#include "config/rule_words.h"
#include "config/wording.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::config {
namespace {

using policy::Condition;
using policy::Fact;
using policy::Form;
using Kind = YamlNode::Kind;

/// What a condition may ask for, as messages list it.
std::string list_words(const std::vector<std::string>& known, bool may_be_flag) {
  // The reasons are too many.
  constexpr std::size_t kMostListed = 12;
  if (known.size() > kMostListed) {
    return "a reason that any method gives";
  }
  return (may_be_flag ? "true, false, " : "") + join(known, " or ");
}

/// A login name, or a version of TLS as MTAs give it ({tls_version}): a word that could never be one would leave the
/// condition false for ever, and true under `not`.
Complaint check_free_word(Fact fact, const std::string& word) {
  for (const char* const flag : {"yes", "no", "on", "off"}) {
    if (iequals(word, flag)) {
      return "is neither true nor false: write one of them";
    }
  }
  if (fact == Fact::Tls && !istarts_with(word, "TLSv") && !istarts_with(word, "SSLv")) {
    return "is no version of TLS as the MTA gives it: write one such as TLSv1.3, or true";
  }
  return check_word(word);
}

/// Reads the conditions of one rule.
class ConditionReader {
 public:
  explicit ConditionReader(RuleReport& report) : report_(report) {}

  std::optional<Condition> read(const YamlNode& node) {
    if (node.kind == Kind::Map && node.keys.empty()) {
      Condition always;
      always.place = report_.place(node.mark);
      return always;
    }
    return read_map(node, "when", 1);
  }

 private:
  /// Counts a condition; false, after a report, beyond a bound.
  bool admit(const Mark& mark, const std::string& path, std::size_t depth) {
    if (depth > policy::kMaxConditionDepth) {
      report_.complain(mark, path,
                       "nested deeper than " + std::to_string(policy::kMaxConditionDepth) +
                           " conditions: make rules of the parts, with tags");
      return false;
    }
    if (++conditions_ == policy::kMaxConditions + 1) {
      report_.complain(mark, path,
                       "more than " + std::to_string(policy::kMaxConditions) +
                           " conditions in one rule: put the values of one into a list or a file");
    }
    return conditions_ <= policy::kMaxConditions;
  }

  /// A map of conditions: the only one, or all of them. `depth` is that of what is returned.
  std::optional<Condition> read_map(const YamlNode& node, const std::string& path, std::size_t depth) {
    if (!is_map(node, path)) {
      return std::nullopt;
    }
    if (node.keys.size() == 1) {
      return read_condition(node, 0, path, depth);
    }
    if (!admit(node.mark, path, depth)) {
      return std::nullopt;
    }
    Condition all;
    all.place = report_.place(node.mark);
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      if (auto part = read_condition(node, i, path, depth + 1)) {
        all.parts.push_back(std::move(*part));
      }
    }
    return all;
  }

  bool is_map(const YamlNode& node, const std::string& path) {
    const auto refuse = [&](const std::string& what) {
      report_.complain(node.mark, path, what);
      return false;
    };
    switch (node.kind) {
      case Kind::Map:
        return !node.keys.empty() ||
               refuse("an empty map holds for every message: write a condition into it, or remove it");
      case Kind::Scalar:
        if (const auto condition = as_condition(node.text)) {
          return refuse("must be a map: write {" + *condition + "}");
        }
        return refuse("must be a map of conditions, such as {dkim_domain: example.com}");
      case Kind::List: return refuse("must be a map of conditions, not a list: write {any: [...]} or {all: [...]}");
      case Kind::Null: return refuse("has no value: write a map of conditions, such as {dkim_domain: example.com}");
      case Kind::Unusable: break;
    }
    report_.mark_wrong();
    return false;
  }

  /// The condition of the key number `i` of the map.
  std::optional<Condition> read_condition(const YamlNode& map, std::size_t i, const std::string& path,
                                          std::size_t depth) {
    const YamlNode& key = map.keys[i];
    const YamlNode& value = map.items[i];
    if (key.kind != Kind::Scalar || value.kind == Kind::Unusable) {
      report_.mark_wrong();
      return std::nullopt;
    }
    const std::string below = path + "." + escape(key.text, kMaxQuotedOctets);
    const bool is_joining = is_among(names_of(joining_keys()), key.text);
    const auto fact = policy::find_fact(key.text);
    if (!is_joining && !fact) {
      complain_unknown_condition(key, below);
      return std::nullopt;
    }
    if (value.kind == Kind::Null) {
      report_.complain(key.mark, below, "has no value: write one, or remove the key");
      return std::nullopt;
    }
    if (!admit(key.mark, below, depth)) {
      return std::nullopt;
    }
    Condition condition;
    condition.place = report_.place(key.mark);
    if (is_joining) {
      read_joined(condition, key.text, value, below, depth);
    } else {
      condition.kind = Condition::Kind::Test;
      condition.fact = *fact;
      read_values(condition, value, below);
    }
    return condition;
  }

  void complain_unknown_condition(const YamlNode& key, const std::string& path) {
    const auto known = condition_names();
    if (is_among(rule_names(), key.text)) {
      report_.complain(key.mark, path, "stands beside when, not in it: mind the indentation and the braces");
    } else if (const std::string meant = which_word(key.text, known); !meant.empty()) {
      report_.complain(key.mark, path, "unknown condition" + meant);
    } else if (const auto condition = as_condition(key.text)) {
      report_.complain(key.mark, path, "is no condition: write " + *condition);
    } else if (find_action(key.text) != nullptr) {
      report_.complain(key.mark, path, "is an action: it stands in then");
    } else {
      report_.complain(key.mark, path, "unknown condition; there are " + join(known, " and "));
    }
  }

  void read_joined(Condition& condition, const std::string& word, const YamlNode& value, const std::string& path,
                   std::size_t depth) {
    if (word == "not") {
      condition.kind = Condition::Kind::Not;
      if (value.kind == Kind::List) {
        report_.complain(value.mark, path, "must be a map, not a list: write not: {any: [...]} or not: {all: [...]}");
      } else if (auto part = read_map(value, path, depth + 1)) {
        condition.parts.push_back(std::move(*part));
      }
      return;
    }
    condition.kind = word == "any" ? Condition::Kind::Any : Condition::Kind::All;
    if (value.kind != Kind::List) {
      report_.complain(value.mark, path, "must be a list of maps, such as " + word + ": [{spf: pass}, {dkim: pass}]");
      return;
    }
    if (value.items.empty()) {
      report_.complain(value.mark, path, "is an empty list: write conditions into it, or remove it");
    }
    for (const YamlNode& item : value.items) {
      if (conditions_ > policy::kMaxConditions || report_.findings().is_full()) {
        return;
      }
      if (auto part = read_map(item, path, depth + 1)) {
        condition.parts.push_back(std::move(*part));
      }
    }
  }

  void read_values(Condition& condition, const YamlNode& value, const std::string& path) {
    if (value.kind == Kind::List && value.items.empty()) {
      report_.complain(value.mark, path,
                       "is an empty list, which no message fits: write a value into it, or remove the key");
      return;
    }
    const std::string key = report_.label() + ": " + path;
    const std::size_t before = report_.findings().size();
    if (value.kind == Kind::List) {
      for (const YamlNode& element : value.items) {
        condition.places.list.push_back(report_.place(element.mark));
      }
    } else {
      condition.places.list.push_back(report_.place(value.mark));
    }
    switch (policy::info(condition.fact).form) {
      case Form::Names: {
        const bool is_text = condition.fact == Fact::Helo || condition.fact == Fact::ListId;
        policy::NameList names;
        read_names(report_.findings(), key, value, is_text ? NameKind::Text : NameKind::Domain, names);
        condition.values = std::move(names);
        break;
      }
      case Form::Networks: {
        policy::NetworkList networks;
        read_networks(report_.findings(), key, value, networks);
        condition.values = std::move(networks);
        break;
      }
      case Form::Addresses: {
        policy::AddressList addresses;
        for (const YamlNode* const element : elements_of(report_.findings(), key, value)) {
          if (const auto complaint = check_recipient(element->text)) {
            report_.complain(element->mark, path, quote(element->text) + " " + *complaint);
          }
          addresses.addresses.push_back(to_lower(element->text));
        }
        condition.values = std::move(addresses);
        break;
      }
      case Form::Flag:
        if (value.kind != Kind::Scalar || (value.text != "true" && value.text != "false")) {
          report_.complain(value.mark, path, "must be true or false");
        }
        condition.values = value.text == "true";
        break;
      case Form::FlagOrWords:
        if (value.kind == Kind::Scalar && (value.text == "true" || value.text == "false")) {
          condition.values = value.text == "true";
          break;
        }
        [[fallthrough]];
      case Form::Words: condition.values = read_words(condition.fact, value, key, path); break;
    }
    if (report_.findings().size() != before) {
      report_.mark_wrong();
    }
  }

  policy::WordList read_words(Fact fact, const YamlNode& value, const std::string& key, const std::string& path) {
    const auto known = policy::words_of(fact);
    const bool may_be_flag = policy::info(fact).form == Form::FlagOrWords;
    policy::WordList words;
    for (const YamlNode* const element : elements_of(report_.findings(), key, value)) {
      const std::string& word = element->text;
      if (may_be_flag && (word == "true" || word == "false")) {
        report_.complain(element->mark, path, "true and false stand alone, not in a list");
      } else if (fact == Fact::ArcClaims) {
        if (const auto complaint = check_claim(word)) {
          report_.complain(element->mark, path, quote(word) + " " + *complaint);
        }
      } else if (!known.empty() && !is_among(known, word)) {
        report_.complain(element->mark, path,
                         quote(word) + " is not " + list_words(known, may_be_flag) + which_word(word, known));
      } else if (const auto complaint = check_free_word(fact, word)) {
        report_.complain(element->mark, path, quote(word) + " " + *complaint);
      }
      words.words.push_back(word);
    }
    return words;
  }

  RuleReport& report_;
  std::size_t conditions_ = 0;  ///< So far.
};

}  // namespace

std::optional<Condition> read_when(RuleReport& report, const YamlNode& node) {
  return ConditionReader(report).read(node);
}

}  // namespace assay::config
