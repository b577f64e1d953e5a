#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/input.h"
#include "cli/verbs.h"
#include "config/example.h"
#include "config/load.h"
#include "config/node.h"
#include "config/reference.h"
#include "config/schema.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

/// The problems of a file on standard error, one a line.
void print(const std::vector<config::Problem>& problems) {
  for (const config::Problem& problem : problems) {
    std::cerr << escape(config::to_string(problem)) << '\n';
  }
}

/// The configuration in a file, with its drop-ins, or from standard input, which has none.
config::Loaded load(const std::string& text, const std::string& file) {
  return file == "-" ? config::load_text(text, file, host_name()) : config::load_with_drop_ins(text, file, host_name());
}

int run_check(const std::vector<std::string>& files) {
  int status = kExitDone;
  for (const std::string& file : files) {
    const auto text = read_file(file, config::kMaxConfigOctets);
    if (!text) {
      status = complain(text.error());
      continue;
    }
    const auto loaded = load(*text, file);
    if (loaded) {
      std::cout << escape(file) << ": ok\n";
    } else {
      print(loaded.error());
      status = std::max(status, kExitFound);
    }
  }
  return status;
}

int run_show(const std::optional<std::string>& file) {
  std::string text;
  if (file) {
    auto octets = read_file(*file, config::kMaxConfigOctets);
    if (!octets) {
      return complain(octets.error());
    }
    text = *std::move(octets);
  }
  const auto loaded = file ? load(text, *file) : config::load_text("", "(defaults)", host_name());
  if (!loaded) {
    print(loaded.error());
    return kExitUsage;
  }
  std::cout << config::to_yaml(*loaded);
  return kExitDone;
}

int print_text(const std::string& text) {
  std::cout << text;
  return kExitDone;
}

int run_reference(const std::optional<std::string>& key) {
  const std::string text = config::reference_text(key);
  if (text.empty()) {
    const auto nearest = config::suggest_path(*key);
    return complain("no key " + escape(*key) + (nearest ? "; did you mean " + *nearest + "?" : ""));
  }
  return print_text(text);
}

void add_show(CLI::App& verb, Run& run) {
  auto file = std::make_shared<std::optional<std::string>>();
  CLI::App* const show =
      verb.add_subcommand("show", "Prints the configuration in force as YAML, every key with its value.");
  show->group(kVerbs);
  show->add_option("FILE", *file, "Configuration file, or - for standard input; without it the defaults are shown.")
      ->type_name("");
  show->footer(
      "Exit status: 0 done; 2 usage, or a file that cannot be read or is not valid.\n\n"
      "Example:\n  assay config show /etc/assay/assay.yaml");
  show->callback([file, &run] { run = [file] { return run_show(*file); }; });
}

void add_reference(CLI::App& verb, Run& run) {
  auto key = std::make_shared<std::optional<std::string>>();
  auto is_man = std::make_shared<bool>(false);
  CLI::App* const reference =
      verb.add_subcommand("reference", "Explains every key: what may be written, bounds, default, meaning.");
  reference->group(kVerbs);
  auto* const name =
      reference->add_option("KEY", *key, "This key and those below it alone, such as dns or dns.timeout.")
          ->type_name("");
  reference->add_flag("--man", *is_man, "As a manual page, assay.yaml(5).")->excludes(name);
  reference->footer(
      "Exit status: 0 done; 2 usage, or there is no such key.\n\n"
      "Examples:\n  assay config reference policy\n  assay config reference --man | man -l -");
  reference->callback([key, is_man, &run] {
    run = [key, is_man] { return *is_man ? print_text(config::reference_man()) : run_reference(*key); };
  });
}

void add_schema(CLI::App& verb, Run& run) {
  CLI::App* const schema = verb.add_subcommand("schema", "Prints the JSON Schema of the configuration, for editors.");
  schema->group(kVerbs);
  schema->footer(
      "yaml-language-server takes it by a first line in the configuration:\n"
      "  # yaml-language-server: $schema=/usr/local/share/assay/schema.json\n\n"
      "Example:\n  assay config schema > schema.json");
  schema->callback([&run] { run = [] { return print_text(config::schema_text()); }; });
}

void add_example(CLI::App& verb, Run& run) {
  CLI::App* const example =
      verb.add_subcommand("example", "Prints a configuration to start from: every key, explained, at its default.");
  example->group(kVerbs);
  example->footer("Example:\n  assay config example > /etc/assay/assay.yaml");
  example->callback([&run] { run = [] { return print_text(config::example_text()); }; });
}

}  // namespace

void add_config(CLI::App& app, Run& run) {
  CLI::App* const verb = app.add_subcommand(
      "config", "Checks, shows and explains the configuration, or writes one from the files of other programs.");
  verb->group(kVerbs);
  verb->require_subcommand(0, 1);
  verb->footer(
      "`assay config VERB --help` tells the options of a verb.\n\n"
      "Exit status: 0 done, nothing found; 1 the verb ran and found something; 2 usage, or\n"
      "input that cannot be read.\n\n"
      "Example:\n  assay config check /etc/assay/assay.yaml");

  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* const check = verb->add_subcommand(
      "check", "Checks configuration files. Every problem is printed as FILE:LINE:COLUMN and how to mend it.");
  check->group(kVerbs);
  check->add_option("FILE", *files, "Configuration file, or - for standard input.")->type_name("")->required();
  check->footer(
      "Exit status: 0 all files are valid; 1 one is not; 2 usage, or a file that cannot\n"
      "be read.\n\n"
      "Example:\n  assay config check /etc/assay/assay.yaml && systemctl reload assayd");
  check->callback([files, &run] { run = [files] { return run_check(*files); }; });

  add_show(*verb, run);
  add_reference(*verb, run);
  add_schema(*verb, run);
  add_example(*verb, run);
  add_config_migrate(*verb, run);
}

}  // namespace assay::cli
