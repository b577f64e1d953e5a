#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace assay::program {

enum class Shell { Bash, Zsh, Fish };

/// "bash", "zsh" or "fish".
[[nodiscard]] std::optional<Shell> parse_shell(std::string_view name);

/// A script that completes the command line of the program `name`, whose parser is `app`, in that shell: verbs,
/// options, and files where an argument is one. It needs nothing but the shell, and works sourced or from the folder
/// where the shell looks for completions.
[[nodiscard]] std::string completion_script(const CLI::App& app, const std::string& name, Shell shell);

}  // namespace assay::program
