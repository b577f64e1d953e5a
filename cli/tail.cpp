#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "cli/control_client.h"
#include "cli/filter_options.h"
#include "cli/input.h"
#include "cli/paint.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "observe/record_line.h"
#include "observe/record_reader.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

struct Options {
  std::optional<std::string> socket;
  FilterOptions filter;
  std::optional<std::string> count;
  bool json = false;
};

/// Prints what comes.
class Printer {
 public:
  explicit Printer(bool json) : json_(json), paint_(wants_colour()) {}

  /// False if the line is no record.
  [[nodiscard]] bool print(const std::string& line) {
    observe::Record record;
    switch (reader_.read(line, record)) {
      case observe::Line::Record: break;
      case observe::Line::Incomplete:
        if (reader_.is_tellable()) {
          break;
        }
        complain("a record that this assay cannot read: " + reader_.why());
        return false;
      case observe::Line::Malformed: complain("assayd sent no record: " + reader_.why()); return false;
      case observe::Line::Other: tell_lost(line); return false;
    }
    std::cout << (json_ ? line : observe::record_line(record, paint_)) << '\n' << std::flush;
    return true;
  }

 private:
  static void tell_lost(const std::string& line) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_object() && json.contains("lost") && json["lost"].is_number_unsigned()) {
      complain(with_commas(json["lost"].get<std::uint64_t>()) +
               " messages are left out here, since they were not read in time");
    }
  }

  bool json_;
  Paint paint_;
  observe::RecordReader reader_{observe::Depth::Everything};
};

int run_tail(const Options& options) {
  std::optional<std::uint64_t> left;
  if (options.count) {
    const auto given = parse_count("--count", *options.count, 1, kMaxCount);
    if (!given) {
      return complain(given.error());
    }
    left = *given;
  }
  const auto request = tail_request(options.filter);
  if (!request) {
    return complain(request.error());
  }
  auto client = ControlClient::connect(options.socket);
  if (!client) {
    return complain(client.error());
  }
  if (const auto begun = client->ask(*request); !begun) {
    return complain(begun.error());
  }
  Printer printer(options.json);
  while (!left || *left > 0) {
    const auto line = client->next_line();
    if (!line) {
      return complain(line.error());
    }
    if (printer.print(*line) && left) {
      --*left;
    }
    if (!std::cout) {
      return kExitUsage;  // main says why.
    }
  }
  return kExitDone;
}

}  // namespace

void add_tail(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* const verb = app.add_subcommand(
      "tail",
      "Follows the running assayd: one line for each message as it is decided, those that were refused and "
      "those that were not, whatever its log says. Ends with Ctrl-C, or with assayd.");
  verb->group(kVerbs);
  add_filter_options(*verb, options->filter);
  verb->add_option("--count", options->count, "End after so many messages.")->type_name("N");
  verb->add_option("--socket", options->socket, kSocketHelp)->type_name("SOCKET");
  verb->add_flag("--json", options->json, "Print the decision records, one JSON object a line.");
  verb->footer(
      "Times are UTC. Messages that are not read in time (a terminal that stands still)\n"
      "are left out, and counted on standard error; assayd waits for nobody.\n\n"
      "Exit status: 0 after --count messages; 2 assayd cannot be reached, or ended, or\n"
      "usage.\n\n"
      "Examples:\n"
      "  assay tail --action reject --action quarantine\n"
      "  assay tail --from-domain '*.example.com' --result dmarc=fail\n"
      "  assay tail --json --client-ip 192.0.2.0/24 | jq .decision");
  verb->callback([options, &run] { run = [options] { return run_tail(*options); }; });
}

}  // namespace assay::cli
