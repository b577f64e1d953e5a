#include "milter/options.h"

#include <libmilter/mfapi.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "program/completion.h"
#include "program/version.h"
#include "resolver/library_versions.h"
#include "verify/crypto/library_version.h"

namespace assay::milter {
namespace {

constexpr int kUsageError = 2;

std::string dotted(unsigned int major, unsigned int minor, unsigned int patch) {
  return std::to_string(major) + '.' + std::to_string(minor) + '.' + std::to_string(patch);
}

LibraryVersion libmilter_version() {
  unsigned int major = 0;
  unsigned int minor = 0;
  unsigned int patch = 0;
  smfi_version(&major, &minor, &patch);
  return {"libmilter", dotted(major, minor, patch),
          dotted(SM_LM_VRS_MAJOR(SMFI_VERSION), SM_LM_VRS_MINOR(SMFI_VERSION), SM_LM_VRS_PLVL(SMFI_VERSION))};
}

std::string version() {
  auto libraries = resolver::library_versions();
  libraries.insert(libraries.begin(), {libmilter_version(), crypto::library_version()});
  return program::version_text("assayd", libraries);
}

/// Prints the script for that shell; the exit status.
int print_completion(const CLI::App& app, const std::string& shell_name) {
  const auto shell = program::parse_shell(shell_name);
  if (!shell) {
    std::cerr << "assayd: --completion takes bash, zsh or fish\n";
    return kUsageError;
  }
  std::cout << program::completion_script(app, "assayd", *shell) << std::flush;
  return std::cout ? 0 : 1;
}

}  // namespace

std::optional<CommandLine> parse_command_line(int argc, const char* const* argv, int& exit_status) {
  CommandLine line;
  std::optional<std::string> completion;
  CLI::App app{"assayd verifies SPF, DKIM, DMARC and ARC of inbound mail for Postfix and Sendmail (milter protocol)."};
  app.set_version_flag("--version", version, "Print the version, how it was built, and the libraries in use");
  auto* config =
      app.add_option("--config", line.config, "Configuration file")->type_name("FILE")->capture_default_str();
  app.add_option("--listen", line.listen,
                 "Socket, instead of the configuration's: inet:PORT@HOST, inet6:..., unix:PATH")
      ->type_name("SOCKET");
  app.add_option("--zone", line.zones, "Answer DNS from this RFC 1035 zone file alone (repeatable)")->type_name("FILE");
  app.add_flag("--check", line.check, "Check the configuration and exit: 0 if it is sound, 1 if not");
  app.add_flag("--foreground", line.foreground, "Stay in the foreground");
  app.add_option("--completion", completion, "Print a script by which bash, zsh or fish completes this command line")
      ->type_name("SHELL");
  app.footer(
      "Signals: SIGUSR1 and SIGHUP read the configuration again and reopen the log file; SIGUSR2 finishes the messages "
      "in\n"
      "flight and stops; SIGTERM and SIGINT stop at once.\n\n"
      "Exit status: 0 it was stopped, or with --check the configuration is sound; 1 it could not start, or with "
      "--check\n"
      "the configuration is not sound, and why is on standard error or in the log; 2 usage.\n\n"
      "Example:\n"
      "  assayd --check --config /etc/assay/assay.yaml");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_status = app.exit(error) == 0 ? 0 : kUsageError;
    return std::nullopt;
  }
  if (completion) {
    exit_status = print_completion(app, *completion);
    return std::nullopt;
  }
  line.config_given = config->count() > 0;
  return line;
}

}  // namespace assay::milter
