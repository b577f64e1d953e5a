#include "config/reference.h"

#include <cstddef>
#include <string_view>
#include <vector>

#include "config/form_words.h"
#include "config/options.h"
#include "config/rule_keys.h"
#include "config/suggest.h"

namespace assay::config {
namespace {

constexpr std::size_t kColumns = 80;

/// One key as it is explained.
struct Entry {
  std::string path;      ///< "dns.timeout"
  std::string written;   ///< "TIME, 10ms to 60s"; empty for a map.
  std::string fallback;  ///< "5s"; empty without a fixed default.
  std::string about;
  std::string example{};  ///< Of a key of a rule.
};

Entry rule_entry(const std::string& prefix, const RuleKey& key) {
  std::string written;
  for (const std::string& word : key.words) {
    written += (written.empty() ? "" : " | ") + word;
  }
  return {prefix + key.key, written, "", key.about, key.example};
}

/// The keys of a rule, below the list of them.
void add_rule_entries(const std::string& prefix, std::vector<Entry>& entries) {
  for (const RuleKey& key : rule_keys()) {
    entries.push_back(rule_entry(prefix, key));
    const std::string below = prefix + key.key + ".";
    if (key.key == "when") {
      for (const ConditionKey& condition : condition_keys()) {
        entries.push_back(rule_entry(below, condition.key));
      }
      for (const RuleKey& joining : joining_keys()) {
        entries.push_back(rule_entry(below, joining));
      }
    }
    if (key.key == "then") {
      for (const ActionKey& action : action_keys()) {
        entries.push_back(rule_entry(below, action.key));
        for (const RuleKey& parameter : action.parameters) {
          entries.push_back(rule_entry(below + action.key.key + ".", parameter));
        }
      }
    }
  }
}

void add_entries(const std::vector<Option>& table, const Settings& defaults, const std::string& prefix,
                 std::vector<Entry>& entries) {
  for (const Option& option : table) {
    Entry entry{prefix + option.key, written(option.form), "", option.about};
    if (const std::string range = bounds(option.form); !range.empty()) {
      entry.written += ", " + range;
    }
    if (option.print && option.sample.empty()) {
      entry.fallback = option.print(defaults).value_or("");
    }
    entries.push_back(std::move(entry));
    add_entries(option.form.keys(), defaults, prefix + option.key + ".", entries);
    if (prefix + option.key == "policy.rules") {
      add_rule_entries("policy.rules.", entries);
    }
  }
}

std::vector<Entry> all_entries() {
  std::vector<Entry> entries;
  add_entries(options(), default_settings(""), "", entries);
  return entries;
}

void add_lines(const std::string& paragraph, const std::string& first, const std::string& others, std::string& text) {
  const std::string* indent = &first;
  for (const std::string& line : wrap(paragraph, kColumns - others.size())) {
    text += *indent + line + "\n";
    indent = &others;
  }
}

bool is_at_or_below(std::string_view path, std::string_view top) {
  return path.substr(0, top.size()) == top && (path.size() == top.size() || path[top.size()] == '.');
}

/// A text as roff takes it, in quotes or not: no hyphen becomes another sign, no line is a request.
std::string roff(std::string_view text) {
  std::string escaped = !text.empty() && (text.front() == '.' || text.front() == '\'') ? "\\&" : "";
  for (const char c : text) {
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else if (c == '"') {
      escaped += "\\(dq";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::string reference_text(const std::optional<std::string>& path) {
  std::string text;
  for (const Entry& entry : all_entries()) {
    if (path && !is_at_or_below(entry.path, *path)) {
      continue;
    }
    text += text.empty() ? "" : "\n";
    add_lines(entry.path + ":" + (entry.written.empty() ? "" : " " + entry.written), "", "        ", text);
    add_lines(entry.about, "    ", "    ", text);
    text += entry.fallback.empty() ? "" : "    Default: " + entry.fallback + "\n";
    text += entry.example.empty() ? "" : "    Example: " + entry.example + "\n";
  }
  return text;
}

std::string reference_man() {
  std::string text =
      ".TH ASSAY.YAML 5 \"\" assay\n"
      ".SH NAME\n"
      "assay.yaml \\- configuration of assayd\n"
      ".SH DESCRIPTION\n"
      "A YAML file, usually\n"
      ".IR /etc/assay/assay.yaml .\n"
      "Every key has a default, so that an empty file is valid.\n"
      "A dot below stands for a level:\n"
      ".B dns.timeout\n"
      "is the key\n"
      ".B timeout\n"
      "in the map\n"
      ".BR dns .\n"
      ".PP\n"
      "A TIME carries its unit (ms, s, m, h), so does a SIZE (B, KiB, MiB, GiB).\n"
      "A MODE is a 0 and three octal digits.\n"
      "Lists are written [a, b], or one \"\\- a\" a line.\n"
      ".SH OPTIONS\n";
  for (const Entry& entry : all_entries()) {
    text += ".TP\n.BR " + roff(entry.path) + (entry.written.empty() ? "" : " \": " + roff(entry.written) + "\"") + "\n";
    for (const std::string& line : wrap(entry.about, kColumns)) {
      text += roff(line) + "\n";
    }
    text += entry.fallback.empty() ? "" : ".br\nDefault: " + roff(entry.fallback) + "\n";
    text += entry.example.empty() ? "" : ".br\nExample: " + roff(entry.example) + "\n";
  }
  return text + ".SH SEE ALSO\n.BR \"assay config check\" ,\n.B assay config example\n";
}

std::optional<std::string> suggest_path(const std::string& path) {
  std::vector<std::string> known;
  for (const Entry& entry : all_entries()) {
    known.push_back(entry.path);
  }
  return suggest(path, known);
}

}  // namespace assay::config
