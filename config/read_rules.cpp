#include "config/read_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "config/checks.h"
#include "config/files.h"
#include "config/read_names.h"
#include "config/rule_keys.h"
#include "config/wording.h"
#include "policy/proof.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::config {
namespace {

using policy::Action;
using policy::Condition;
using policy::Fact;
using policy::Form;
using policy::QuarantineHow;
using policy::Rule;
using policy::Rules;
using Kind = YamlNode::Kind;

constexpr std::size_t kMaxWordOctets = 253;

std::vector<std::string> names_of(const std::vector<RuleKey>& keys) {
  std::vector<std::string> names;
  for (const RuleKey& key : keys) {
    names.push_back(key.key);
  }
  return names;
}

bool is_among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> rule_names() {
  return names_of(rule_keys());
}

std::vector<std::string> action_words() {
  std::vector<std::string> words;
  for (const ActionKey& action : action_keys()) {
    words.push_back(action.key.key);
  }
  return words;
}

/// What may stand in `when`.
std::vector<std::string> condition_names() {
  std::vector<std::string> names;
  for (const ConditionKey& condition : condition_keys()) {
    names.push_back(condition.key.key);
  }
  for (const RuleKey& key : joining_keys()) {
    names.push_back(key.key);
  }
  return names;
}

/// Words that other programs have for ours.
std::optional<std::string> translate(std::string_view word) {
  constexpr std::array<std::pair<const char*, const char*>, 25> kWords{{
      {"allow", "accept"},
      {"permit", "accept"},
      {"ok", "accept"},
      {"pass", "accept"},
      {"deny", "reject"},
      {"block", "reject"},
      {"refuse", "reject"},
      {"bounce", "reject"},
      {"defer", "tempfail"},
      {"greylist", "tempfail"},
      {"drop", "discard"},
      {"tag", "continue"},
      {"if", "when"},
      {"match", "when"},
      {"action", "then"},
      {"do", "then"},
      {"id", "name"},
      {"ip", "client_ip"},
      {"from", "from_domain"},
      {"mail_from", "mail_from_domain"},
      {"sender", "mail_from_domain"},
      {"recipient", "rcpt"},
      {"sealer", "arc_sealer"},
      {"or", "any"},
      {"and", "all"},
  }};
  const auto* const found =
      std::find_if(kWords.begin(), kWords.end(), [word](const auto& pair) { return iequals(word, pair.first); });
  return found != kWords.end() ? std::optional<std::string>(found->second) : std::nullopt;
}

/// As did_you_mean(), for words of rules: those of other programs are known, too.
std::string which_word(const std::string& word, const std::vector<std::string>& known) {
  if (std::string meant = did_you_mean(word, known); !meant.empty()) {
    return meant;
  }
  const auto translated = translate(word);
  return translated && is_among(known, *translated) ? "; did you mean " + quote(*translated) + "?" : "";
}

/// `key = value` or `key == value`, as other programs write conditions: "key: value"; nullopt if it is none.
std::optional<std::string> as_condition(std::string_view text) {
  const auto at = text.find('=');
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string key(trim_wsp(text.substr(0, at)));
  const auto value = trim_wsp(text.substr(
      text.find_first_not_of('=', at) == std::string_view::npos ? text.size() : text.find_first_not_of('=', at)));
  if (!policy::find_fact(key)) {
    return std::nullopt;
  }
  return key + ": " + (value.empty() ? "VALUE" : escape(value, kMaxQuotedOctets));
}

/// Names of rules that the program itself gives.
bool is_reserved(const std::string& name) {
  constexpr std::array<std::string_view, 5> kNames{"default", "local", "mta", "internal_error", "forged_results"};
  constexpr std::array<std::string_view, 4> kPrefixes{"policy.", "limits.", "arc.", "assay."};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&name](std::string_view prefix) { return name.compare(0, prefix.size(), prefix) == 0; });
}

/// [A-Za-z0-9._-]
bool is_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_ascii(c) && !is_control(c); });
}

Complaint check_rule_name(const std::string& name) {
  if (name.empty() || name.size() > policy::kMaxRuleNameOctets) {
    return "must have 1 to " + std::to_string(policy::kMaxRuleNameOctets) + " characters";
  }
  if (!is_word(name)) {
    return "may hold letters, digits, '.', '_' and '-' alone";
  }
  if (is_reserved(name)) {
    return "is a name that the program itself gives: choose another, such as " + quote("my-" + name);
  }
  return std::nullopt;
}

Complaint check_tag(std::string_view tag) {
  if (tag.empty() || tag.size() > policy::kMaxTagOctets) {
    return "must have 1 to " + std::to_string(policy::kMaxTagOctets) + " characters";
  }
  return is_word(tag) ? std::nullopt : Complaint("may hold letters, digits, '.', '_' and '-' alone");
}

Complaint check_reply_text(std::string_view text) {
  constexpr std::array<std::string_view, 3> kPlaceholders{"{from_domain}", "{reason}", "{rule}"};
  if (text.empty() || text.size() > policy::kMaxReplyOctets) {
    return "must have 1 to " + std::to_string(policy::kMaxReplyOctets) + " characters";
  }
  if (!is_printable_ascii(text)) {
    return "may hold printable ASCII alone, on one line";
  }
  for (std::size_t at = text.find_first_of("{}"); at != std::string_view::npos; at = text.find_first_of("{}", at)) {
    const auto* const found = std::find_if(kPlaceholders.begin(), kPlaceholders.end(),
                                           [&](std::string_view word) { return text.substr(at, word.size()) == word; });
    if (found == kPlaceholders.end()) {
      return "has braces around something that is not filled in: {from_domain}, {reason} and {rule} are";
    }
    at += found->size();
  }
  return std::nullopt;
}

std::optional<unsigned> parse_number(std::string_view text, std::size_t most_digits) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  const bool is_number = !text.empty() && text.size() <= most_digits && error == std::errc{} && stopped == end;
  return is_number ? std::optional(value) : std::nullopt;
}

/// RFC 2034 section 4: class "." subject "." detail, each of the latter one to three digits.
bool is_enhanced_code(std::string_view text) {
  const auto first = text.find('.');
  const auto second = text.find('.', first + 1);
  return first == 1 && second != std::string_view::npos && parse_number(text.substr(0, first), 1) &&
         parse_number(text.substr(first + 1, second - first - 1), 3) && parse_number(text.substr(second + 1), 3);
}

/// `550`, `5.7.1` or `550 5.7.1`, of the class '4' or '5'.
Parsed<policy::ReplyTemplate> parse_code(std::string_view text, char wanted) {
  const std::string example = wanted == '4' ? "451, 4.7.1 or 451 4.7.1" : "550, 5.7.1 or 550 5.7.1";
  policy::ReplyTemplate reply;
  std::string_view enhanced = text;
  if (const auto blank = text.find(' '); blank != std::string_view::npos || text.find('.') == std::string_view::npos) {
    const std::string_view basic = text.substr(0, blank);
    const auto number = parse_number(basic, 3);
    if (!number || basic.size() != 3) {
      return parse_error("is not an SMTP code such as " + example);
    }
    reply.code = static_cast<int>(*number);
    enhanced = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
    if (blank != std::string_view::npos && enhanced.empty()) {
      return parse_error("is not an SMTP code such as " + example);
    }
    if (basic.front() != wanted) {
      return parse_error(std::string("does not fit: this action answers ") + wanted + "xx, such as " + example);
    }
    if (*number == 421) {
      // RFC 5321 section 3.8: the server closes the connection after it.
      return parse_error("ends the connection, and other messages with it: use 451");
    }
  }
  if (!enhanced.empty()) {
    if (!is_enhanced_code(enhanced)) {
      return parse_error("is not an SMTP code such as " + example);
    }
    if (enhanced.front() != wanted) {
      return parse_error(std::string("does not fit: this action answers ") + wanted + ".x.x, such as " + example);
    }
    reply.enhanced = enhanced;
  }
  return reply;
}

/// YYYY-MM-DD: the first second of the next day, UTC.
Parsed<Time> parse_last_day(std::string_view text) {
  constexpr std::size_t kOctets = 10;
  const auto year = parse_number(text.substr(0, std::min<std::size_t>(4, text.size())), 4);
  if (text.size() != kOctets || text[4] != '-' || text[7] != '-' || !year || !parse_number(text.substr(5, 2), 2) ||
      !parse_number(text.substr(8, 2), 2)) {
    return parse_error("is not a date such as 2026-12-31");
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*parse_number(text.substr(5, 2), 2)),
                                         std::chrono::day(*parse_number(text.substr(8, 2), 2))};
  constexpr unsigned kFirstYear = 1970;
  if (!date.ok() || *year < kFirstYear) {
    return parse_error("is no day of the calendar");
  }
  return Time(std::chrono::sys_days(date) + std::chrono::days(1));
}

Complaint check_claim(const std::string& text) {
  const auto at = text.find('=');
  const std::string method = text.substr(0, at);
  const std::string result = at == std::string::npos ? "" : text.substr(at + 1);
  const auto fact = policy::find_fact(method);
  if (at == std::string::npos || !fact || (*fact != Fact::Spf && *fact != Fact::Dkim && *fact != Fact::Dmarc)) {
    return "is not METHOD=RESULT with spf, dkim or dmarc, such as dmarc=pass";
  }
  const auto words = policy::words_of(*fact);
  if (!is_among(words, result)) {
    return "has a result that is not " + join(words, " or ") + which_word(result, words);
  }
  return std::nullopt;
}

/// `postmaster@example.net` or `*@example.net`.
Complaint check_recipient(const std::string& text) {
  if (text.size() > 1 && text.front() == '@') {
    return "needs something before the @: write \"*" + escape(text, kMaxQuotedOctets) + "\" for all of that domain";
  }
  const bool is_all = text.compare(0, 2, "*@") == 0;
  if (check_address(is_all ? "a" + text.substr(1) : text) || (!is_all && text.find('*') != std::string::npos)) {
    return "is not a mail address such as postmaster@example.net or \"*@example.net\"";
  }
  return std::nullopt;
}

/// Reads one rule after the other.
class RuleReader {
 public:
  RuleReader(Findings& findings, Rules& rules) : findings_(findings), rules_(rules) {}

  void read(const YamlNode& list) {
    if (list.kind == Kind::Map) {
      findings_.add(list.mark, "policy.rules: must be a list: begin each rule with a dash, \"- name: NAME\"");
      return;
    }
    if (list.kind != Kind::List) {
      findings_.add(list.mark,
                    "policy.rules: must be a list of rules, such as [{name: NAME, when: {...}, then: accept}]");
      return;
    }
    for (const YamlNode& item : list.items) {
      if (++number_ == policy::kMaxRules + 1) {
        findings_.add(item.mark, "policy.rules: more than " + std::to_string(policy::kMaxRules) +
                                     " rules: put names that are treated alike into one list or file");
        return;
      }
      read_rule(item);
    }
  }

 private:
  void complain(const Mark& mark, const std::string& key, const std::string& what) {
    findings_.add(mark, label_ + ": " + (key.empty() ? "" : key + ": ") + what);
    is_right_ = false;
  }

  [[nodiscard]] policy::Place place(const Mark& mark) const {
    return {findings_.files().name(mark.file), mark.line, mark.column};
  }

  /// The value of a key of the map; nullptr if it is absent or, once reported, without value.
  const YamlNode* find(const YamlNode& map, const std::string& key, const std::string& path) {
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
      if (map.keys[i].kind != Kind::Scalar || map.keys[i].text != key) {
        continue;
      }
      const YamlNode& value = map.items[i];
      if (value.kind == Kind::Null) {
        complain(map.keys[i].mark, path, "has no value: write one, or remove the key");
      }
      return value.kind == Kind::Null || value.kind == Kind::Unusable ? nullptr : &value;
    }
    return nullptr;
  }

  static bool has(const YamlNode& map, const std::string& key) {
    return std::any_of(map.keys.begin(), map.keys.end(), [&key](const YamlNode& name) { return name.text == key; });
  }

  /// The value of a key that has one word or text.
  const YamlNode* find_scalar(const YamlNode& map, const std::string& key, const std::string& path) {
    const YamlNode* const node = find(map, key, path);
    if (node != nullptr && node->kind != Kind::Scalar) {
      complain(node->mark, path,
               node->kind == Kind::List ? "must be one value, not a list" : "must be one value, not a map");
      return nullptr;
    }
    return node;
  }

  void read_rule(const YamlNode& node) {
    label_ = "rule " + std::to_string(number_);
    is_right_ = node.kind != Kind::Unusable;
    if (node.kind == Kind::Scalar || node.kind == Kind::List || node.kind == Kind::Null) {
      complain(node.mark, "", "must be a map, such as {name: NAME, when: {...}, then: accept}");
    }
    if (node.kind != Kind::Map) {
      return;
    }
    Rule rule;
    read_name(node, rule);
    check_keys(node);
    if (const YamlNode* const when = find(node, "when", "when")) {
      conditions_ = 0;
      if (auto condition = read_when(*when)) {
        rule.when = std::move(*condition);
      }
    } else if (!has(node, "when")) {
      complain(node.mark, "when", "is missing: write when: {CONDITIONS}, or when: {} for every message");
    }
    if (const YamlNode* const then = find(node, "then", "then")) {
      read_then(*then, rule.then);
    } else if (!has(node, "then")) {
      complain(node.mark, "then", "is missing: write then: ACTION, such as then: accept");
    }
    rule.observe = read_flag(node, "observe");
    rule.unproven = read_flag(node, "unproven");
    read_expires(node, rule);
    read_comment(node, rule);
    check_proof(node, rule);
    if (is_right_) {
      rules_.own.push_back(std::move(rule));
    }
  }

  /// A rule that accepts what anybody can forge.
  void check_proof(const YamlNode& node, const Rule& rule) {
    constexpr std::size_t kMaxOctets = 2000;
    if (!is_right_ || rule.unproven) {
      return;
    }
    if (const auto missing = policy::find_missing_proof(rule)) {
      complain(mark_of(node, "name"), "", escape(*missing, kMaxOctets));
    }
  }

  void read_name(const YamlNode& node, Rule& rule) {
    const YamlNode* const name = find_scalar(node, "name", "name");
    if (name == nullptr) {
      if (!has(node, "name")) {
        complain(node.mark, "name", "is missing: the record and the log call the rule by it; write name: NAME");
      }
      return;
    }
    if (const auto complaint = check_rule_name(name->text)) {
      complain(name->mark, "name", quote(name->text) + " " + *complaint);
      return;
    }
    label_ = "rule " + quote(name->text);
    rule.name = name->text;
    rule.place = place(name->mark);
    const auto [first, is_new] = names_.emplace(name->text, name->mark);
    if (!is_new) {
      complain(name->mark, "name",
               "is that of another rule, in " + describe(first->second, name->mark) + ": give each its own");
    }
  }

  /// "line 3", or "FILE, line 3" if that is another file.
  [[nodiscard]] std::string describe(const Mark& mark, const Mark& from) const {
    const std::string line = "line " + std::to_string(mark.line);
    return mark.file == from.file ? line : *findings_.files().name(mark.file) + ", " + line;
  }

  void check_keys(const YamlNode& node) {
    const auto known = rule_names();
    for (const YamlNode& key : node.keys) {
      if (key.kind != Kind::Scalar || is_among(known, key.text)) {
        continue;
      }
      const std::string name = escape(key.text, kMaxQuotedOctets);
      if (is_among(condition_names(), key.text)) {
        complain(key.mark, name, "is a condition, and stands in when: write when: {" + name + ": ...}");
      } else if (find_action(key.text) != nullptr) {
        complain(key.mark, name, "is an action, and stands in then: write then: " + name);
      } else if (const std::string meant = which_word(key.text, known); !meant.empty()) {
        complain(key.mark, name, "unknown key" + meant);
      } else if (const auto condition = as_condition(key.text)) {
        complain(key.mark, name, "is no key: write when: {" + *condition + "}");
      } else if (const auto owner = owner_of(key.text)) {
        complain(key.mark, name, "goes with an action: write then: {" + *owner + ": {" + name + ": ...}}");
      } else {
        complain(key.mark, name, "unknown key; known here: " + join(known, ", "));
      }
    }
  }

  // when

  /// The conditions of `when`.
  std::optional<Condition> read_when(const YamlNode& node) {
    if (node.kind == Kind::Map && node.keys.empty()) {
      Condition always;
      always.place = place(node.mark);
      return always;
    }
    return read_map(node, "when", 1);
  }

  /// Counts a condition; false, after a report, beyond a bound.
  bool admit(const Mark& mark, const std::string& path, std::size_t depth) {
    if (depth > policy::kMaxConditionDepth) {
      complain(mark, path,
               "nested deeper than " + std::to_string(policy::kMaxConditionDepth) +
                   " conditions: make rules of the parts, with tags");
      return false;
    }
    if (++conditions_ == policy::kMaxConditions + 1) {
      complain(mark, path,
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
    all.place = place(node.mark);
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      if (auto part = read_condition(node, i, path, depth + 1)) {
        all.parts.push_back(std::move(*part));
      }
    }
    return all;
  }

  bool is_map(const YamlNode& node, const std::string& path) {
    const auto refuse = [&](const std::string& what) {
      complain(node.mark, path, what);
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
    is_right_ = false;
    return false;
  }

  /// The condition of the key number `i` of the map.
  std::optional<Condition> read_condition(const YamlNode& map, std::size_t i, const std::string& path,
                                          std::size_t depth) {
    const YamlNode& key = map.keys[i];
    const YamlNode& value = map.items[i];
    if (key.kind != Kind::Scalar || value.kind == Kind::Unusable) {
      is_right_ = false;
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
      complain(key.mark, below, "has no value: write one, or remove the key");
      return std::nullopt;
    }
    if (!admit(key.mark, below, depth)) {
      return std::nullopt;
    }
    Condition condition;
    condition.place = place(key.mark);
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
      complain(key.mark, path, "stands beside when, not in it: mind the indentation and the braces");
    } else if (const std::string meant = which_word(key.text, known); !meant.empty()) {
      complain(key.mark, path, "unknown condition" + meant);
    } else if (const auto condition = as_condition(key.text)) {
      complain(key.mark, path, "is no condition: write " + *condition);
    } else if (find_action(key.text) != nullptr) {
      complain(key.mark, path, "is an action: it stands in then");
    } else {
      complain(key.mark, path, "unknown condition; there are " + join(known, " and "));
    }
  }

  void read_joined(Condition& condition, const std::string& word, const YamlNode& value, const std::string& path,
                   std::size_t depth) {
    if (word == "not") {
      condition.kind = Condition::Kind::Not;
      if (value.kind == Kind::List) {
        complain(value.mark, path, "must be a map, not a list: write not: {any: [...]} or not: {all: [...]}");
      } else if (auto part = read_map(value, path, depth + 1)) {
        condition.parts.push_back(std::move(*part));
      }
      return;
    }
    condition.kind = word == "any" ? Condition::Kind::Any : Condition::Kind::All;
    if (value.kind != Kind::List) {
      complain(value.mark, path, "must be a list of maps, such as " + word + ": [{spf: pass}, {dkim: pass}]");
      return;
    }
    if (value.items.empty()) {
      complain(value.mark, path, "is an empty list: write conditions into it, or remove it");
    }
    for (const YamlNode& item : value.items) {
      if (conditions_ > policy::kMaxConditions || findings_.is_full()) {
        return;
      }
      if (auto part = read_map(item, path, depth + 1)) {
        condition.parts.push_back(std::move(*part));
      }
    }
  }

  void read_values(Condition& condition, const YamlNode& value, const std::string& path) {
    if (value.kind == Kind::List && value.items.empty()) {
      complain(value.mark, path, "is an empty list, which no message fits: write a value into it, or remove the key");
      return;
    }
    const std::string key = label_ + ": " + path;
    const std::size_t before = findings_.size();
    switch (policy::info(condition.fact).form) {
      case Form::Names: {
        const bool is_text = condition.fact == Fact::Helo || condition.fact == Fact::ListId;
        policy::NameList names;
        read_names(findings_, key, value, is_text ? NameKind::Text : NameKind::Domain, names);
        condition.values = std::move(names);
        break;
      }
      case Form::Networks: {
        policy::NetworkList networks;
        read_networks(findings_, key, value, networks);
        condition.values = std::move(networks);
        break;
      }
      case Form::Addresses: {
        policy::AddressList addresses;
        for (const YamlNode* const element : elements_of(findings_, key, value)) {
          if (const auto complaint = check_recipient(element->text)) {
            complain(element->mark, path, quote(element->text) + " " + *complaint);
          }
          addresses.addresses.push_back(to_lower(element->text));
        }
        condition.values = std::move(addresses);
        break;
      }
      case Form::Flag:
        if (value.kind != Kind::Scalar || (value.text != "true" && value.text != "false")) {
          complain(value.mark, path, "must be true or false");
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
    is_right_ = is_right_ && findings_.size() == before;
  }

  policy::WordList read_words(Fact fact, const YamlNode& value, const std::string& key, const std::string& path) {
    const auto known = policy::words_of(fact);
    const bool may_be_flag = policy::info(fact).form == Form::FlagOrWords;
    policy::WordList words;
    for (const YamlNode* const element : elements_of(findings_, key, value)) {
      const std::string& word = element->text;
      if (may_be_flag && (word == "true" || word == "false")) {
        complain(element->mark, path, "true and false stand alone, not in a list");
      } else if (fact == Fact::ArcClaims) {
        if (const auto complaint = check_claim(word)) {
          complain(element->mark, path, quote(word) + " " + *complaint);
        }
      } else if (!known.empty() && !is_among(known, word)) {
        const std::string meant = which_word(word, known);
        // The reasons are too many to list.
        constexpr std::size_t kMostListed = 12;
        const std::string all = known.size() > kMostListed ? "a reason that any method gives"
                                                           : (may_be_flag ? "true, false, " : "") + join(known, " or ");
        complain(element->mark, path, quote(word) + " is not " + all + meant);
      } else if (word.empty() || word.size() > kMaxWordOctets ||
                 std::any_of(word.begin(), word.end(), [](char c) { return is_control(c); })) {
        complain(element->mark, path,
                 quote(word) + " must have 1 to " + std::to_string(kMaxWordOctets) +
                     " characters, none of them a control character");
      }
      words.words.push_back(word);
    }
    return words;
  }

  // then

  /// The first action that has such a parameter.
  static std::optional<std::string> owner_of(const std::string& parameter) {
    for (const ActionKey& action : action_keys()) {
      if (is_among(names_of(action.parameters), parameter)) {
        return action.key.key;
      }
    }
    return std::nullopt;
  }

  void read_then(const YamlNode& node, policy::Then& then) {
    if (node.kind == Kind::Scalar) {
      if (const ActionKey* const action = find_action_at(node)) {
        const YamlNode nothing{.kind = Kind::Map, .mark = node.mark, .text = {}, .keys = {}, .items = {}};
        read_action(*action, node.mark, nothing, then);
      }
      return;
    }
    if (node.kind == Kind::List) {
      complain(node.mark, "then", "must be one action, not a list: make a rule with continue of what goes on");
      return;
    }
    if (node.keys.empty()) {
      complain(node.mark, "then", "names no action: write then: ACTION, such as then: accept");
      return;
    }
    if (node.keys.size() > 1) {
      complain_several(node);
      return;
    }
    const YamlNode& word = node.keys.front();
    const YamlNode& parameters = node.items.front();
    if (word.kind != Kind::Scalar || parameters.kind == Kind::Unusable) {
      is_right_ = false;
      return;
    }
    const ActionKey* const action = find_action_at(word);
    if (action == nullptr) {
      return;
    }
    if (parameters.kind == Kind::Map) {
      read_action(*action, word.mark, parameters, then);
    } else if (parameters.kind == Kind::Null) {
      complain(word.mark, "then." + action->key.key, "has no value: write then: " + action->key.key);
    } else {
      complain(parameters.mark, "then." + action->key.key,
               "must be a map, such as then: " + (action->parameters.empty() ? action->key.key : action->key.example));
    }
  }

  /// Keys of `then` beside each other, of which there may be one.
  void complain_several(const YamlNode& node) {
    const auto is_action = [](const YamlNode& key) { return find_action(key.text) != nullptr; };
    const auto first = std::find_if(node.keys.begin(), node.keys.end(), is_action);
    for (const YamlNode& key : node.keys) {
      const std::string name = escape(key.text, kMaxQuotedOctets);
      if (key.kind != Kind::Scalar || &key == &*first) {
        continue;
      }
      if (is_action(key)) {
        complain(key.mark, "then." + name, "a rule has one action: " + first->text + " stands here, too");
        return;
      }
      if (first != node.keys.end() && is_among(names_of(find_action(first->text)->parameters), key.text)) {
        complain(key.mark, "then." + name,
                 "stands in the map of its action: write then: {" + first->text + ": {" + name + ": ...}}");
        return;
      }
    }
    complain(node.mark, "then",
             "must be one action, or {ACTION: {...}}, such as then: " + action_keys()[1].key.example);
  }

  const ActionKey* find_action_at(const YamlNode& node) {
    const ActionKey* const action = find_action(node.text);
    if (action == nullptr) {
      const auto words = action_words();
      if (const auto owner = owner_of(node.text)) {
        complain(node.mark, "then",
                 quote(node.text) + " goes with an action: write then: {" + *owner + ": {" + node.text + ": ...}}");
      } else {
        complain(node.mark, "then", quote(node.text) + " is not " + join(words, " or ") + which_word(node.text, words));
      }
    }
    return action;
  }

  void read_action(const ActionKey& action, const Mark& mark, const YamlNode& map, policy::Then& then) {
    const std::string path = "then." + action.key.key;
    check_parameters(action, map, path);
    then.action = action.action;
    if (action.action == Action::Discard && !rules_.allow_discard) {
      complain(mark, "then",
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
      if (const YamlNode* const tag = find_scalar(map, "tag", path + ".tag")) {
        take(*tag, path + ".tag", check_tag, then.tag);
      }
      if (!has(map, "tag") && !has(map, "name") && !has(map, "value")) {
        complain(mark, "then",
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
      if (owner_of(key.text)) {
        std::vector<std::string> owners;
        for (const ActionKey& other : action_keys()) {
          if (is_among(names_of(other.parameters), key.text)) {
            owners.push_back(other.key.key);
          }
        }
        complain(key.mark, name, "goes with " + join(owners, " or ") + ", not with " + action.key.key);
      } else if (is_among(rule_names(), key.text)) {
        complain(key.mark, name, "stands beside then, not in it: mind the indentation and the braces");
      } else if (known.empty()) {
        complain(key.mark, name, "unknown key; " + action.key.key + " takes none: write then: " + action.key.key);
      } else {
        const std::string meant = which_word(key.text, known);
        complain(key.mark, name, "unknown key" + (meant.empty() ? "; known here: " + join(known, ", ") : meant));
      }
    }
  }

  /// Sets `target` to a text that `check` does not refuse.
  void take(const YamlNode& node, const std::string& path, Complaint (*check)(std::string_view), std::string& target) {
    if (const auto complaint = check(node.text)) {
      complain(node.mark, path, quote(node.text) + " " + *complaint);
    } else {
      target = node.text;
    }
  }

  void read_reply(const ActionKey& action, const YamlNode& map, const std::string& path, policy::ReplyTemplate& reply) {
    if (const YamlNode* const code = find_scalar(map, "code", path + ".code")) {
      const char wanted = action.action == Action::TempFail ? '4' : '5';
      auto parsed = parse_code(code->text, wanted);
      if (parsed) {
        reply = std::move(*parsed);
      } else {
        complain(code->mark, path + ".code", quote(code->text) + " " + parsed.error().what);
      }
    }
    if (const YamlNode* const text = find_scalar(map, "text", path + ".text")) {
      take(*text, path + ".text", check_reply_text, reply.text);
    }
  }

  /// What is not said is as policy.quarantine has it.
  void read_quarantine(const YamlNode& map, const std::string& path, policy::Then& then) {
    policy::Quarantine quarantine = rules_.quarantine;
    if (const YamlNode* const how = find_scalar(map, "how", path + ".how")) {
      constexpr std::array<std::pair<const char*, QuarantineHow>, 4> kHow{{{"header", QuarantineHow::Header},
                                                                           {"hold", QuarantineHow::Hold},
                                                                           {"reject", QuarantineHow::Reject},
                                                                           {"redirect", QuarantineHow::Redirect}}};
      const auto* const found =
          std::find_if(kHow.begin(), kHow.end(), [how](const auto& pair) { return how->text == pair.first; });
      if (found == kHow.end()) {
        const std::vector<std::string> words{"header", "hold", "reject", "redirect"};
        complain(how->mark, path + ".how",
                 quote(how->text) + " is not " + join(words, " or ") + which_word(how->text, words));
        return;
      }
      quarantine.how = found->second;
    }
    // Each parameter with the one way that it goes with.
    const std::array<std::pair<const char*, QuarantineHow>, 5> kParameters{{{"name", QuarantineHow::Header},
                                                                            {"value", QuarantineHow::Header},
                                                                            {"to", QuarantineHow::Redirect},
                                                                            {"text", QuarantineHow::Reject},
                                                                            {"code", QuarantineHow::Reject}}};
    for (const auto& [key, how] : kParameters) {
      if (has(map, key) && quarantine.how != how) {
        complain(mark_of(map, key), path + "." + key,
                 std::string("goes with how: ") + to_string(how) + " alone: remove it, or change how");
      }
    }
    if (const YamlNode* const name = find_scalar(map, "name", path + ".name")) {
      take(*name, path + ".name", check_field_name, quarantine.name);
    }
    if (const YamlNode* const value = find_scalar(map, "value", path + ".value")) {
      take(*value, path + ".value", check_field_value, quarantine.value);
    }
    if (const YamlNode* const to = find_scalar(map, "to", path + ".to")) {
      take(*to, path + ".to", check_address, quarantine.to);
    }
    if (quarantine.how == QuarantineHow::Redirect && quarantine.to.empty() && !has(map, "to")) {
      complain(mark_of(map, "how"), path + ".to", "is needed for how: redirect: write the address, to: ADDRESS");
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
    const YamlNode* const name = find_scalar(map, "name", path + ".name");
    const YamlNode* const value = find_scalar(map, "value", path + ".value");
    const bool is_required = action.action.has_value() || has(map, "name") || has(map, "value");
    for (const char* const key : {"name", "value"}) {
      if (is_required && !has(map, key)) {
        complain(
            mark, path + "." + key,
            "is missing: a field has both, such as then: {" + action.key.key + ": {name: X-Partner, value: \"yes\"}}");
      }
    }
    if (name != nullptr && value != nullptr) {
      take(*name, path + ".name", check_field_name, field.name);
      take(*value, path + ".value", check_field_value, field.value);
      then.header = std::move(field);
    }
  }

  static Mark mark_of(const YamlNode& map, const std::string& key) {
    const auto found =
        std::find_if(map.keys.begin(), map.keys.end(), [&key](const YamlNode& name) { return name.text == key; });
    return found != map.keys.end() ? found->mark : map.mark;
  }

  // The rest

  bool read_flag(const YamlNode& map, const std::string& key) {
    const YamlNode* const node = find_scalar(map, key, key);
    if (node != nullptr && node->text != "true" && node->text != "false") {
      complain(node->mark, key, quote(node->text) + " is not true or false");
    }
    return node != nullptr && node->text == "true";
  }

  void read_expires(const YamlNode& map, Rule& rule) {
    if (const YamlNode* const node = find_scalar(map, "expires", "expires")) {
      if (auto time = parse_last_day(node->text)) {
        rule.expires = *time;
      } else {
        complain(node->mark, "expires", quote(node->text) + " " + time.error().what);
      }
    }
  }

  void read_comment(const YamlNode& map, Rule& rule) {
    const YamlNode* const node = find_scalar(map, "comment", "comment");
    if (node == nullptr) {
      return;
    }
    const std::string_view text = trim_fws(node->text);
    if (text.empty() || text.size() > kMaxCommentOctets) {
      complain(node->mark, "comment", "must have 1 to " + std::to_string(kMaxCommentOctets) + " octets");
    } else if (std::any_of(text.begin(), text.end(), [](char c) { return is_control(c); }) || !is_utf8(text)) {
      complain(node->mark, "comment", "must be one line of text");
    } else {
      rule.comment = text;
    }
  }

  Findings& findings_;
  Rules& rules_;
  std::size_t number_ = 0;      ///< Of the rule, from 1.
  std::string label_;           ///< What messages call it.
  bool is_right_ = true;        ///< Nothing about the rule was reported.
  std::size_t conditions_ = 0;  ///< Of the rule.
  std::unordered_map<std::string, Mark> names_;
};

}  // namespace

void read_rules(Findings& findings, const YamlNode& list, policy::Rules& rules) {
  RuleReader(findings, rules).read(list);
}

}  // namespace assay::config
