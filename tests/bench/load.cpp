// bench_load: loads a milter, or several in turn, as Postfix would, checks every answer, and reports how fast they came
// and what they cost. README.md.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/load_run.h"

namespace assay::bench {
namespace {

using nlohmann::json;

struct CommandLine {
  Load load;
  Selection selection;
  std::string corpus;
  std::vector<std::string> methods;
  int warm_up = -1;
  bool unchecked = false;
  std::string answers;
  std::string wrong;
  bool as_json = false;
  double timeout = 60;
  double settle = 0;
};

double percentile(const std::vector<float>& sorted, double share) {
  if (sorted.empty()) {
    return 0;
  }
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return static_cast<double>(sorted[std::min(at, sorted.size() - 1)]);
}

json latencies(const std::vector<float>& sorted) {
  return {{"p50", percentile(sorted, 0.50)},
          {"p95", percentile(sorted, 0.95)},
          {"p99", percentile(sorted, 0.99)},
          {"max", sorted.empty() ? 0.0 : static_cast<double>(sorted.back())}};
}

json daemon_json(const Watched& watched, double messages) {
  const ProcessState& before = watched.before;
  const ProcessState& after = watched.after;
  return {{"pid", watched.pid},
          {"ended", watched.ended},
          {"cpu_us_per_message", (after.cpu_us - before.cpu_us) / messages},
          {"user_us_per_message", (after.user_us - before.user_us) / messages},
          {"system_us_per_message", (after.system_us - before.system_us) / messages},
          {"rss_kib_before", before.rss_kib},
          {"rss_kib_peak", watched.peak_kib},
          {"rss_kib_after", after.rss_kib},
          {"threads_peak", watched.peak_threads}};
}

json to_json(const Load& load, const Report& report) {
  const double messages = static_cast<double>(std::max<std::size_t>(report.sent, 1));
  json daemons = json::array();
  double cpu_us = 0;
  for (const Watched& watched : report.watched) {
    daemons.push_back(daemon_json(watched, messages));
    cpu_us += daemons.back()["cpu_us_per_message"].get<double>();
  }
  return {{"connections", load.connections},
          {"idle", load.idle},
          {"per_connection", load.per_connection},
          {"rate", load.rate},
          {"messages", report.sent},
          {"octets", report.octets},
          {"seconds", report.seconds},
          {"messages_per_second", report.seconds > 0 ? static_cast<double>(report.sent) / report.seconds : 0.0},
          {"right", report.right},
          {"wrong", report.wrong},
          {"affected", report.affected},
          {"outcomes", report.outcomes},
          {"failures", report.failures},
          {"retries", report.retries},
          {"idle_lost", report.idle_lost},
          {"examples", report.examples},
          {"ms_from_mail", latencies(report.from_mail_ms)},
          {"ms_from_end", latencies(report.from_end_ms)},
          {"client_cpu_us_per_message", report.client_cpu_us / messages},
          {"daemon_cpu_us_per_message", cpu_us},
          {"daemons", daemons},
          {"ok", report.is_right()}};
}

void print_counts(const char* what, const std::map<std::string, std::size_t>& counts) {
  for (const auto& count : counts) {
    std::printf("%-22s %zu %s\n", what, count.second, count.first.c_str());
  }
}

void print_text(const json& all, const Report& report) {
  const auto number = [&all](const char* key) { return all.at(key).get<double>(); };
  std::printf("%-22s %.0f, %.1f MB, in %.2f s: %.0f a second\n", "messages", number("messages"), number("octets") / 1e6,
              number("seconds"), number("messages_per_second"));
  std::printf("%-22s %zu right, %zu wrong\n", "answers", report.right, report.wrong);
  print_counts("verdicts", report.outcomes);
  print_counts("failures", report.failures);
  if (report.idle_lost > 0) {
    std::printf("%-22s %zu\n", "idle sessions lost", report.idle_lost);
  }
  for (const std::string& example : report.examples) {
    std::printf("  %s\n", example.c_str());
  }
  for (const char* from : {"ms_from_mail", "ms_from_end"}) {
    const json& l = all.at(from);
    std::printf("%-22s p50 %.2f  p95 %.2f  p99 %.2f  max %.2f ms\n",
                from == std::string("ms_from_mail") ? "MAIL to verdict" : "end to verdict", l.at("p50").get<double>(),
                l.at("p95").get<double>(), l.at("p99").get<double>(), l.at("max").get<double>());
  }
  std::printf("%-22s %.1f us a message\n", "CPU of this client", number("client_cpu_us_per_message"));
  for (const json& d : all.at("daemons")) {
    std::printf("%-22s %.1f us a message (user %.0f, system %.0f)\n",
                ("CPU of " + std::to_string(d.at("pid").get<int>())).c_str(), d.at("cpu_us_per_message").get<double>(),
                d.at("user_us_per_message").get<double>(), d.at("system_us_per_message").get<double>());
    std::printf("%-22s %.1f MB before, %.1f at its peak, %.1f after; %d threads at the most%s\n", "  resident",
                d.at("rss_kib_before").get<double>() / 1024, d.at("rss_kib_peak").get<double>() / 1024,
                d.at("rss_kib_after").get<double>() / 1024, d.at("threads_peak").get<int>(),
                d.at("ended").get<bool>() ? "; IT ENDED" : "");
  }
}

void add_options(CLI::App& app, CommandLine& line) {
  Load& load = line.load;
  app.add_option("--socket", load.sockets,
                 "inet:PORT@HOST, inet6:PORT@HOST or unix:PATH of a milter; several are passed in turn")
      ->required();
  app.add_option("--corpus", line.corpus, "Folder that tests/bench/make_corpus wrote")->required();
  app.add_option("--pid", load.pids, "Daemon to watch: CPU, memory, threads; repeatable");
  app.add_option("--connections", load.connections, "SMTP sessions at the same time")->check(CLI::Range(1, 20000));
  app.add_option("--idle", load.idle, "Further sessions that greet and send nothing")->check(CLI::Range(0, 20000));
  app.add_option("--per-connection", load.per_connection, "Messages a session")->check(CLI::Range(1, 1000000));
  app.add_option("--messages", load.messages, "At most so many (1000)")->check(CLI::Range(1, 10000000));
  app.add_option("--seconds", load.seconds, "At most so long, after the warm-up (60)")->check(CLI::Range(0.01, 3600.0));
  app.add_option("--warm-up", line.warm_up,
                 "Messages before those that count (each message of the corpus once, at most 1000)")
      ->check(CLI::Range(0, 1000000));
  app.add_option("--rate", load.rate, "Messages a second, whatever the milter does (0: as fast as sessions allow)")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--timeout", line.timeout, "Seconds for a message (60)")->check(CLI::Range(0.1, 600.0));
  app.add_option("--settle", line.settle, "Seconds between the last message and the last look at memory (0)")
      ->check(CLI::Range(0.0, 600.0));
  app.add_option("--chunk", load.chunk_octets, "Octets of a body chunk (65535)")->check(CLI::Range(1, 65535));
  app.add_option("--size", line.selection.size, "Only messages of this size class");
  app.add_option("--kind", line.selection.kind, "Only messages of this kind: good, body_altered, ...");
  app.add_option("--signatures", line.selection.signatures, "Only messages with so many DKIM signatures");
  app.add_option("--arc-sets", line.selection.arc_sets, "Only messages with so many ARC sets");
  app.add_option("--limit", line.selection.limit, "Only the first so many messages of those");
  app.add_option("--methods", line.methods, "Compare these alone: spf spf_helo dkim arc dmarc iprev")
      ->delimiter(',')
      ->check(CLI::IsMember({"spf", "spf_helo", "dkim", "arc", "dmarc", "iprev"}));
  app.add_flag("--loose", load.comparison.loose, "Compare only what passes");
  app.add_flag("--unchecked", line.unchecked, "Compare nothing: for a milter that verifies nothing");
  app.add_option("--answers", line.answers,
                 "Write to this file, as JSON, how often each message got which answer: {file: [[count, outcome, "
                 "Authentication-Results ...] ...]}");
  app.add_option("--wrong", line.wrong,
                 "Write each message whose answer was not right to this file, a JSON object a line: {file, began, "
                 "ended, outcome, problem, despite_temperror: the problem if a temporary error were right, too}");
  app.add_flag("--json", line.as_json, "Report as JSON");
}

void complete(CommandLine& line, std::size_t samples) {
  constexpr std::size_t kMaxWarmUp = 1000;
  Load& load = line.load;
  load.warm_up = line.warm_up < 0 ? std::min(samples, kMaxWarmUp) : static_cast<std::size_t>(line.warm_up);
  const auto to_ms = [](double seconds) { return std::chrono::milliseconds(static_cast<long>(seconds * 1000)); };
  load.timeout = to_ms(line.timeout);
  load.settle = to_ms(line.settle);
  load.checked = !line.unchecked;
  load.keep_answers = !line.answers.empty();
  load.keep_wrong = !line.wrong.empty();
  if (line.methods.empty()) {
    return;
  }
  const auto has = [&line](const char* method) {
    return std::find(line.methods.begin(), line.methods.end(), method) != line.methods.end();
  };
  load.comparison = {has("spf"),   has("spf_helo"), has("dkim"),          has("arc"),
                     has("dmarc"), has("iprev"),    load.comparison.loose};
}

void write_answers(const std::string& path, const Report& report) {
  json all = json::object();
  for (const auto& [file, answers] : report.answers) {
    json& of_file = all[file] = json::array();
    for (const auto& [said, count] : answers) {
      json entry = json::array({count});
      for (const std::string& part : said) {
        entry.push_back(part);
      }
      of_file.push_back(std::move(entry));
    }
  }
  std::ofstream out(path);
  out << all.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
  if (!out.flush()) {
    throw std::runtime_error(path + ": cannot be written");
  }
}

double seconds_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

void write_wrong(const std::string& path, const Report& report) {
  std::ofstream out(path);
  for (const Wrong& wrong : report.wrong_answers) {
    const json entry = {
        {"file", wrong.file},       {"began", seconds_of(wrong.began)}, {"ended", seconds_of(wrong.ended)},
        {"outcome", wrong.outcome}, {"problem", wrong.problem},         {"despite_temperror", wrong.despite_temperror}};
    out << entry.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
  }
  if (!out.flush()) {
    throw std::runtime_error(path + ": cannot be written");
  }
}

int run(CommandLine& line) {
  const std::vector<Sample> samples = read_corpus(line.corpus, line.selection);
  complete(line, samples.size());
  const Report report = run_load(line.load, samples);
  if (line.load.keep_answers) {
    write_answers(line.answers, report);
  }
  if (line.load.keep_wrong) {
    write_wrong(line.wrong, report);
  }
  const json all = to_json(line.load, report);
  if (line.as_json) {
    std::cout << all.dump(1, ' ', false, json::error_handler_t::replace) << '\n';
  } else {
    print_text(all, report);
  }
  return report.is_right() ? 0 : 1;
}

int run_command_line(int argc, char** argv) {
  CLI::App app(
      "Loads a milter as Postfix would, checks every answer, and reports speed and cost.\n"
      "Exit status: 0 every answer was right, 1 not so, 2 usage or unreadable input.");
  CommandLine line;
  add_options(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return run(line);
}

}  // namespace
}  // namespace assay::bench

int main(int argc, char** argv) {
  try {
    return assay::bench::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    static_cast<void>(std::fprintf(stderr, "bench_load: %s\n", error.what()));
    return 2;
  }
}
