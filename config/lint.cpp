#include "config/lint.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "config/read_names.h"
#include "verify/base/domain.h"
#include "verify/base/text.h"

namespace assay::config {
namespace {

using policy::Condition;
using policy::Fact;
using policy::LintFinding;
using policy::LintKind;
using policy::Place;

bool holds_domains(Fact fact) {
  return policy::info(fact).form == policy::Form::Names && fact != Fact::Helo && fact != Fact::ListId;
}

bool may_prove(Fact fact) {
  return fact == Fact::DkimDomain || fact == Fact::ArcSealer || fact == Fact::ClientName ||
         fact == Fact::MailFromDomain;
}

/// Collects the names of lists, those of their files included.
class NameCollector {
 public:
  NameCollector(const ReadFile& read, std::vector<ListedName>& names) : read_(read), names_(names) {}

  void add_condition(const Condition& condition, const policy::Rule& rule, bool is_negated) {
    const bool negates = condition.kind == Condition::Kind::Not;
    for (const Condition& part : condition.parts) {
      add_condition(part, rule, is_negated != negates);
    }
    if (condition.kind != Condition::Kind::Test || !holds_domains(condition.fact)) {
      return;
    }
    const auto* const list = std::get_if<policy::NameList>(&condition.values);
    if (list == nullptr) {
      return;
    }
    const bool is_proof =
        !is_negated && !rule.unproven && rule.then.action == policy::Action::Accept && may_prove(condition.fact);
    add_list(*list, condition.places.list,
             {{}, policy::info(condition.fact).key, condition.place, rule.name, is_proof, false});
  }

  void add_list(const policy::NameList& list, const std::vector<Place>& places, const ListedName& like) {
    for (std::size_t i = 0; i < list.written().size(); ++i) {
      ListedName name = like;
      name.text = list.written()[i];
      name.place = i < places.size() ? places[i] : like.place;
      if (name.text.starts_with('@')) {
        add_file(name.text.substr(1), like);
      } else {
        add(std::move(name));
      }
    }
  }

 private:
  void add(ListedName name) {
    if (names_.size() < kMaxListedNames) {
      names_.push_back(std::move(name));
    }
  }

  void add_file(const std::string& path, const ListedName& like) {
    const auto text = read_(path, kMaxNameFileOctets);
    if (!text || text->size() > kMaxNameFileOctets) {
      return;  // A problem of the loader's.
    }
    const auto file = std::make_shared<const std::string>(path);
    for (const ListLine& line : lines_of_list(*text)) {
      ListedName name = like;
      name.text = line.text;
      name.place = {file, line.number, line.column};
      name.is_in_file = true;
      add(std::move(name));
    }
  }

  const ReadFile& read_;
  std::vector<ListedName>& names_;
};

std::string file_of(const Place& place) {
  return place.file ? *place.file : std::string();
}

auto position(const Place& place) {
  return std::make_tuple(file_of(place), place.line, place.column);
}

/// One form for names that are the same.
std::string normal_form(const std::string& text) {
  const bool is_pattern = text.starts_with("*.");
  const auto domain = Domain::parse(is_pattern ? text.substr(2) : text);
  return domain ? (is_pattern ? "*." : "") + domain->str() : to_lower(text);
}

/// Names that stand twice in one file of names, or below a pattern of it. One file may serve several rules.
void lint_files(const std::vector<ListedName>& names, std::vector<LintFinding>& findings) {
  std::map<std::string, std::map<std::string, Place>> files;  // Of each file, the names and where they are first.
  std::set<std::tuple<std::string, int, int>> seen;
  // Names in the YAML itself are looked at with their rule.
  for (const ListedName& name : names) {
    if (name.is_in_file && seen.insert(position(name.place)).second) {
      const auto [first, is_new] = files[file_of(name.place)].emplace(normal_form(name.text), name.place);
      if (!is_new) {
        findings.push_back({LintKind::Duplicate,
                            name.place,
                            {},
                            name.text + " stands in this file before, in line " + std::to_string(first->second.line),
                            "Drop one of the two."});
      }
    }
  }
  for (const auto& [file, entries] : files) {
    for (const auto& [text, place] : entries) {
      std::string name = text.starts_with("*.") ? text.substr(2) : text;
      for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.')) {
        name.erase(0, dot + 1);
        const auto outer = entries.find("*." + name);
        if (outer != entries.end()) {
          std::string message = text + " is among the names of " + outer->first;
          message += " in line " + std::to_string(outer->second.line);
          findings.push_back({LintKind::Covered, place, {}, std::move(message), "Drop one of the two."});
          break;
        }
      }
    }
  }
}

std::vector<Place> elements_of(const Reading& reading, const std::string& key) {
  const auto found = reading.elements.find(key);
  return found != reading.elements.end() ? found->second : std::vector<Place>{};
}

void lint_local(const Reading& reading, std::vector<LintFinding>& findings) {
  const auto add = [&](const std::string& key, const std::vector<IpNetwork>& networks) {
    const auto places = elements_of(reading, key);
    if (places.size() != networks.size()) {
      return;  // The default, or with problems.
    }
    for (LintFinding& finding : policy::lint_networks(networks, places, {})) {
      finding.message = key + ": " + finding.message;
      findings.push_back(std::move(finding));
    }
  };
  add("local.networks", reading.settings.local.networks);
  add("local.trusted_authserv", reading.settings.local.trusted_authserv);
}

}  // namespace

std::vector<ListedName> domains_of(const Reading& reading, const ReadFile& read) {
  std::vector<ListedName> names;
  NameCollector collector(read, names);
  for (const policy::Rule& rule : reading.settings.policy.own) {
    collector.add_condition(rule.when, rule, false);
  }
  for (const auto& [key, list] : {std::pair("arc.trusted_sealers", &reading.settings.policy.trusted_sealers),
                                  std::pair("local.domains", &reading.settings.local.domains)}) {
    collector.add_list(*list, elements_of(reading, key), {{}, key, {}, {}, true, false});
  }
  return names;
}

std::vector<LintFinding> lint(const Reading& reading, const std::vector<ListedName>& names, Time now) {
  const Settings& settings = reading.settings;
  std::vector<LintFinding> findings =
      policy::lint(settings.policy, {now, settings.local.networks, settings.local.skip_authenticated});
  std::set<std::tuple<std::string, int, int>> unproven;
  for (const LintFinding& finding : findings) {
    if (finding.kind == LintKind::Unproven) {
      unproven.insert(position(finding.place));
    }
  }
  for (const Problem& problem : reading.problems) {
    const Place place{std::make_shared<const std::string>(problem.file), problem.line, problem.column};
    // The loader refuses these, too, at the same place.
    if (!unproven.contains(position(place))) {
      findings.push_back({LintKind::Problem, place, {}, problem.message, {}});
    }
  }
  lint_files(names, findings);
  lint_local(reading, findings);
  sort(findings);
  return findings;
}

void sort(std::vector<LintFinding>& findings) {
  std::stable_sort(findings.begin(), findings.end(),
                   [](const LintFinding& a, const LintFinding& b) { return position(a.place) < position(b.place); });
}

std::string to_string(const LintFinding& finding) {
  std::string text = file_of(finding.place);
  if (finding.place.line > 0) {
    text += ":" + std::to_string(finding.place.line) + ":" + std::to_string(finding.place.column);
  }
  const auto& kind = policy::info(finding.kind);
  text += kind.severity == policy::Severity::Error ? ": error: " : ": warning: ";
  if (!finding.rule.empty()) {
    text += "rule \"" + finding.rule + "\": ";
  }
  return text + finding.message + " [" + kind.word + "]";
}

}  // namespace assay::config
