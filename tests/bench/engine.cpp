// The engine over a corpus of make_corpus, with bare OpenSSL beside it, in one run and one thread. README.md says how
// to read the table.

#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/bench/allocations.h"
#include "tests/bench/corpus.h"
#include "tests/bench/floor.h"

namespace {

using namespace assay;
using bench::Corpus;
using bench::Floor;
using bench::Message;
using Json = nlohmann::ordered_json;

struct Options {
  std::string corpus;
  std::string json;
  unsigned rounds = 7;
  unsigned milliseconds = 40;  ///< CPU of the engine in one round of one row, about.
};

/// CPU time of this thread, nanoseconds.
std::int64_t cpu_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// Messages that are measured together.
struct Row {
  std::string size_class;
  std::string signatures;  ///< A number, or "arc", "signed" or "all".
  std::vector<const Message*> messages;
};

struct Result {
  double engine_us = 0;  ///< For each message, median of the rounds.
  double floor_us = 0;
  double ratio = 0;  ///< Median of the rounds' own ratios; 0 if there is no floor.
  double engine_low_us = 0;
  double engine_high_us = 0;
  double octets = 0;  ///< Mean size.
  double fields = 0;  ///< Mean number of header fields.
  double allocations = 0;
  double allocated_octets = 0;
  double engine_openssl = 0;  ///< OpenSSL's own allocations: the engine's, and those of the bare calls.
  double floor_openssl = 0;
};

class Bench {
 public:
  Bench(const Corpus& corpus, const Options& options) : corpus_(corpus), options_(options), dns_(corpus.zones) {}

  /// Every message once, each result compared. Returns how many are wrong, having named them.
  std::size_t check() {
    std::size_t wrong = 0;
    for (const Message& message : corpus_.messages) {
      const std::string found = mistakes(verify(message), message.expected);
      if (!found.empty()) {
        ++wrong;
        std::cout << message.file << " (" << message.kind << "):" << found << "\n";
      }
    }
    return wrong;
  }

  void prepare_floor() {
    for (const Message& message : corpus_.messages) {
      if (is_measured(message)) {
        floors_.emplace(&message, Floor(message, dns_));
      }
    }
  }

  /// By size: one row for each number of signatures without a chain, those with chains, all that are signed, all.
  [[nodiscard]] std::vector<Row> rows() const {
    std::vector<std::string> sizes;
    std::map<std::string, std::map<std::string, std::vector<const Message*>>> sorted;
    for (const Message& message : corpus_.messages) {
      if (!is_measured(message)) {
        continue;
      }
      if (!sorted.contains(message.size_class)) {
        sizes.push_back(message.size_class);
      }
      auto& rows = sorted[message.size_class];
      rows[message.arc_sets != 0 ? "arc" : std::to_string(message.signatures)].push_back(&message);
      if (message.arc_sets != 0 || message.signatures != 0) {
        rows["signed"].push_back(&message);
      }
      rows["~all"].push_back(&message);
    }
    std::vector<Row> out;
    for (const std::string& size : sizes) {
      for (auto& [signatures, messages] : sorted[size]) {
        out.push_back({size, signatures == "~all" ? "all" : signatures, std::move(messages)});
      }
    }
    return out;
  }

  /// Rounds of engine and floor in turn. Any wrong answer in between counts in wrong().
  Result measure(const Row& row) {
    Result result = count(row);
    const auto engine_pass = [&] {
      for (const Message* message : row.messages) {
        wrong_ += is_right(verify(*message), message->expected) ? 0U : 1U;
      }
    };
    const auto floor_pass = [&] {
      for (const Message* message : row.messages) {
        held_ += floors_.at(message).run();
      }
    };
    const std::int64_t once = std::max<std::int64_t>(timed(engine_pass), 1000);
    timed(floor_pass);
    const std::int64_t passes = std::max<std::int64_t>(options_.milliseconds * std::int64_t{1'000'000} / once, 1);
    const double scale = 1e-3 / static_cast<double>(passes) / static_cast<double>(row.messages.size());
    std::vector<double> engine;
    std::vector<double> floor;
    std::vector<double> ratios;
    for (unsigned round = 0; round < options_.rounds; ++round) {
      std::int64_t engine_time = 0;
      std::int64_t floor_time = 0;
      for (std::int64_t pass = 0; pass < passes; ++pass) {
        engine_time += timed(engine_pass);
        floor_time += timed(floor_pass);
      }
      engine.push_back(static_cast<double>(engine_time) * scale);
      floor.push_back(static_cast<double>(floor_time) * scale);
      ratios.push_back(static_cast<double>(engine_time) / static_cast<double>(std::max<std::int64_t>(floor_time, 1)));
    }
    result.engine_us = median(engine);
    result.floor_us = median(floor);
    result.ratio = row.signatures == "0" ? 0 : median(ratios);
    result.engine_low_us = *std::min_element(engine.begin(), engine.end());
    result.engine_high_us = *std::max_element(engine.begin(), engine.end());
    return result;
  }

  [[nodiscard]] std::size_t wrong() const noexcept { return wrong_; }

 private:
  /// How much of a chain that fails must be looked at is the verifier's choice: no floor can be told.
  static bool is_measured(const Message& message) { return message.expected.arc != arc::Status::Fail; }

  Verdict verify(const Message& message) { return bench::verify(message, dns_, limits_, corpus_.now); }

  static std::int64_t timed(const std::function<void()>& work) {
    const std::int64_t begin = cpu_time();
    work();
    return cpu_time() - begin;
  }

  Result count(const Row& row) {
    Result result;
    const bench::Allocations before = bench::allocations();
    for (const Message* message : row.messages) {
      static_cast<void>(verify(*message));
      result.octets += static_cast<double>(message->octets);
      result.fields += static_cast<double>(message->fields.size());
    }
    const bench::Allocations between = bench::allocations();
    for (const Message* message : row.messages) {
      held_ += floors_.at(message).run();
    }
    const bench::Allocations after = bench::allocations();
    result.allocations = static_cast<double>(between.calls - before.calls);
    result.allocated_octets = static_cast<double>(between.octets - before.octets);
    result.engine_openssl = static_cast<double>(between.openssl - before.openssl);
    result.floor_openssl = static_cast<double>(after.openssl - between.openssl);
    const auto messages = static_cast<double>(row.messages.size());
    for (double* value : {&result.octets, &result.fields, &result.allocations, &result.allocated_octets,
                          &result.engine_openssl, &result.floor_openssl}) {
      *value /= messages;
    }
    return result;
  }

  const Corpus& corpus_;
  const Options& options_;
  const Limits limits_{};
  bench::WarmResolver dns_;
  std::map<const Message*, Floor> floors_;
  std::size_t wrong_ = 0;
  std::size_t held_ = 0;  ///< Keeps the compiler from dropping the bare calls.
};

void print(const std::vector<std::pair<Row, Result>>& results) {
  std::printf("%-5s %-7s %9s %9s %10s %10s %7s %16s %11s %10s %10s\n", "size", "signed", "messages", "octets",
              "engine us", "openssl us", "ratio", "engine low-high", "allocations", "per field", "in OpenSSL");
  for (const auto& [row, r] : results) {
    char ratio[16] = "-";
    if (r.ratio > 0) {
      std::snprintf(ratio, sizeof ratio, "%.2f", r.ratio);
    }
    std::printf("%-5s %-7s %9zu %9.0f %10.1f %10.1f %7s %7.1f-%8.1f %11.1f %10.2f %4.0f / %3.0f\n",
                row.size_class.c_str(), row.signatures.c_str(), row.messages.size(), r.octets, r.engine_us, r.floor_us,
                ratio, r.engine_low_us, r.engine_high_us, r.allocations, r.allocations / r.fields, r.engine_openssl,
                r.floor_openssl);
  }
}

Json to_json(const std::vector<std::pair<Row, Result>>& results, const Options& options) {
  Json rows = Json::array();
  for (const auto& [row, r] : results) {
    rows.push_back({{"size", row.size_class},
                    {"signed", row.signatures},
                    {"messages", row.messages.size()},
                    {"octets", r.octets},
                    {"fields", r.fields},
                    {"engine_us", r.engine_us},
                    {"engine_low_us", r.engine_low_us},
                    {"engine_high_us", r.engine_high_us},
                    {"floor_us", r.floor_us},
                    {"ratio", r.ratio > 0 ? Json(r.ratio) : Json(nullptr)},
                    {"allocations", r.allocations},
                    {"allocated_octets", r.allocated_octets},
                    {"openssl_allocations", r.engine_openssl},
                    {"floor_openssl_allocations", r.floor_openssl}});
  }
  return {{"rounds", options.rounds}, {"rows", std::move(rows)}};
}

int run(const Options& options) {
  const Corpus corpus = bench::read_corpus(options.corpus);
  Bench bench(corpus, options);
  if (const std::size_t wrong = bench.check(); wrong != 0) {
    std::cout << wrong << " of " << corpus.messages.size() << " verdicts are wrong: no speed is told\n";
    return 1;
  }
  bench.prepare_floor();
  std::vector<std::pair<Row, Result>> results;
  for (const Row& row : bench.rows()) {
    results.emplace_back(row, bench.measure(row));
  }
  if (bench.wrong() != 0) {
    std::cout << bench.wrong() << " verdicts were wrong while measuring: no speed is told\n";
    return 1;
  }
  print(results);
  std::cout << "all " << corpus.messages.size() << " verdicts are right, each time\n";
  if (!options.json.empty()) {
    std::ofstream(options.json) << to_json(results, options).dump(1) << "\n";
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  bench::count_openssl();
  Options options;
  CLI::App app("CPU time of the engine for each message of a corpus, beside bare OpenSSL calls");
  app.add_option("corpus", options.corpus, "Folder that make_corpus wrote")->required();
  app.add_option("--rounds", options.rounds, "Rounds, whose median counts")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--milliseconds", options.milliseconds, "CPU of the engine in one round of a row, about")
      ->check(CLI::Range(0, 60'000))
      ->capture_default_str();
  app.add_option("--json", options.json, "Also write the table to this file");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::cerr << "engine: " << error.what() << "\n";
    return 2;
  }
}
