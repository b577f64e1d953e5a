#pragma once

#include "milter/options.h"

namespace assay::milter {

/// Runs assayd until it is told to stop. Returns the exit status: 0 after a drain or stop, 1 if the configuration is
/// invalid or the daemon cannot serve.
[[nodiscard]] int run_daemon(const CommandLine& line);

/// `assayd --check`: reads the configuration, prints every problem, and opens nothing.
[[nodiscard]] int check_configuration(const CommandLine& line);

}  // namespace assay::milter
