#pragma once

#include <string>

#include "cli/daemon_view.h"
#include "cli/paint.h"
#include "cli/terminal.h"

namespace assay::cli {

/// The screen of `assay top`: at most size.rows lines of at most size.columns characters, each ended by '\n'. How it
/// fares and how much comes stand above; the busiest rules, the slowest names and the last refusals share what is left.
/// All of it is ASCII: what is not shows as \xHH, so that every character takes one column.
[[nodiscard]] std::string top_screen(const DaemonView& view, const ScreenSize& size, const Paint& paint);

}  // namespace assay::cli
