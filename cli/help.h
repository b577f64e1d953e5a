#pragma once

namespace CLI {
class App;
}

namespace assay::cli {

/// Lays out --help of `app` and of the verbs added to it afterwards: option names on a line of their own, the text
/// below them, lines of at most 80 columns.
void set_help_layout(CLI::App& app);

}  // namespace assay::cli
