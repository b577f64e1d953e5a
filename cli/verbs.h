#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace assay::cli {

// Exit status of every verb.
inline constexpr int kExitDone = 0;   ///< Done, nothing found.
inline constexpr int kExitFound = 1;  ///< It ran and found something.
inline constexpr int kExitUsage = 2;  ///< Usage, or input that cannot be read.

/// The heading of the verbs in --help.
inline constexpr const char* kVerbs = "Verbs";

/// What the verb on the command line does; returns the exit status.
using Run = std::function<int()>;

// Each adds one verb with its options to `app`. When that verb is given, it sets `run`.
void add_verify(CLI::App& app, Run& run);
void add_spf(CLI::App& app, Run& run);
void add_completion(CLI::App& app, Run& run);
void add_config(CLI::App& app, Run& run);
// Below `config`.
void add_config_migrate(CLI::App& config, Run& run);
void add_policy(CLI::App& app, Run& run);
void add_selftest(CLI::App& app, Run& run);
void add_status(CLI::App& app, Run& run);
void add_top(CLI::App& app, Run& run);
void add_tail(CLI::App& app, Run& run);
void add_explain(CLI::App& app, Run& run);

// Each adds one verb below `policy`.
void add_policy_lint(CLI::App& policy, Run& run);
void add_policy_replay(CLI::App& policy, Run& run);
void add_policy_suggest(CLI::App& policy, Run& run);
void add_policy_test(CLI::App& policy, Run& run);

}  // namespace assay::cli
