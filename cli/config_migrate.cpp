#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/input.h"
#include "cli/verbs.h"
#include "config/migrate.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

using config::LineStatus;
using config::MigratedLine;
using config::Migration;

/// More than any text of a migration has: nothing is cut.
constexpr std::size_t kMaxTextOctets = config::kMaxPeerFileOctets;

std::string safe(const std::string& text) {
  return escape(text, kMaxTextOctets);
}

struct Files {
  std::optional<std::string> opendkim;
  std::optional<std::string> opendmarc;
  std::optional<std::string> openarc;
  std::optional<std::string> policyd_spf;
  std::vector<std::string> hosts;
  bool json = false;
};

/// How a line is named on standard error: FILE:LINE: OPTION VALUE
std::string place(const MigratedLine& line) {
  return safe(line.file) + ":" + std::to_string(line.line) + ": " +
         (line.option.empty() ? "" : safe(line.option) + " ") + safe(line.value);
}

constexpr std::array<LineStatus, 5> kStatuses{LineStatus::Migrated, LineStatus::Default, LineStatus::NoEqual,
                                              LineStatus::Signing, LineStatus::Unknown};

std::size_t count(const Migration& migration, LineStatus status) {
  return static_cast<std::size_t>(std::count_if(migration.lines.begin(), migration.lines.end(),
                                                [status](const MigratedLine& line) { return line.status == status; }));
}

/// What is not in the YAML, and how many lines there are of each kind.
void tell(const Migration& migration) {
  for (const MigratedLine& line : migration.lines) {
    if (line.status != LineStatus::Migrated && line.status != LineStatus::Default) {
      std::cerr << place(line) << ": " << to_string(line.status) << ": " << safe(line.why) << '\n';
    }
  }
  for (const config::SilentDefault& silent : migration.silent) {
    std::cerr << safe(silent.file) << ": " << silent.option << " is not set: " << silent.value
              << " is the program's default" << (silent.key.empty() ? "" : ", written as " + silent.key)
              << (silent.why.empty() ? "" : "; ") << silent.why << '\n';
  }
  std::cerr << migration.lines.size() << " lines:";
  const char* separator = " ";
  for (const LineStatus status : kStatuses) {
    std::cerr << separator << count(migration, status) << ' ' << to_string(status);
    separator = ", ";
  }
  std::cerr << '\n';
}

void print_json(const Migration& migration) {
  nlohmann::ordered_json lines = nlohmann::ordered_json::array();
  for (const MigratedLine& line : migration.lines) {
    lines.push_back({{"file", safe(line.file)},
                     {"line", line.line},
                     {"option", safe(line.option)},
                     {"value", safe(line.value)},
                     {"status", to_string(line.status)},
                     {"key", line.key.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(line.key)},
                     {"why", safe(line.why)}});
  }
  nlohmann::ordered_json silent = nlohmann::ordered_json::array();
  for (const config::SilentDefault& entry : migration.silent) {
    silent.push_back({{"file", safe(entry.file)},
                      {"option", entry.option},
                      {"value", entry.value},
                      {"key", entry.key.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(entry.key)},
                      {"why", entry.why}});
  }
  std::cout
      << nlohmann::ordered_json{{"schema", 1}, {"lines", lines}, {"silent", silent}, {"yaml", migration.yaml}}.dump(2)
      << '\n';
}

int run_migrate(const Files& given) {
  std::vector<config::PeerFile> files;
  const auto read = [&](config::Peer peer, const std::string& path) -> std::optional<int> {
    auto text = read_file(path, config::kMaxPeerFileOctets);
    if (!text) {
      return complain(text.error());
    }
    files.push_back({peer, path, *std::move(text)});
    return std::nullopt;
  };
  using config::Peer;
  for (const auto& [peer, path] :
       {std::pair{Peer::OpenDkim, given.opendkim}, std::pair{Peer::OpenDmarc, given.opendmarc},
        std::pair{Peer::OpenArc, given.openarc}, std::pair{Peer::PolicydSpf, given.policyd_spf}}) {
    if (path) {
      if (const auto status = read(peer, *path)) {
        return *status;
      }
    }
  }
  for (const std::string& path : given.hosts) {
    if (const auto status = read(Peer::Hosts, path)) {
      return *status;
    }
  }
  if (files.size() == given.hosts.size()) {
    return complain("give at least one of --opendkim, --opendmarc, --openarc and --policyd-spf");
  }
  const auto migration = config::migrate(files);
  if (!migration) {
    return complain(migration.error());
  }
  if (given.json) {
    print_json(*migration);
  } else {
    std::cout << migration->yaml;
    tell(*migration);
  }
  return count(*migration, LineStatus::Unknown) > 0 ? kExitFound : kExitDone;
}

}  // namespace

void add_config_migrate(CLI::App& config, Run& run) {
  auto files = std::make_shared<Files>();
  CLI::App* const verb = config.add_subcommand(
      "migrate",
      "Writes a configuration that treats inbound mail as OpenDKIM, OpenDMARC, OpenARC and policyd-spf do, from their "
      "configuration files, and lists each line that has no equal, with the reason.");
  verb->group(kVerbs);
  verb->add_option("--opendkim", files->opendkim, "opendkim.conf")->type_name("FILE");
  verb->add_option("--opendmarc", files->opendmarc, "opendmarc.conf")->type_name("FILE");
  verb->add_option("--openarc", files->openarc, "openarc.conf")->type_name("FILE");
  verb->add_option("--policyd-spf", files->policyd_spf, "policyd-spf.conf")->type_name("FILE");
  verb->add_option("--ignore-hosts", files->hosts,
                   "File of hosts and networks, one a line, that IgnoreHosts, InternalHosts or PeerList names. May be "
                   "repeated. One that no option names holds for all programs.")
      ->type_name("FILE")
      ->expected(1)
      ->take_all();
  verb->add_flag("--json", files->json, "Print the YAML and what became of each line as JSON.");
  verb->footer(
      "The YAML goes to standard output, the list to standard error. Give the files of\n"
      "all the programs that look at the same mail: what none of them does, such as\n"
      "refusing by DMARC, the result does not do. See docs/migration.md.\n\n"
      "Exit status: 0 done; 1 done, but a line is not understood; 2 usage, or a file\n"
      "that cannot be read.\n\n"
      "Example:\n"
      "  assay config migrate --opendkim /etc/opendkim.conf \\\n"
      "    --opendmarc /etc/opendmarc.conf > assay.yaml && assay config check assay.yaml");
  verb->callback([files, &run] { run = [files] { return run_migrate(*files); }; });
}

}  // namespace assay::cli
