#include <CLI/CLI.hpp>

#include "cli/verbs.h"

namespace assay::cli {

void add_policy(CLI::App& app, Run& run) {
  CLI::App* const verb = app.add_subcommand("policy", "Tries a policy before it meets mail.");
  verb->group(kVerbs);
  verb->require_subcommand(1, 1);
  add_policy_lint(*verb, run);
  add_policy_replay(*verb, run);
  add_policy_suggest(*verb, run);
  add_policy_test(*verb, run);
}

}  // namespace assay::cli
