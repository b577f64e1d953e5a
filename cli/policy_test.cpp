#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/input.h"
#include "cli/judge.h"
#include "cli/paint.h"
#include "cli/policy_cases.h"
#include "cli/policy_run.h"
#include "cli/verbs.h"
#include "config/node.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchema = 1;
/// Rules whose conditions are told of one failing case.
constexpr std::size_t kMaxToldRules = 20;

struct Options {
  std::vector<std::string> files;
  std::optional<std::string> config;
  std::optional<std::string> filter;
  bool json = false;
};

/// One configuration, its cases run so far, and the rules that some case matched.
struct Tested {
  std::unique_ptr<CaseRunner> runner;
  std::set<std::string> matched;
  std::set<std::string> asked;
};

/// What was read and what came out, in the order of the command line. The cases must stay where they are: the results
/// point at them.
struct Report {
  std::vector<PolicyCases> files;
  /// By path; the empty one stands for the defaults.
  std::map<std::string, Tested> tested;
  struct Line {
    const PolicyCases* file;
    std::string config;  ///< As in `tested`.
    CaseResult result;
  };
  std::vector<Line> lines;
  std::size_t failed = 0;
  bool is_filtered = false;
};

std::string place(const std::string& file, const config::Mark& mark) {
  return file + ':' + std::to_string(mark.line) + ':' + std::to_string(mark.column);
}

/// The files of cases; what is wrong with them goes to standard error.
std::optional<std::vector<PolicyCases>> read_files(const std::vector<std::string>& paths) {
  std::vector<PolicyCases> files;
  bool is_sound = true;
  for (const std::string& path : paths) {
    const auto text = read_file(path, config::kMaxConfigOctets);
    if (!text) {
      complain(text.error());
      is_sound = false;
      continue;
    }
    auto cases = read_policy_cases(*text, path);
    if (cases) {
      files.push_back(*std::move(cases));
      continue;
    }
    is_sound = false;
    for (const config::Problem& problem : cases.error()) {
      std::cerr << escape(config::to_string(problem)) << '\n';
    }
  }
  return is_sound ? std::optional(std::move(files)) : std::nullopt;
}

/// Loads each configuration that a file of cases is about; what is wrong with one goes to standard error.
bool load_configurations(const Options& options, Report& report) {
  bool is_sound = true;
  const Time now = current_time();
  for (PolicyCases& file : report.files) {
    if (options.config) {
      file.config = *options.config;
    }
    const std::string key = file.config.value_or("");
    if (report.tested.count(key) != 0) {
      continue;
    }
    Tested& tested = report.tested[key];
    const auto settings =
        file.config ? config::load_file(*file.config, host_name()) : config::load_text("", "", host_name());
    if (settings) {
      tested.runner = std::make_unique<CaseRunner>(*settings, now);
      continue;
    }
    is_sound = false;
    for (const config::Problem& problem : settings.error()) {
      std::cerr << escape(config::to_string(problem)) << '\n';
    }
  }
  return is_sound;
}

/// Runs the cases that the filter lets through. False if a file that one needs cannot be read, which is then told.
bool run_cases(const Options& options, Report& report) {
  bool is_sound = true;
  for (const PolicyCases& file : report.files) {
    const std::string key = file.config.value_or("");
    Tested& tested = report.tested[key];
    for (const PolicyCase& one : file.cases) {
      if (options.filter && one.name.find(*options.filter) == std::string::npos) {
        continue;
      }
      auto result = tested.runner->run(one);
      if (!result) {
        complain(place(file.file, one.mark) + ": " + result.error());
        is_sound = false;
        continue;
      }
      for (const TracedRule& rule : result->trace) {
        if (!rule.expired) {
          tested.asked.insert(rule.rule);
        }
        if (rule.truth == policy::Truth::True) {
          tested.matched.insert(rule.rule);
        }
      }
      report.failed += result->mismatches.empty() ? 0U : 1U;
      report.lines.push_back({&file, key, *std::move(result)});
    }
  }
  return is_sound;
}

/// A rule that no case matched, so that nobody knows what it does.
struct Untested {
  std::string config;
  std::string rule;
  int line = 0;
  bool was_asked = false;
};

std::vector<Untested> find_untested(const Report& report) {
  std::vector<Untested> untested;
  for (const auto& [config, tested] : report.tested) {
    for (const policy::Rule& rule : tested.runner->settings().policy.own) {
      if (tested.matched.count(rule.name) == 0) {
        const std::string file = rule.place.file ? *rule.place.file : config;
        untested.push_back({file, rule.name, rule.place.line, tested.asked.count(rule.name) != 0});
      }
    }
  }
  return untested;
}

// ---- text -----------------------------------------------------------------------------------------------------------

std::string join(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    text += (text.empty() ? "" : ", ") + value;
  }
  return text.empty() ? "none" : text;
}

const char* verdict_of(const TracedRule& rule) {
  if (rule.expired) {
    return "expired";
  }
  switch (rule.truth) {
    case policy::Truth::True: return "matches";
    case policy::Truth::Unknown: return "unknown";
    case policy::Truth::False: return "no match";
  }
  return "";
}

/// Which rules were asked, and what each condition said.
std::string told_trace(const CaseResult& result) {
  std::string text;
  std::size_t told = 0;
  for (const TracedRule& rule : result.trace) {
    if (++told > kMaxToldRules) {
      text += "          ... and " + std::to_string(result.trace.size() - kMaxToldRules) + " more rules\n";
      break;
    }
    text += "          rule " + escape(rule.rule) + ": " + verdict_of(rule);
    for (const std::string& line : rule.lines) {
      text += (rule.lines.size() == 1 ? ": " : "\n            ") + escape(line, 4096);
    }
    text += '\n';
  }
  const bool decided_here = std::any_of(result.trace.begin(), result.trace.end(), [&result](const TracedRule& rule) {
    return rule.rule == result.decision.rule;
  });
  if (!decided_here) {
    text += "          then " + escape(result.decision.rule) + '\n';
  }
  return text;
}

std::string told(const Report::Line& line, const Paint& paint) {
  const PolicyCase& one = *line.result.one;
  if (line.result.mismatches.empty()) {
    return "  " + paint.good("ok") + "    " + escape(one.name) + '\n';
  }
  std::string text = "  " + paint.bad("FAIL") + "  " + paint.bold(escape(one.name)) + '\n';
  for (const Mismatch& mismatch : line.result.mismatches) {
    text += "        " + escape(place(line.file->file, mismatch.expected->mark)) + ": " + mismatch.expected->key +
            ": expected " + escape(join(mismatch.expected->wanted)) + ", seen " + escape(join(mismatch.seen));
    text += mismatch.hint.empty() ? "\n" : "; " + escape(mismatch.hint) + '\n';
  }
  return text + told_trace(line.result);
}

void print_text(const Report& report) {
  const Paint paint(wants_colour());
  const PolicyCases* file = nullptr;
  for (const Report::Line& line : report.lines) {
    if (line.file != file) {
      file = line.file;
      std::cout << paint.bold(escape(file->file)) << ": "
                << (file->config ? escape(*file->config) : "no configuration named, so that the defaults are tested")
                << '\n';
    }
    std::cout << told(line, paint);
  }
  const std::size_t count = report.lines.size();
  std::cout << count << (count == 1 ? " case, " : " cases, ") << count - report.failed << " passed, " << report.failed
            << " failed\n";
  if (report.is_filtered) {
    return;
  }
  for (const Untested& rule : find_untested(report)) {
    std::cout << paint.doubtful("warning") << ": " << escape(rule.config) << ':' << rule.line
              << ": no case matches rule " << escape(rule.rule) << (rule.was_asked ? "" : ", and none gets that far")
              << '\n';
  }
}

// ---- JSON -----------------------------------------------------------------------------------------------------------

Json strings(const std::vector<std::string>& values) {
  Json list = Json::array();
  for (const std::string& value : values) {
    list.push_back(escape(value));
  }
  return list;
}

Json trace_json(const std::vector<TracedRule>& trace) {
  Json list = Json::array();
  for (const TracedRule& rule : trace) {
    Json lines = Json::array();
    for (const std::string& line : rule.lines) {
      lines.push_back(escape(line, 4096));
    }
    list.push_back({{"rule", escape(rule.rule)},
                    {"result", rule.expired ? "expired" : to_string(rule.truth)},
                    {"conditions", std::move(lines)}});
  }
  return list;
}

Json case_json(const Report::Line& line) {
  const CaseResult& result = line.result;
  Json mismatches = Json::array();
  for (const Mismatch& mismatch : result.mismatches) {
    mismatches.push_back({{"key", mismatch.expected->key},
                          {"line", mismatch.expected->mark.line},
                          {"column", mismatch.expected->mark.column},
                          {"expected", strings(mismatch.expected->wanted)},
                          {"seen", strings(mismatch.seen)},
                          {"hint", mismatch.hint.empty() ? Json(nullptr) : Json(escape(mismatch.hint))}});
  }
  Json seen = {{"action", to_string(result.decision.action)}, {"rule", escape(result.decision.rule)}};
  seen["would"] = result.decision.would ? Json(to_string(*result.decision.would)) : Json(nullptr);
  return {
      {"file", escape(line.file->file)},   {"line", result.one->mark.line},
      {"column", result.one->mark.column}, {"config", line.config.empty() ? Json(nullptr) : Json(escape(line.config))},
      {"name", escape(result.one->name)},  {"passed", result.mismatches.empty()},
      {"decision", std::move(seen)},       {"mismatches", std::move(mismatches)},
      {"rules", trace_json(result.trace)}};
}

void print_json(const Report& report) {
  Json cases = Json::array();
  for (const Report::Line& line : report.lines) {
    cases.push_back(case_json(line));
  }
  Json untested = Json::array();
  if (!report.is_filtered) {
    for (const Untested& rule : find_untested(report)) {
      untested.push_back({{"config", escape(rule.config)},
                          {"line", rule.line},
                          {"rule", escape(rule.rule)},
                          {"asked", rule.was_asked}});
    }
  }
  const Json object = {{"schema", kSchema},
                       {"cases", std::move(cases)},
                       {"passed", report.lines.size() - report.failed},
                       {"failed", report.failed},
                       {"untested_rules", std::move(untested)}};
  std::cout << object.dump() << '\n';
}

int run_test(const Options& options) {
  Report report;
  report.is_filtered = options.filter.has_value();
  auto files = read_files(options.files);
  if (!files) {
    return kExitUsage;
  }
  report.files = *std::move(files);
  if (!load_configurations(options, report) || !run_cases(options, report)) {
    return kExitUsage;
  }
  if (report.lines.empty()) {
    return complain("no case has \"" + options.filter.value_or("") + "\" in its name");
  }
  if (options.json) {
    print_json(report);
  } else {
    print_text(report);
  }
  return report.failed == 0 ? kExitDone : kExitFound;
}

}  // namespace

void add_policy_test(CLI::App& policy, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* const verb = policy.add_subcommand(
      "test",
      "Runs cases against a configuration: each states what is known of a message, or names one, and what shall become "
      "of it. Tells of each that fares otherwise which rules were asked, and what each condition said.");
  verb->group(kVerbs);
  verb->add_option("CASES", options->files, "YAML file of cases.")->type_name("")->required();
  verb->add_option("--config", options->config,
                   "Configuration of assayd to test, in place of the one that the files name (config: FILE). Without "
                   "either the defaults are tested.")
      ->type_name("FILE");
  verb->add_option("--filter", options->filter, "Run only the cases whose name contains this text.")->type_name("TEXT");
  verb->add_flag("--json", options->json, "Print one JSON object.");
  verb->footer(
      "A file is a list of cases, or a map with config: FILE and cases: [...]. Paths in\n"
      "it are relative to its folder. docs/policy-test.md tells all of it.\n\n"
      "Exit status: 0 every case passes; 1 one does not; 2 usage, or a file that cannot\n"
      "be read or is not valid.\n\n"
      "Example:\n  assay policy test --config /etc/assay/assay.yaml /etc/assay/cases.yaml");
  verb->callback([options, &run] { run = [options] { return run_test(*options); }; });
}

}  // namespace assay::cli
