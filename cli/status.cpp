#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "cli/control_client.h"
#include "cli/daemon_view.h"
#include "cli/input.h"
#include "cli/paint.h"
#include "cli/status_report.h"
#include "cli/verbs.h"

namespace assay::cli {
namespace {

struct Options {
  std::optional<std::string> socket;
  bool json = false;
};

int run_status(const Options& options) {
  auto client = ControlClient::connect(options.socket);
  if (!client) {
    return complain(client.error());
  }
  const auto line = client->ask(R"({"command":"status"})");
  if (!line) {
    return complain(line.error());
  }
  const auto view = read_daemon_view(*line);
  if (!view) {
    return complain(view.error());
  }
  if (options.json) {
    std::cout << *line << '\n';
  } else {
    std::cout << status_report(*view, Paint(wants_colour()));
  }
  return view->problems.empty() ? kExitDone : kExitFound;
}

}  // namespace

void add_status(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* const verb =
      app.add_subcommand("status",
                         "Tells how the running assayd fares: since when, by which configuration, how many "
                         "messages, how DNS does, and what is wrong.");
  verb->group(kVerbs);
  verb->add_option("--socket", options->socket, kSocketHelp)->type_name("SOCKET");
  verb->add_flag("--json", options->json, "Print assayd's answer, one JSON object.");
  verb->footer(
      "Exit status: 0 all is well; 1 it runs, but something is wrong: the last reload\n"
      "was not done, or not wholly, DNS is silent, it drains or is stuck,\n"
      "limits.messages is reached, or the log loses lines; 2 it cannot be reached, or\n"
      "usage.\n\n"
      "Examples:\n"
      "  assay status\n"
      "  assay status --json | jq .messages");
  verb->callback([options, &run] { run = [options] { return run_status(*options); }; });
}

}  // namespace assay::cli
