#include "cli/policy_cases.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "cli/input.h"
#include "cli/judge.h"
#include "config/files.h"
#include "config/reader.h"
#include "config/wording.h"
#include "policy/decision.h"
#include "verify/base/ip_address.h"

namespace assay::cli {
namespace {

using config::Findings;
using config::Mark;
using config::Section;
using config::YamlNode;

/// How the values of an expectation are written.
enum class ExpectForm : std::uint8_t {
  Action,   ///< A word of policy::Action.
  MayDo,    ///< That, or none.
  HowWord,  ///< A word of policy::QuarantineHow, or none.
  Code,     ///< A reply code, or none.
  Text,     ///< Any one value; none for nothing.
  Texts,    ///< Any list; none for an empty one.
};

struct ExpectKey {
  const char* key;
  ExpectForm form;
};

constexpr std::array<ExpectKey, 13> kExpectKeys{{
    {"action", ExpectForm::Action},
    {"rule", ExpectForm::Text},
    {"would", ExpectForm::MayDo},
    {"would_rule", ExpectForm::Text},
    {"quarantine", ExpectForm::HowWord},
    {"code", ExpectForm::Code},
    {"text", ExpectForm::Text},
    {"tags", ExpectForm::Texts},
    {"headers", ExpectForm::Texts},
    {"observed", ExpectForm::Texts},
    {"undecided", ExpectForm::Texts},
    {"indirect", ExpectForm::Texts},
    {"override", ExpectForm::Text},
}};

template <class Enum>
std::vector<std::string> names_up_to(Enum last) {
  std::vector<std::string> names;
  for (unsigned value = 0; value <= static_cast<unsigned>(last); ++value) {
    names.emplace_back(to_string(static_cast<Enum>(value)));
  }
  return names;
}

/// The words that values of that form are taken from; empty where any will do.
std::vector<std::string> words_of(ExpectForm form) {
  switch (form) {
    case ExpectForm::Action: return names_up_to(policy::Action::Discard);
    case ExpectForm::MayDo: {
      auto names = names_up_to(policy::Action::Discard);
      names.emplace_back("none");
      return names;
    }
    case ExpectForm::HowWord: {
      auto names = names_up_to(policy::QuarantineHow::Redirect);
      names.emplace_back("none");
      return names;
    }
    case ExpectForm::Code:
    case ExpectForm::Text:
    case ExpectForm::Texts: break;
  }
  return {};
}

bool is_reply_code(std::string_view text) {
  int code = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, code);
  return error == std::errc() && stopped == end && code >= 400 && code <= 599;
}

/// "2026-12-31" for the first second of that day, else as --now.
std::optional<Time> parse_time(const std::string& text) {
  constexpr std::size_t kDateOctets = 10;
  const bool is_date = text.size() == kDateOctets && text[4] == '-';
  const auto time = parse_now(is_date ? text + "T00:00:00Z" : text);
  return time ? std::optional(*time) : std::nullopt;
}

class CasesReader {
 public:
  CasesReader(Findings& findings, const std::string& file)
      : findings_(findings), folder_(std::filesystem::path(file).parent_path()) {
    out_.file = file;
  }

  PolicyCases read(const YamlNode& root) {
    if (root.kind == YamlNode::Kind::List) {
      read_list(root);
    } else if (root.kind == YamlNode::Kind::Map) {
      Section file(findings_, root);
      out_.config = path(file, "config");
      zones_ = paths(file, "zone");
      time_ = time(file);
      const YamlNode* const cases = file.find("cases");
      file.finish();
      if (cases == nullptr) {
        if (!file.is_given("cases")) {
          findings_.add(root.mark, "there is no key \"cases\": write the list of cases below it");
        }
      } else if (cases->kind != YamlNode::Kind::List) {
        file.complain("cases", cases->mark, kWantsList);
      } else {
        read_list(*cases);
      }
    } else {
      findings_.add(root.mark, kWantsList);
    }
    return std::move(out_);
  }

 private:
  static constexpr const char* kWantsList =
      "must be a list of cases, such as - {name: a forgery, facts: {from_domain: example.com, dmarc: fail}, expect: "
      "{action: reject}}";

  void read_list(const YamlNode& list) {
    if (list.items.empty()) {
      findings_.add(list.mark, "holds no case");
    }
    for (const YamlNode& item : list.items) {
      if (findings_.is_full()) {
        return;
      }
      if (out_.cases.size() == kMaxPolicyCases) {
        findings_.add(item.mark, "holds more than " + std::to_string(kMaxPolicyCases) + " cases: split the file");
        return;
      }
      if (item.kind == YamlNode::Kind::Map) {
        read_case(item);
      } else if (item.kind != YamlNode::Kind::Unusable) {
        findings_.add(item.mark, "a case is a map with name, facts or message, and expect");
      }
    }
  }

  void read_case(const YamlNode& node) {
    Section section(findings_, node);
    PolicyCase one;
    one.mark = node.mark;
    read_name(section, one);
    one.time = time(section);
    if (!one.time) {
      one.time = time_;
    }
    const YamlNode* const facts = section.find("facts");
    const bool has_message = section.is_given("message");
    if (section.is_given("facts") == has_message) {
      findings_.add(node.mark, has_message ? "a case has facts or a message, not both: remove one"
                                           : "a case needs facts, or a message");
    }
    if (facts != nullptr) {
      Section stated = section.section_of("facts", facts);
      one.given = read_facts(stated);
      stated.finish();
    }
    // Known in either kind of case, so that a key of the wrong one is told apart from a misspelt one.
    MessageGiven given = read_message(section);
    if (has_message) {
      one.given = std::move(given);
    } else {
      refuse_connection(section);
    }
    read_expect(section, one);
    section.finish();
    out_.cases.push_back(std::move(one));
  }

  void read_name(Section& section, PolicyCase& one) {
    const auto name = scalar(section, "name");
    if (!name) {
      if (!section.is_given("name")) {
        findings_.add(one.mark, "a case needs a name: what it is about, in a few words");
      }
      return;
    }
    one.name = name->text;
    const auto [first, is_new] = lines_.emplace(one.name, name->mark.line);
    if (!is_new) {
      section.complain(
          "name", name->mark,
          "the case in line " + std::to_string(first->second) + " has this name already: give each its own");
    }
  }

  /// The connection of a message, under the names that the facts have. In a case with facts they stand there.
  static constexpr std::array<const char*, 9> kConnection{"zone", "client_ip",     "client_name", "helo", "mail_from",
                                                          "rcpt", "authenticated", "tls",         "local"};

  void refuse_connection(Section& section) {
    for (const char* const key : kConnection) {
      if (section.is_given(key)) {
        section.complain(key, section.mark_of(key),
                         std::string_view(key) == "zone" ? "answers DNS for a message: there is none in this case"
                                                         : "belongs below facts in a case without a message");
      }
    }
  }

  MessageGiven read_message(Section& section) {
    MessageGiven given;
    given.message = path(section, "message").value_or("");
    given.zones = section.is_given("zone") ? paths(section, "zone") : zones_;
    if (!section.is_given("zone")) {
      (void)section.find("zone");
    }
    std::vector<std::string> rcpt;
    for (const YamlNode* const node : scalars(section, "rcpt")) {
      rcpt.push_back(node->text);
    }
    const YamlNode* const helo = scalar(section, "helo");
    const YamlNode* const mail_from = scalar(section, "mail_from");
    given.facts = envelope_facts(helo != nullptr ? helo->text : "",
                                 mail_from != nullptr ? std::optional(mail_from->text) : std::nullopt, rcpt);
    if (const YamlNode* const ip = scalar(section, "client_ip")) {
      const auto parsed = IpAddress::parse(ip->text);
      if (parsed) {
        given.facts.client_ip = *parsed;
      } else {
        section.complain("client_ip", ip->mark,
                         config::quote(ip->text) + " is not an address such as 192.0.2.1: " + parsed.error().what);
      }
    }
    given.facts.client_name = text_of(section, "client_name");
    given.facts.authenticated = text_of(section, "authenticated");
    given.facts.tls = text_of(section, "tls");
    section.choice<bool, bool>("local", given.facts.local, {{"true", true}, {"false", false}});
    return given;
  }

  void read_expect(Section& section, PolicyCase& one) {
    const YamlNode* const node = section.find("expect");
    if (node == nullptr) {
      if (!section.is_given("expect")) {
        findings_.add(one.mark, "a case needs expect, such as expect: {action: reject, rule: own-domain}");
      }
      return;
    }
    Section expect = section.section_of("expect", node);
    for (const auto& [key, form] : kExpectKeys) {
      read_expectation(expect, key, form, one.expect);
    }
    expect.finish();
    if (one.expect.empty() && node->kind == YamlNode::Kind::Map && node->items.empty()) {
      section.complain("expect", node->mark, "expects nothing: write at least one of action, rule, would");
    }
  }

  void read_expectation(Section& expect, const char* key, ExpectForm form, std::vector<Expectation>& out) {
    const auto values = scalars(expect, key);
    if (!expect.is_given(key)) {
      return;
    }
    if (values.size() > 1 && form != ExpectForm::Texts) {
      expect.complain(key, values[1]->mark, "must be one value, not a list");
      return;
    }
    Expectation expectation{key, {}, expect.mark_of(key)};
    const auto words = words_of(form);
    for (const YamlNode* const value : values) {
      if (!words.empty() && std::find(words.begin(), words.end(), value->text) == words.end()) {
        expect.complain(key, value->mark, unknown_word(value->text, words));
      }
      if (form == ExpectForm::Code && value->text != "none" && !is_reply_code(value->text)) {
        expect.complain(key, value->mark, config::quote(value->text) + " is no reply code such as 550 or 451, or none");
      }
      if (value->text != "none") {
        expectation.wanted.push_back(value->text);
      }
      expectation.mark = values.front()->mark;
    }
    out.push_back(std::move(expectation));
  }

  // ---- values ---------------------------------------------------------------------------------------------------

  const YamlNode* scalar(Section& section, const char* key) {
    const YamlNode* const node = section.find(key);
    if (node != nullptr && node->kind != YamlNode::Kind::Scalar) {
      section.complain(key, node->mark, "must be one value");
      return nullptr;
    }
    return node;
  }

  std::string text_of(Section& section, const char* key) {
    const YamlNode* const node = scalar(section, key);
    return node != nullptr ? node->text : std::string();
  }

  /// One value, or those of a list.
  std::vector<const YamlNode*> scalars(Section& section, const char* key) {
    const YamlNode* const node = section.find(key);
    if (node == nullptr) {
      return {};
    }
    if (node->kind == YamlNode::Kind::Scalar) {
      return {node};
    }
    if (node->kind != YamlNode::Kind::List) {
      section.complain(key, node->mark, "must be one value, or a list of values");
      return {};
    }
    std::vector<const YamlNode*> values;
    for (const YamlNode& item : node->items) {
      if (item.kind == YamlNode::Kind::Scalar) {
        values.push_back(&item);
      } else if (item.kind != YamlNode::Kind::Unusable) {
        section.complain(key, item.mark, "an element of the list is not one value");
      }
    }
    return values;
  }

  [[nodiscard]] std::string resolve(const std::string& text) const { return (folder_ / text).string(); }

  std::optional<std::string> path(Section& section, const char* key) {
    const YamlNode* const node = scalar(section, key);
    if (node == nullptr) {
      return std::nullopt;
    }
    if (node->text.empty() || node->text == "-") {
      section.complain(key, node->mark, "is not the path of a file");
      return std::nullopt;
    }
    return resolve(node->text);
  }

  std::vector<std::string> paths(Section& section, const char* key) {
    std::vector<std::string> found;
    for (const YamlNode* const node : scalars(section, key)) {
      found.push_back(resolve(node->text));
    }
    return found;
  }

  std::optional<Time> time(Section& section) {
    const YamlNode* const node = scalar(section, "time");
    if (node == nullptr) {
      return std::nullopt;
    }
    const auto parsed = parse_time(node->text);
    if (!parsed) {
      section.complain("time", node->mark,
                       config::quote(node->text) + " is no time such as 2026-11-22T14:05:09Z or 2026-11-22");
    }
    return parsed;
  }

  Findings& findings_;
  std::filesystem::path folder_;
  PolicyCases out_;
  std::vector<std::string> zones_;
  std::optional<Time> time_;
  std::unordered_map<std::string, int> lines_;
};

}  // namespace

Parsed<PolicyCases, std::vector<config::Problem>> read_policy_cases(const std::string& text, const std::string& file) {
  const auto to_problems = [&file](std::vector<config::Finding> found) {
    std::vector<config::Problem> problems;
    problems.reserve(found.size());
    for (config::Finding& finding : found) {
      problems.push_back({file, finding.mark.line, finding.mark.column, std::move(finding.message)});
    }
    return failure(std::move(problems));
  };
  auto root = config::read_yaml(text);
  if (!root) {
    return to_problems(std::move(root.error()));
  }
  config::Files files(config::read_regular_file);
  files.add(file);
  Findings findings(files);
  config::report_repeated_keys(findings, *root);
  PolicyCases cases = CasesReader(findings, file).read(*root);
  if (!findings.empty()) {
    return to_problems(findings.take());
  }
  return cases;
}

}  // namespace assay::cli
