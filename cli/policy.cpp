#include <CLI/CLI.hpp>

#include "cli/verbs.h"

namespace assay::cli {

void add_policy(CLI::App& app, Run& run) {
  CLI::App* const verb = app.add_subcommand("policy", "Tries a policy before it meets mail.");
  verb->group(kVerbs);
  verb->require_subcommand(1, 1);
  verb->footer(
      "`assay policy VERB --help` tells the options of a verb.\n\n"
      "Exit status: 0 done, nothing found; 1 the verb ran and found something; 2 usage, or\n"
      "input that cannot be read.\n\n"
      "Example:\n  assay policy lint --strict /etc/assay/assay.yaml");
  add_policy_lint(*verb, run);
  add_policy_replay(*verb, run);
  add_policy_suggest(*verb, run);
  add_policy_test(*verb, run);
}

}  // namespace assay::cli
