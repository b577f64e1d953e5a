#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "cli/change_count.h"
#include "cli/input.h"
#include "cli/paint.h"
#include "cli/progress.h"
#include "cli/replay_report.h"
#include "cli/verbs.h"
#include "config/load.h"
#include "observe/line_source.h"
#include "observe/record_reader.h"
#include "policy/decide.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

constexpr std::size_t kMaxConfigOctets = std::size_t{1} << 20U;
constexpr std::size_t kMaxExamples = 1000;  ///< Of each pair of actions.
/// Lines that are told one by one; the others are only counted.
constexpr std::uint64_t kMaxToldLines = 10;

struct Options {
  std::string config;
  std::optional<std::string> against;
  std::vector<std::string> records;
  std::optional<std::uint64_t> max_change;
  std::size_t examples = 3;
  bool json = false;
};

/// The policy of a configuration file and its drop-ins; nullopt after its problems were printed.
std::optional<policy::Rules> load_rules(const std::string& file) {
  const auto text = read_file(file, kMaxConfigOctets);
  if (!text) {
    complain(text.error());
    return std::nullopt;
  }
  auto loaded =
      file == "-" ? config::load_text(*text, file, host_name()) : config::load_with_drop_ins(*text, file, host_name());
  if (!loaded) {
    for (const config::Problem& problem : loaded.error()) {
      std::cerr << escape(config::to_string(problem)) << '\n';
    }
    return std::nullopt;
  }
  return std::move(loaded->policy);
}

/// Octets of all files; nullopt if one of them is no regular file. A pipe must not be opened twice.
std::optional<std::uint64_t> total_size(const std::vector<std::string>& files) {
  std::uint64_t total = 0;
  for (const std::string& file : files) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
      return std::nullopt;
    }
    total += std::filesystem::file_size(file, error);
    if (error) {
      return std::nullopt;
    }
  }
  return total;
}

/// Decides the messages of decision records again. One core, one record at a time.
class Replay {
 public:
  Replay(const Options& options, policy::Rules after, std::optional<policy::Rules> before)
      : after_(std::move(after)),
        before_(std::move(before)),
        progress_(total_size(options.records)),
        report_{options.config, options.against, after_.mode == policy::Mode::Monitor, ChangeCount(options.examples)} {}

  void read(const std::string& file) {
    observe::LineSource lines(file);
    std::uint64_t line_number = 0;
    while (const auto line = lines.next()) {
      ++line_number;
      take(*line, file, line_number);
      progress_.update(octets_before_ + lines.octets_read(), report_.changes.messages());
    }
    octets_before_ += lines.octets_read();
    if (!lines.error().empty()) {
      report_.is_whole = false;
      progress_.clear();
      complain(lines.error() +
               (line_number == 0 ? std::string() : "; the " + std::to_string(line_number) + " lines before it count"));
    }
  }

  [[nodiscard]] ReplayReport& report() {
    progress_.clear();
    return report_;
  }

 private:
  void take(std::string_view line, const std::string& file, std::uint64_t line_number) {
    switch (reader_.read(line, record_)) {
      case observe::Line::Record: break;
      case observe::Line::Incomplete:
        if (!record_.facts.local) {
          ++report_.incomplete;
          tell(file, line_number, "incomplete record");
          return;
        }
        break;
      case observe::Line::Malformed:
        ++report_.malformed;
        tell(file, line_number, "malformed record");
        return;
      case observe::Line::Other: ++report_.other_lines; return;
    }
    if (record_.facts.local) {
      ++report_.local;
      return;
    }
    // A policy is asked as it would have been then: rules that have expired since count, those that had do not.
    const policy::Decision now = policy::decide(record_.verdict, record_.facts, after_, record_.time);
    set_fate(fate_after_, now, after_.mode == policy::Mode::Monitor);
    if (before_) {
      const policy::Decision then = policy::decide(record_.verdict, record_.facts, *before_, record_.time);
      set_fate(fate_before_, then, before_->mode == policy::Mode::Monitor);
    } else {
      set_recorded_fate(fate_before_, record_.decision);
    }
    report_.changes.add(record_, fate_before_, fate_after_, now.observed);
  }

  void tell(const std::string& file, std::uint64_t line_number, const char* what) {
    ++told_;
    if (told_ > kMaxToldLines + 1) {
      return;
    }
    progress_.clear();
    if (told_ > kMaxToldLines) {
      std::cerr << "assay: more such lines are counted without a word\n";
      return;
    }
    std::cerr << escape(file) << ':' << line_number << ": " << what << ": " << escape(reader_.why()) << '\n';
  }

  policy::Rules after_;
  std::optional<policy::Rules> before_;
  Progress progress_;
  ReplayReport report_;
  observe::RecordReader reader_;
  observe::Record record_;
  Fate fate_before_;
  Fate fate_after_;
  std::uint64_t octets_before_ = 0;  ///< Of the files before the one being read.
  std::uint64_t told_ = 0;
};

int run_replay(const Options& options) {
  if (std::count(options.records.begin(), options.records.end(), "-") + (options.config == "-" ? 1 : 0) > 1) {
    return complain("standard input (-) can be given once");
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
  Replay replay(options, *std::move(after), std::move(before));
  for (const std::string& file : options.records) {
    replay.read(file);
  }
  ReplayReport& report = replay.report();
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (options.json) {
    std::cout << to_json(report) << '\n';
  } else {
    std::cout << to_text(report, Paint(wants_colour()));
  }
  if (!report.is_whole) {
    return kExitUsage;
  }
  if (report.changes.messages() + report.local == 0) {
    // Nothing was compared: that must not pass for "nothing changes".
    return complain("no decision record that could be decided; assayd writes them with log: {format: json}");
  }
  if (options.max_change && change_to_judge(report) > *options.max_change) {
    std::cerr << "assay: " << with_commas(change_to_judge(report)) << " messages change, more than --max-change "
              << *options.max_change << '\n';
    return kExitFound;
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
  verb->add_option("--examples", options->examples, "Messages named for each kind of change; 3 without it.")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{0}, kMaxExamples));
  verb->add_flag("--json", options->json, "Print one JSON object.");
  verb->footer(
      "Messages are asked about as they were: what DNS said then, rules that expire by\n"
      "the time of each message. Local and authenticated mail is counted, not decided.\n"
      "In monitor mode what happens and what enforce mode does are told apart;\n"
      "--max-change counts the greater of both.\n\n"
      "Exit status: 0 done; 1 more than --max-change messages change; 2 usage, a file\n"
      "that cannot be read to its end, or no record at all.\n\n"
      "Example:\n"
      "  assay policy replay --config new.yaml /var/log/assay/records.json*");
  verb->callback([options, &run] { run = [options] { return run_replay(*options); }; });
}

}  // namespace assay::cli
