#include "program/completion.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "cli/input.h"
#include "cli/verbs.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

int run_completion(const CLI::App& app, const std::string& name) {
  const auto shell = program::parse_shell(name);
  if (!shell) {
    return complain("no completion for " + escape(name) + ": give bash, zsh or fish");
  }
  std::cout << program::completion_script(app, "assay", *shell);
  return kExitDone;
}

}  // namespace

void add_completion(CLI::App& app, Run& run) {
  auto shell = std::make_shared<std::string>();
  CLI::App* const verb = app.add_subcommand("completion",
                                            "Prints a script by which a shell completes the command line of assay: "
                                            "verbs, options and files. Packages install "
                                            "it; `assayd --completion SHELL` prints the one of assayd.");
  verb->group(kVerbs);
  verb->add_option("SHELL", *shell, "bash, zsh or fish.")->type_name("")->required();
  verb->footer(
      "Exit status: 0 done; 2 usage, or another shell.\n\n"
      "Examples:\n"
      "  source <(assay completion bash)     # in ~/.bashrc\n"
      "  assay completion zsh > ~/.zfunc/_assay\n"
      "  assay completion fish > ~/.config/fish/completions/assay.fish");
  // Of the whole program, which has all its verbs once it runs.
  verb->callback([&app, shell, &run] { run = [&app, shell] { return run_completion(app, *shell); }; });
}

}  // namespace assay::cli
