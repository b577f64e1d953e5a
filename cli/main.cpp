#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "cli/help.h"
#include "cli/input.h"
#include "cli/verbs.h"
#include "program/standard_files.h"
#include "program/version.h"
#include "resolver/library_versions.h"
#include "verify/crypto/library_version.h"

namespace assay::cli {
namespace {

/// The arguments in the reverse order that CLI11 takes them in. `--name=` becomes `--name` and an empty value, which
/// CLI11 would take from the argument after it.
std::vector<std::string> arguments(int count, char** values) {
  std::vector<std::string> list;
  bool is_option = true;
  for (int i = 1; i < count; ++i) {
    std::string argument = values[i];  // NOLINT(cppcoreguidelines-pro-bounds-pointer-arithmetic): argv is what it is
    is_option = is_option && argument != "--";
    if (is_option && argument.size() > 3 && argument.compare(0, 2, "--") == 0 &&
        argument.find('=') == argument.size() - 1) {
      argument.pop_back();
      list.push_back(argument);
      list.emplace_back();
    } else {
      list.push_back(argument);
    }
  }
  std::reverse(list.begin(), list.end());
  return list;
}

/// Reads the command line. The exit status if that is all: --help, --version or a mistake.
std::optional<int> parse(CLI::App& app, std::vector<std::string> list) {
  try {
    app.parse(list);
  } catch (const CLI::Success& wanted) {
    app.exit(wanted, std::cout, std::cerr);
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    return complain(std::string(error.what()) + "; see assay --help, or --help after a verb");
  }
  return std::nullopt;
}

std::string version() {
  auto libraries = resolver::library_versions();
  libraries.insert(libraries.begin(), crypto::library_version());
  return program::version_text("assay", libraries);
}

int main_of(int count, char** values) {
  CLI::App app(
      "Checks mail as assayd does: SPF, DKIM, DMARC and ARC of a message in a file, with the reasons; and the "
      "configuration. Shows how the running assayd fares, and tells what became of past messages.",
      "assay");
  app.set_version_flag("--version", version, "Print the version, how it was built, and the libraries in use.");
  set_help_layout(app);
  app.require_subcommand(0, 1);
  app.footer(
      "`assay VERB --help` tells the options of a verb.\n\n"
      "Exit status of every verb: 0 done, nothing found; 1 it ran and found something\n"
      "(for verify and spf only with --exit-code); 2 usage, or something that cannot\n"
      "be read.\n\n"
      "Example:\n"
      "  assay verify --client-ip 192.0.2.1 --mail-from bounce@example.com mail.eml");
  Run run;
  add_verify(app, run);
  add_spf(app, run);
  add_config(app, run);
  add_policy(app, run);
  add_selftest(app, run);
  add_status(app, run);
  add_top(app, run);
  add_tail(app, run);
  add_explain(app, run);
  add_completion(app, run);
  const auto parsed = parse(app, arguments(count, values));
  if (parsed) {
    return *parsed;
  }
  if (!run) {
    return complain(
        "give a verb: verify, spf, config check, config show, config migrate, policy lint, policy replay, policy "
        "suggest, policy test, selftest, status, top, tail, explain or completion; see assay --help");
  }
  const int status = run();
  std::cout.flush();
  return std::cout ? status : complain("cannot write to standard output");
}

}  // namespace
}  // namespace assay::cli

int main(int count, char** values) {
  assay::program::hold_standard_files();
  try {
    return assay::cli::main_of(count, values);
  } catch (const std::exception& error) {
    return assay::cli::complain(error.what());
  }
}
