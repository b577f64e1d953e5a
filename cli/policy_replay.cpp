#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/change_count.h"
#include "cli/input.h"
#include "cli/paint.h"
#include "cli/progress.h"
#include "cli/record_files.h"
#include "cli/replay_report.h"
#include "cli/verbs.h"
#include "policy/decide.h"

namespace assay::cli {
namespace {

constexpr std::size_t kMaxExamples = 1000;  ///< Of each kind of change.

struct Options {
  std::string config;
  std::optional<std::string> against;
  std::vector<std::string> records;
  std::optional<std::string> max_change;
  std::optional<std::string> allow_incomplete;
  std::optional<std::string> examples;
  bool json = false;
};

/// The numbers among the options.
struct Limits {
  std::optional<std::uint64_t> max_change;
  std::uint64_t allow_incomplete = 0;
  std::uint64_t examples = 3;
};

/// nullopt after what is wrong with one was printed.
std::optional<Limits> read_limits(const Options& options) {
  Limits limits;
  const auto read = [](const char* option, const std::optional<std::string>& text, std::uint64_t most, auto& number) {
    if (!text) {
      return true;
    }
    const auto given = parse_count(option, *text, 0, most);
    if (given) {
      number = *given;
    } else {
      complain(given.error());
    }
    return given.has_value();
  };
  if (!read("--max-change", options.max_change, kMaxCount, limits.max_change) ||
      !read("--allow-incomplete", options.allow_incomplete, kMaxCount, limits.allow_incomplete) ||
      !read("--examples", options.examples, kMaxExamples, limits.examples)) {
    return std::nullopt;
  }
  return limits;
}

/// Decides as the daemon would have carried it out: what the MTA did not offer for the message then falls back again.
policy::Decision decide_again(const observe::Record& record, const policy::Rules& rules) {
  policy::Decision decision = policy::decide(record.verdict, record.facts, rules, record.time);
  if (decision.quarantine && record.decision.unavailable_form == decision.quarantine->how) {
    decision.quarantine->how = policy::QuarantineHow::Header;
  }
  return decision;
}

/// Decides the messages of decision records again. One core, one record at a time.
class Replay {
 public:
  Replay(const Options& options, std::size_t examples, policy::Rules after, std::optional<policy::Rules> before)
      : after_(std::move(after)),
        before_(std::move(before)),
        files_(options.records),
        report_{options.config, options.against, after_.mode == policy::Mode::Monitor, ChangeCount(examples), {}, 0} {
    files_.must_be_decided_by(after_);
    if (before_) {
      files_.must_be_decided_by(*before_);
    }
  }

  [[nodiscard]] ReplayReport& run() {
    report_.lines = files_.read([this](const observe::Record& record) { take(record); });
    return report_;
  }

 private:
  void take(const observe::Record& record) {
    // A policy is asked as it would have been then: rules that have expired since count, those that had do not.
    if (before_) {
      decide(fate_before_, record, *before_);
    } else {
      set_recorded_fate(fate_before_, record.decision);
    }
    decide(fate_after_, record, after_);
    report_.changes.add(record, fate_before_, fate_after_, observed_);
  }

  /// Of monitor mode only the action is told that enforce mode takes, so that this is asked, too.
  void decide(Fate& fate, const observe::Record& record, policy::Rules& rules) {
    policy::Decision decision = decide_again(record, rules);
    if (rules.mode == policy::Mode::Monitor) {
      rules.mode = policy::Mode::Enforce;
      set_fate(fate, decision, decide_again(record, rules));
      rules.mode = policy::Mode::Monitor;
    } else {
      set_fate(fate, decision, decision);
    }
    observed_ = std::move(decision.observed);
  }

  policy::Rules after_;
  std::optional<policy::Rules> before_;
  RecordFiles files_;
  ReplayReport report_;
  Fate fate_before_;
  Fate fate_after_;
  std::vector<policy::Observed> observed_;  ///< By the policy asked last.
};

int run_replay(const Options& options) {
  if (std::count(options.records.begin(), options.records.end(), "-") + (options.config == "-" ? 1 : 0) > 1) {
    return complain("standard input (-) can be given once");
  }
  const auto limits = read_limits(options);
  if (!limits) {
    return kExitUsage;
  }
  auto after = load_rules(options.config);
  std::optional<policy::Rules> before;
  if (options.against) {
    before = load_rules(*options.against);
  }
  if (!after || (options.against && !before)) {
    return kExitUsage;
  }
  const auto start = std::chrono::steady_clock::now();
  Replay replay(options, limits->examples, *std::move(after), std::move(before));
  ReplayReport& report = replay.run();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  // Nothing was compared: that must not pass for "nothing changes".
  const bool is_blank = report.changes.messages() + report.lines.local == 0;
  if (options.json) {
    std::cout << to_json(report) << '\n';
  } else if (!is_blank || not_replayable(report.lines) != 0) {
    std::cout << to_text(report, Paint(wants_colour()));
  }
  if (!report.lines.is_whole) {
    return kExitUsage;
  }
  if (is_blank && report.lines.redacted != 0) {
    return complain(
        "no record that could be decided: the policy asks for recipients or logins that log.redact left out");
  }
  if (is_blank) {
    return complain("no decision record that could be decided; assayd writes them with log: {format: json}");
  }
  if (limits->max_change && change_to_judge(report) > *limits->max_change) {
    std::cerr << "assay: " << with_commas(change_to_judge(report)) << " messages change, more than --max-change "
              << with_commas(*limits->max_change) << '\n';
    return kExitFound;
  }
  // What could not be judged must not pass for "no change".
  if (limits->max_change && report.lines.files_without != 0) {
    return complain("--max-change: no line is a record in " + std::to_string(report.lines.files_without) +
                    " of the files");
  }
  if (limits->max_change && left_unjudged(report) > limits->allow_incomplete) {
    return complain("--max-change: " + with_commas(left_unjudged(report)) +
                    " records could not be judged, more than --allow-incomplete " +
                    with_commas(limits->allow_incomplete));
  }
  return kExitDone;
}

}  // namespace

void add_policy_replay(CLI::App& policy, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* const verb = policy.add_subcommand(
      "replay", "Decides past messages again by a new configuration, and tells what would change.");
  verb->group(kVerbs);
  verb->add_option("RECORDS", options->records,
                   "Decision records as assayd logs them (log.format: json), one a line; files may be compressed by "
                   "gzip; - for standard input.")
      ->type_name("")
      ->required();
  verb->add_option("--config", options->config, "The new configuration.")->type_name("FILE")->required();
  verb->add_option("--against", options->against,
                   "Compare with what this configuration decides. Without it: with what was done, as recorded.")
      ->type_name("FILE");
  verb->add_option("--max-change", options->max_change, "Exit with 1 if more messages than this change.")
      ->type_name("N");
  verb->add_option("--allow-incomplete", options->allow_incomplete,
                   "With --max-change: the records that may be left unjudged; 0 without it.")
      ->type_name("N");
  verb->add_option("--examples", options->examples, "Messages named for each kind of change; 3 without it.")
      ->type_name("N");
  verb->add_flag("--json", options->json, "Print one JSON object.");
  verb->footer(
      "Messages are asked about as they were: what DNS said then, rules that expire by\n"
      "the time of each message. Local and authenticated mail is counted, not decided.\n"
      "What assayd refused by itself (internal_error, forged_results, mta) cannot be\n"
      "replayed, and is counted by its reason.\n"
      "In monitor mode what happens and what enforce mode does are told apart;\n"
      "--max-change counts the greater of both.\n\n"
      "Exit status: 0 done; 1 more than --max-change messages change; 2 usage, a file\n"
      "that cannot be read to its end, no record at all, or, with --max-change, more\n"
      "than could be judged: broken records, what cannot be replayed, files without any.\n\n"
      "Example:\n"
      "  assay policy replay --config new.yaml /var/log/assay/records.json*");
  verb->callback([options, &run] { run = [options] { return run_replay(*options); }; });
}

}  // namespace assay::cli
