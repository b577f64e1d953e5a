#pragma once

#include <chrono>

namespace assay {

/// Wall-clock time in whole seconds since 1970-01-01 UTC. verify/ never reads a clock: time is always an argument.
using Time = std::chrono::sys_seconds;

}  // namespace assay
