#include "milter/options.h"

#include <CLI/CLI.hpp>

namespace assay::milter {
namespace {

constexpr int kUsageError = 2;

}  // namespace

std::optional<CommandLine> parse_command_line(int argc, const char* const* argv, int& exit_status) {
  CommandLine line;
  CLI::App app{"assayd verifies SPF, DKIM, DMARC and ARC of inbound mail for Postfix and Sendmail (milter protocol)."};
  app.set_version_flag("--version", "assayd " ASSAY_VERSION);
  auto* config = app.add_option("--config", line.config, "Configuration file")->capture_default_str();
  app.add_option("--listen", line.listen,
                 "Socket, instead of the configuration's: inet:PORT@HOST, inet6:..., unix:PATH");
  app.add_option("--zone", line.zones, "Answer DNS from this RFC 1035 zone file alone (repeatable)");
  app.add_flag("--check", line.check, "Check the configuration and exit: 0 if it is sound, 1 if not");
  app.add_flag("--foreground", line.foreground, "Stay in the foreground");
  app.footer(
      "Signals: SIGUSR1 reads the configuration again and reopens the log file; SIGUSR2 finishes the messages in "
      "flight\n"
      "and stops.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_status = app.exit(error) == 0 ? 0 : kUsageError;
    return std::nullopt;
  }
  line.config_given = config->count() > 0;
  return line;
}

}  // namespace assay::milter
