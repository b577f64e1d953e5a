#include "cli/replay_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cli/progress.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

using policy::Action;
using Json = nlohmann::ordered_json;

constexpr std::size_t kCountColumns = 13;
constexpr std::size_t kChangeColumns = 26;

Action action(std::size_t index) {
  return static_cast<Action>(index);
}

/// A kind of change that there was.
struct Change {
  Outcome before;
  Outcome after;
  Difference difference;
  std::uint64_t messages;
};

std::vector<Change> list_changes(const Transitions& transitions) {
  std::vector<Change> changes;
  for (std::size_t before = 0; before < kOutcomes; ++before) {
    for (std::size_t after = 0; after < kOutcomes; ++after) {
      for (std::size_t difference = 1; difference < kDifferences; ++difference) {
        if (const std::uint64_t messages = transitions[before][after][difference]; messages != 0) {
          changes.push_back({static_cast<Outcome>(before), static_cast<Outcome>(after),
                             static_cast<Difference>(difference), messages});
        }
      }
    }
  }
  return changes;
}

std::string words(const Change& change) {
  switch (change.difference) {
    case Difference::Address: return std::string(to_string(change.after)) + " to another address";
    case Difference::Fields: return std::string(to_string(change.after)) + " with other fields";
    case Difference::None:
    case Difference::Outcome: break;
  }
  return std::string(to_string(change.before)) + " -> " + to_string(change.after);
}

std::string padded(const std::string& text, std::size_t columns) {
  return text + std::string(columns > text.size() ? columns - text.size() : 0, ' ');
}

std::string number(std::uint64_t value) {
  const std::string digits = with_commas(value);
  return std::string(kCountColumns > digits.size() ? kCountColumns - digits.size() : 0, ' ') + digits;
}

std::string number(const HeavyHitters::Hit& hit) {
  return number(hit.count) + (hit.over == 0 ? "" : " (at most " + with_commas(hit.over) + " too many)");
}

std::string words(const Example& example) {
  std::string text = example.queue_id.empty() ? "(no queue id)" : escape(example.queue_id);
  text += "  " + observe::to_rfc3339(example.time);
  text += "  " + (example.domain.empty() ? "(no author domain)" : escape(example.domain));
  text += "  " + escape(example.rule_before) + " -> " + escape(example.rule_after);
  if (!example.detail_before.empty()) {
    text += "  (" + escape(example.detail_before) + " -> " + escape(example.detail_after) + ')';
  }
  return text;
}

/// What is unchanged, then each change; the numbers stand below each other.
void add_changes(std::string& out, const Transitions& transitions, std::uint64_t unchanged, std::uint64_t other_rule,
                 const ChangeCount* examples) {
  const std::vector<Change> changes = list_changes(transitions);
  std::size_t columns = kChangeColumns;
  for (const Change& change : changes) {
    columns = std::max(columns, words(change).size());
  }
  out += "  " + padded("unchanged", columns) + number(unchanged);
  if (other_rule != 0) {
    out += "  (" + with_commas(other_rule) + " by another rule)";
  }
  out += '\n';
  for (const Change& change : changes) {
    out += "  " + padded(words(change), columns) + number(change.messages) + '\n';
    if (examples == nullptr) {
      continue;
    }
    for (const Example& example : examples->examples(change.before, change.after, change.difference)) {
      out += "      " + words(example) + '\n';
    }
  }
}

void add_hits(std::string& out, const char* title, const HeavyHitters& hitters, const Paint& paint) {
  const auto hits = hitters.top(kListed);
  if (hits.empty()) {
    return;
  }
  out += '\n' + paint.bold(title) + '\n';
  for (const HeavyHitters::Hit& hit : hits) {
    out += number(hit) + "  " + (hit.name.empty() ? "(no author domain)" : escape(hit.name)) + '\n';
  }
}

void add_observed(std::string& out, const ChangeCount& changes, const Paint& paint) {
  if (changes.observed().empty()) {
    return;
  }
  out += '\n' + paint.bold("Observed rules, which do nothing yet") + '\n';
  for (const auto& [rule, count] : changes.observed()) {
    out += number(count.matched) + "  " + escape(rule) + ": would";
    const char* separator = " ";
    for (std::size_t i = 0; i < kActions; ++i) {
      if (count.actions[i] != 0) {
        out += separator + std::string(to_string(action(i))) + ' ' + with_commas(count.actions[i]);
        separator = ", ";
      }
    }
    out += "; " + with_commas(count.differs) + " of them otherwise than now\n";
  }
}

Json hits_json(const HeavyHitters& hitters, const char* name) {
  Json list = Json::array();
  for (const HeavyHitters::Hit& hit : hitters.top(kListed)) {
    list.push_back({{name, escape(hit.name)}, {"messages", hit.count}, {"over", hit.over}});
  }
  return list;
}

Json word_or_null(const char* word) {
  return word == nullptr ? Json(nullptr) : Json(word);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(escape(text));
}

Json changes_json(const Transitions& transitions, const ChangeCount* examples) {
  Json list = Json::array();
  for (const Change& change : list_changes(transitions)) {
    Json entry{{"before", to_string(action_of(change.before))},
               {"after", to_string(action_of(change.after))},
               {"quarantine_before", word_or_null(form_of(change.before))},
               {"quarantine_after", word_or_null(form_of(change.after))},
               {"differs", to_string(change.difference)},
               {"messages", change.messages}};
    if (examples != nullptr) {
      entry["examples"] = Json::array();
      for (const Example& example : examples->examples(change.before, change.after, change.difference)) {
        entry["examples"].push_back({{"queue_id", escape(example.queue_id)},
                                     {"time", observe::to_rfc3339(example.time)},
                                     {"domain", example.domain.empty() ? Json(nullptr) : Json(escape(example.domain))},
                                     {"rule_before", escape(example.rule_before)},
                                     {"rule_after", escape(example.rule_after)},
                                     {"detail_before", text_or_null(example.detail_before)},
                                     {"detail_after", text_or_null(example.detail_after)}});
      }
    }
    list.push_back(std::move(entry));
  }
  return list;
}

Json beside_policy_json(const LineCounts& lines) {
  Json object = Json::object();
  for (std::size_t i = 0; i < policy::kBesidePolicy.size(); ++i) {
    object[std::string(policy::kBesidePolicy.at(i))] = lines.beside_policy.at(i);
  }
  return object;
}

Json actions_json(const Transitions& transitions) {
  Json object = Json::object();
  for (std::size_t before = 0; before < kOutcomes; ++before) {
    for (std::size_t after = 0; after < kOutcomes; ++after) {
      const auto& cells = transitions[before][after];
      const std::uint64_t messages = std::accumulate(cells.begin(), cells.end(), std::uint64_t{0});
      if (messages != 0) {
        Json& count = object[to_string(action_of(static_cast<Outcome>(before)))]
                            [to_string(action_of(static_cast<Outcome>(after)))];
        count = (count.is_null() ? 0 : count.get<std::uint64_t>()) + messages;
      }
    }
  }
  return object;
}

}  // namespace

std::uint64_t change_to_judge(const ReplayReport& report) {
  return std::max(report.changes.changed(), report.changes.enforced_changed());
}

std::uint64_t left_unjudged(const ReplayReport& report) {
  return report.lines.incomplete + report.lines.redacted + report.lines.malformed + not_replayable(report.lines) +
         report.changes.unknown_form();
}

std::string to_text(const ReplayReport& report, const Paint& paint) {
  const ChangeCount& changes = report.changes;
  std::string out = paint.bold(with_commas(changes.messages()) + " messages decided again");
  if (const auto span = changes.span()) {
    out += ", " + observe::to_rfc3339(span->first) + " to " + observe::to_rfc3339(span->second);
  }
  out += "\n  by " + escape(report.new_name) + ", compared with " +
         (report.old_name ? escape(*report.old_name) : "what was done with them") + '\n';
  const auto add_left_out = [&out](std::uint64_t count, const std::string& what) {
    if (count != 0) {
      out += number(count) + "  " + what + '\n';
    }
  };
  const LineCounts& lines = report.lines;
  add_left_out(lines.local, "more of local or authenticated mail: no policy decides those");
  for (std::size_t i = 0; i < policy::kBesidePolicy.size(); ++i) {
    add_left_out(lines.beside_policy.at(i),
                 "not replayable: " + std::string(policy::kBesidePolicy.at(i)) + ", refused whatever the policy says");
  }
  add_left_out(lines.incomplete, "more left out: the record does not hold all that decides");
  add_left_out(lines.unlogged, "of them were not logged (log.sample): records that stand for them count so often");
  add_left_out(lines.redacted, "more left out: the policy asks for recipients or logins, which log.redact took away");
  add_left_out(lines.malformed, "malformed lines");
  add_left_out(lines.other_lines, "other lines, no records");

  out += '\n' + paint.bold("What happens to the messages") + '\n';
  if (report.is_new_monitor) {
    out += "  " + escape(report.new_name) + " is in monitor mode: it accepts everything.\n";
  }
  add_changes(out, changes.transitions(), changes.messages() - changes.changed(), changes.other_rule(), &changes);
  if (changes.enforced_transitions() != changes.transitions()) {
    out += '\n' + paint.bold("What enforce mode does, both before and after") + '\n';
    add_changes(out, changes.enforced_transitions(), changes.messages() - changes.enforced_changed(), 0, nullptr);
  }
  if (changes.unknown_form() != 0) {
    out +=
        "  " + with_commas(changes.unknown_form()) +
        " of the unchanged would be quarantined or get fields, in what form before is not recorded: --against knows.\n";
  }
  add_hits(out, "Rules of the changed messages", changes.rule_changes(), paint);
  add_hits(out, "Author domains of the changed messages", changes.domains(), paint);
  out += '\n' + paint.bold("What decides now") + '\n';
  for (const auto& [rule, count] : changes.rules()) {
    out += number(count.messages) + "  " + escape(rule);
    out += count.changed == 0 ? "\n" : ", " + with_commas(count.changed) + " of them changed\n";
  }
  add_observed(out, changes, paint);
  return out;
}

std::string to_json(const ReplayReport& report) {
  const ChangeCount& changes = report.changes;
  Json rules = Json::array();
  for (const auto& [rule, count] : changes.rules()) {
    rules.push_back({{"rule", escape(rule)}, {"messages", count.messages}, {"changed", count.changed}});
  }
  Json observed = Json::array();
  for (const auto& [rule, count] : changes.observed()) {
    Json would = Json::object();
    for (std::size_t i = 0; i < kActions; ++i) {
      if (count.actions[i] != 0) {
        would[to_string(action(i))] = count.actions[i];
      }
    }
    observed.push_back(
        {{"rule", escape(rule)}, {"matched", count.matched}, {"would", std::move(would)}, {"differs", count.differs}});
  }
  const auto span = changes.span();
  return Json{{"schema", 1},
              {"config", escape(report.new_name)},
              {"against", report.old_name ? Json(escape(*report.old_name)) : Json(nullptr)},
              {"whole", report.lines.is_whole},
              {"messages", changes.messages()},
              {"local", report.lines.local},
              {"not_replayable", beside_policy_json(report.lines)},
              {"incomplete", report.lines.incomplete},
              {"unlogged", report.lines.unlogged},
              {"redacted", report.lines.redacted},
              {"malformed", report.lines.malformed},
              {"other_lines", report.lines.other_lines},
              {"files_without", report.lines.files_without},
              {"first", span ? Json(observe::to_rfc3339(span->first)) : Json(nullptr)},
              {"last", span ? Json(observe::to_rfc3339(span->second)) : Json(nullptr)},
              {"changed", changes.changed()},
              {"changed_enforced", changes.enforced_changed()},
              {"other_rule", changes.other_rule()},
              {"unknown_form", changes.unknown_form()},
              {"changes", changes_json(changes.transitions(), &changes)},
              {"changes_enforced", changes_json(changes.enforced_transitions(), nullptr)},
              {"actions", actions_json(changes.transitions())},
              {"rules", std::move(rules)},
              {"rule_changes", hits_json(changes.rule_changes(), "rules")},
              {"domains", hits_json(changes.domains(), "domain")},
              {"observed", std::move(observed)},
              {"seconds", report.seconds}}
      .dump();
}

}  // namespace assay::cli
