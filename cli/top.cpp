#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "cli/control_client.h"
#include "cli/daemon_view.h"
#include "cli/input.h"
#include "cli/paint.h"
#include "cli/terminal.h"
#include "cli/top_screen.h"
#include "cli/verbs.h"

namespace assay::cli {
namespace {

constexpr std::chrono::seconds kPause{1};
/// Without a terminal every list is told whole.
constexpr ScreenSize kWhole{200, 1000};

struct Options {
  std::optional<std::string> socket;
  bool once = false;
};

Input<DaemonView> look(ControlClient& client) {
  const auto line = client.ask(R"({"command":"top"})");
  if (!line) {
    return failure(line.error());
  }
  return read_daemon_view(*line);
}

/// Words for what ended it, empty for the user's wish.
std::string run_screen(ControlClient& client) {
  Terminal terminal;
  const Paint paint(wants_colour());
  std::optional<DaemonView> view;
  for (bool is_due = true;;) {
    if (is_due) {
      auto seen = look(client);
      if (!seen) {
        return seen.error();
      }
      view = *std::move(seen);
    }
    terminal.draw(top_screen(*view, screen_size(), paint));
    switch (terminal.wait(kPause)) {
      case Terminal::Event::Quit: return {};
      case Terminal::Event::Resized: is_due = false; break;
      case Terminal::Event::Time:
      case Terminal::Event::Key: is_due = true; break;
    }
  }
}

int run_top(const Options& options) {
  auto client = ControlClient::connect(options.socket);
  if (!client) {
    return complain(client.error());
  }
  if (!options.once && Terminal::is_there()) {
    const std::string problem = run_screen(*client);
    return problem.empty() ? kExitDone : complain(problem);
  }
  const auto view = look(*client);
  if (!view) {
    return complain(view.error());
  }
  std::cout << top_screen(*view, kWhole, Paint(wants_colour()));
  return kExitDone;
}

}  // namespace

void add_top(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* const verb = app.add_subcommand(
      "top",
      "Shows the running assayd, anew each second: rates, the last refusals, the busiest rules, and the names "
      "for which DNS is slow. q or Ctrl-C ends it.");
  verb->group(kVerbs);
  verb->add_flag(
      "--once", options->once,
      "Print it once, with all that assayd remembers, and end; so it does without a terminal, or on one that "
      "knows no escape sequences (TERM=dumb).");
  verb->add_option("--socket", options->socket, kSocketHelp)->type_name("SOCKET");
  verb->footer(
      "Rates are messages a second, over the last 10 s and the last 60 s. A name is\n"
      "slow if its answer took 100 ms or more.\n\n"
      "Exit status: 0 done; 2 assayd cannot be reached, or ended, or usage.\n\n"
      "Examples:\n"
      "  assay top\n"
      "  assay top --once | grep -A 20 refused");
  verb->callback([options, &run] { run = [options] { return run_top(*options); }; });
}

}  // namespace assay::cli
