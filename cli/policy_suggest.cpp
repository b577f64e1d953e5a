#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/input.h"
#include "cli/paint.h"
#include "cli/record_files.h"
#include "cli/suggest_report.h"
#include "cli/verbs.h"
#include "config/load.h"
#include "policy/decide.h"
#include "policy/indirect.h"
#include "policy/streams.h"
#include "policy/suggest.h"

namespace assay::cli {
namespace {

using policy::Action;
using policy::Suggestion;

/// Readings of the records to try the rules: again after some were taken back.
constexpr int kMaxTrials = 4;

struct Options {
  std::optional<std::string> config;
  std::vector<std::string> records;
  std::optional<std::string> min;
  std::uint64_t min_messages = 10;  ///< `min` as a number.
  std::optional<std::string> now;
  bool json = false;
};

/// Whether a rule may ask about the message and change its fate: what passes DMARC, or has no policy, is let in anyway.
bool may_be_refused(const observe::Record& record) {
  const dmarc::Status status = record.verdict.dmarc.status;
  return !record.verdict.exceeded && status != dmarc::Status::Pass && status != dmarc::Status::None;
}

class Suggester {
 public:
  Suggester(const Options& options, policy::Rules rules, Time now) : rules_(std::move(rules)), files_(options.records) {
    // What happens when the policy is in force is the question, also while it is only watched.
    rules_.mode = policy::Mode::Enforce;
    suggest_options_.min_messages = options.min_messages;
    suggest_options_.now = now;
    for (const policy::Rule& rule : rules_.own) {
      suggest_options_.taken.insert(rule.name);
    }
    report_.min_messages = options.min_messages;
    files_.must_be_decided_by(rules_);
  }

  const SuggestReport& run() {
    report_.lines = files_.read([this](const observe::Record& record) { count(record); });
    report_.dropped = streams_.dropped_messages();
    report_.suggestions = policy::suggest(streams_, suggest_options_);
    for (int reading = 0; reading < kMaxTrials; ++reading) {
      const std::vector<policy::Rule> rules = load_suggested();
      if (rules.empty() || !files_.can_read_again() || try_rules(rules)) {
        return report_;
      }
    }
    for (Suggestion& each : report_.suggestions.list) {
      if (each.rule) {
        take_back(each, "too many others were taken back, which changes what it lets in");
      }
    }
    return report_;
  }

 private:
  void count(const observe::Record& record) {
    report_.span = report_.span ? std::pair(std::min(report_.span->first, record.time),
                                            std::max(report_.span->second, record.time))
                                : std::pair(record.time, record.time);
    streams_.add_context(record.verdict, record.facts);
    if (record.verdict.dmarc.status != dmarc::Status::Fail || record.verdict.exceeded) {
      ++report_.passing;
      return;
    }
    const auto evidence = policy::find_indirect(record.verdict, record.facts);
    const policy::Decision decision = policy::decide(record.verdict, record.facts, evidence, rules_, record.time);
    if (suggest_options_.taken.contains(decision.rule)) {
      ++report_.by_own_rule;
    } else if (decision.action == Action::Accept) {
      ++report_.let_in;
    } else if (!record.verdict.other_authors.empty()) {
      ++report_.several_authors;
    } else {
      streams_.add_failure(record.verdict, record.facts, evidence, record.time, record.decision.action);
    }
  }

  /// The suggested rules as a configuration would hold them, without observe. One that does not load is taken back.
  std::vector<policy::Rule> load_suggested() {
    std::vector<policy::Rule> rules;
    for (Suggestion& each : report_.suggestions.list) {
      if (!each.rule) {
        continue;
      }
      policy::Suggestions alone;
      alone.list.push_back(each);
      const auto loaded = config::load_text(to_yaml(alone), "(suggested)", "localhost");
      if (!loaded || loaded->policy.own.size() != 1) {
        take_back(each, "a rule for it cannot be written as configuration");
        continue;
      }
      rules.push_back(loaded->policy.own.front());
      rules.back().observe = false;
    }
    return rules;
  }

  static void take_back(Suggestion& each, const std::string& why) {
    each.rule.reset();
    each.covered = 0;
    each.sealer.clear();
    each.reason += "; no rule, since " + why;
  }

  /// Decides the records again with the rules behind the present ones. A rule that lets in anything but its own stream,
  /// or too little of that, is taken back; false if one was, since the rules behind it may find more then.
  bool try_rules(const std::vector<policy::Rule>& rules) {
    policy::Rules with = rules_;
    with.own.insert(with.own.end(), rules.begin(), rules.end());
    struct Found {
      std::uint64_t inside = 0;
      std::uint64_t outside = 0;
    };
    std::map<std::string, Found> found;
    std::map<std::string, Suggestion*> by_rule;
    for (Suggestion& each : report_.suggestions.list) {
      if (each.rule) {
        by_rule.emplace(each.rule->name, &each);
      }
    }
    const LineCounts again = files_.read([&](const observe::Record& record) {
      if (!may_be_refused(record)) {
        return;
      }
      const policy::Decision after = policy::decide(record.verdict, record.facts, with, record.time);
      const auto suggestion = by_rule.find(after.rule);
      if (suggestion == by_rule.end() ||
          policy::decide(record.verdict, record.facts, rules_, record.time).action == after.action) {
        return;
      }
      const bool is_inside = record.verdict.other_authors.empty() &&
                             record.verdict.dmarc.status == dmarc::Status::Fail &&
                             policy::belongs(*suggestion->second, record.verdict, record.facts);
      ++(is_inside ? found[after.rule].inside : found[after.rule].outside);
    });
    report_.is_checked = again.is_whole && again.records == report_.lines.records;
    bool are_all_good = true;
    for (const auto& [name, each] : by_rule) {
      const Found& counts = found[name];
      if (counts.outside != 0) {
        take_back(*each, "it would also let in " + std::to_string(counts.outside) + " messages of other streams");
        are_all_good = false;
      } else if (counts.inside * 100 < each->evidence.messages * policy::kMinCoverage) {
        take_back(*each, "it would let in no more than " + std::to_string(counts.inside) + " of them");
        are_all_good = false;
      } else {
        each->covered = counts.inside;
      }
    }
    return are_all_good;
  }

  policy::Rules rules_;
  RecordFiles files_;
  policy::SuggestOptions suggest_options_;
  policy::Streams streams_;
  SuggestReport report_;
};

int run_suggest(Options options) {
  if (std::count(options.records.begin(), options.records.end(), "-") + (options.config == "-" ? 1 : 0) > 1) {
    return complain("standard input (-) can be given once");
  }
  if (options.min) {
    const auto given = parse_count("--min", *options.min, 1, kMaxCount);
    if (!given) {
      return complain(given.error());
    }
    options.min_messages = *given;
  }
  Time now = current_time();
  if (options.now) {
    const auto given = parse_now(*options.now);
    if (!given) {
      return complain(given.error());
    }
    now = *given;
  }
  auto rules = options.config ? load_rules(*options.config) : std::optional(policy::Rules{});
  if (!rules) {
    return kExitUsage;
  }
  Suggester suggester(options, *std::move(rules), now);
  const SuggestReport& report = suggester.run();
  // Nothing was looked at: that must not pass for "nothing to suggest".
  const bool is_blank = report.lines.records + report.lines.local == 0;
  if (options.json) {
    std::cout << to_json(report) << '\n';
  } else if (!is_blank) {
    std::cout << to_text(report, Paint(wants_colour()));
  }
  if (!report.lines.is_whole) {
    return kExitUsage;
  }
  if (is_blank) {
    return complain("no decision record that could be read; assayd writes them with log: {format: json}");
  }
  return report.rules() == 0 ? kExitDone : kExitFound;
}

}  // namespace

void add_policy_suggest(CLI::App& policy, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* const verb = policy.add_subcommand(
      "suggest", "Tells forwarders, lists and broken senders from forgers in past messages, and suggests rules.");
  verb->group(kVerbs);
  verb->add_option("RECORDS", options->records,
                   "Decision records as assayd logs them (log.format: json), one a line; files may be compressed by "
                   "gzip; - for standard input. A week of them is a good start.")
      ->type_name("")
      ->required();
  verb->add_option("--config", options->config,
                   "The configuration in force: what it lets in, or decides by a rule, needs no other rule.")
      ->type_name("FILE");
  verb->add_option("--min", options->min, "Leave out streams of fewer messages; 10 without it.")->type_name("N");
  verb->add_option("--now", options->now, "The time from which the rules last 90 days; the clock's without it.")
      ->type_name("UNIX|RFC3339");
  verb->add_flag("--json", options->json, "Print one JSON object.");
  verb->footer(
      "Every rule names what its sender cannot make up, is only observed at first, and\n"
      "was tried over the records, unless they come from a pipe.\n\n"
      "Exit status: 0 nothing to suggest; 1 there are rules to suggest; 2 usage, a file\n"
      "that cannot be read to its end, or no record at all.\n\n"
      "Example:\n"
      "  assay policy suggest --config /etc/assay/assay.yaml /var/log/assay/records.json*");
  verb->callback([options, &run] { run = [options] { return run_suggest(*options); }; });
}

}  // namespace assay::cli
