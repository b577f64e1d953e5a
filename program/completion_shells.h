#pragma once

#include <string>

#include "program/command_tree.h"

namespace assay::program {

/// The words for Offer::Shells: what parse_shell() takes.
inline constexpr const char* kShellNames = "bash zsh fish";

// completion_script() for one shell each.
[[nodiscard]] std::string bash_completion(const Verb& program, const std::string& name);
[[nodiscard]] std::string fish_completion(const Verb& program, const std::string& name);
[[nodiscard]] std::string zsh_completion(const Verb& program, const std::string& name);

/// `text` as one word of the shell, between single quotes. `quote` is how a quote within is written.
[[nodiscard]] std::string quoted(const std::string& text, const char* quote);

}  // namespace assay::program
