#include "cli/replay_report.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

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

/// Calls `visit(before, after, messages)` for each pair of different actions that has any.
void for_each_change(const Transitions& transitions, const std::function<void(Action, Action, std::uint64_t)>& visit) {
  for (std::size_t before = 0; before < kActions; ++before) {
    for (std::size_t after = 0; after < kActions; ++after) {
      if (before != after && transitions[before][after] != 0) {
        visit(action(before), action(after), transitions[before][after]);
      }
    }
  }
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
  return text + "  " + escape(example.rule_before) + " -> " + escape(example.rule_after);
}

void add_changes(std::string& out, const Transitions& transitions, const ChangeCount* examples) {
  for_each_change(transitions, [&](Action before, Action after, std::uint64_t messages) {
    out += "  " + padded(std::string(to_string(before)) + " -> " + to_string(after), kChangeColumns) +
           number(messages) + '\n';
    if (examples == nullptr) {
      return;
    }
    for (const Example& example : examples->examples(before, after)) {
      out += "      " + words(example) + '\n';
    }
  });
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

Json changes_json(const Transitions& transitions, const ChangeCount* examples) {
  Json list = Json::array();
  for_each_change(transitions, [&](Action before, Action after, std::uint64_t messages) {
    Json entry{{"before", to_string(before)}, {"after", to_string(after)}, {"messages", messages}};
    if (examples != nullptr) {
      entry["examples"] = Json::array();
      for (const Example& example : examples->examples(before, after)) {
        entry["examples"].push_back({{"queue_id", escape(example.queue_id)},
                                     {"time", observe::to_rfc3339(example.time)},
                                     {"domain", example.domain.empty() ? Json(nullptr) : Json(escape(example.domain))},
                                     {"rule_before", escape(example.rule_before)},
                                     {"rule_after", escape(example.rule_after)}});
      }
    }
    list.push_back(std::move(entry));
  });
  return list;
}

Json actions_json(const Transitions& transitions) {
  Json object = Json::object();
  for (std::size_t before = 0; before < kActions; ++before) {
    for (std::size_t after = 0; after < kActions; ++after) {
      if (transitions[before][after] != 0) {
        object[to_string(action(before))][to_string(action(after))] = transitions[before][after];
      }
    }
  }
  return object;
}

}  // namespace

std::uint64_t change_to_judge(const ReplayReport& report) {
  return std::max(report.changes.changed(), report.changes.enforced_changed());
}

std::string to_text(const ReplayReport& report, const Paint& paint) {
  const ChangeCount& changes = report.changes;
  std::string out = paint.bold(with_commas(changes.messages()) + " messages decided again");
  if (const auto span = changes.span()) {
    out += ", " + observe::to_rfc3339(span->first) + " to " + observe::to_rfc3339(span->second);
  }
  out += "\n  by " + escape(report.new_name) + ", compared with " +
         (report.old_name ? escape(*report.old_name) : "what was done with them") + '\n';
  const auto add_left_out = [&out](std::uint64_t count, const char* what) {
    if (count != 0) {
      out += number(count) + "  " + what + '\n';
    }
  };
  add_left_out(report.local, "more of local or authenticated mail: no policy decides those");
  add_left_out(report.incomplete, "more left out: the record does not hold all that decides");
  add_left_out(report.malformed, "malformed lines");
  add_left_out(report.other_lines, "other lines, no records");

  out += '\n' + paint.bold("What happens to the messages") + '\n';
  if (report.is_new_monitor) {
    out += "  " + escape(report.new_name) + " is in monitor mode: it accepts everything.\n";
  }
  out += "  " + padded("unchanged", kChangeColumns) + number(changes.messages() - changes.changed());
  if (changes.other_rule() != 0) {
    out += "  (" + with_commas(changes.other_rule()) + " by another rule)";
  }
  out += '\n';
  add_changes(out, changes.transitions(), &changes);
  if (changes.enforced_transitions() != changes.transitions()) {
    out += '\n' + paint.bold("What enforce mode does, both before and after") + '\n';
    out += "  " + padded("unchanged", kChangeColumns) + number(changes.messages() - changes.enforced_changed()) + '\n';
    add_changes(out, changes.enforced_transitions(), nullptr);
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
              {"whole", report.is_whole},
              {"messages", changes.messages()},
              {"local", report.local},
              {"incomplete", report.incomplete},
              {"malformed", report.malformed},
              {"other_lines", report.other_lines},
              {"first", span ? Json(observe::to_rfc3339(span->first)) : Json(nullptr)},
              {"last", span ? Json(observe::to_rfc3339(span->second)) : Json(nullptr)},
              {"changed", changes.changed()},
              {"changed_enforced", changes.enforced_changed()},
              {"other_rule", changes.other_rule()},
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
