#include "program/completion.h"

#include "program/command_tree.h"
#include "program/completion_shells.h"

namespace assay::program {

std::optional<Shell> parse_shell(std::string_view name) {
  if (name == "bash") {
    return Shell::Bash;
  }
  if (name == "zsh") {
    return Shell::Zsh;
  }
  return name == "fish" ? std::optional(Shell::Fish) : std::nullopt;
}

std::string completion_script(const CLI::App& app, const std::string& name, Shell shell) {
  const Verb program = command_tree(app);
  switch (shell) {
    case Shell::Bash: return bash_completion(program, name);
    case Shell::Zsh: return zsh_completion(program, name);
    case Shell::Fish: return fish_completion(program, name);
  }
  return {};
}

std::string quoted(const std::string& text, const char* quote) {
  std::string word = "'";
  for (const char octet : text) {
    if (octet == '\'') {
      word += quote;
    } else {
      word += octet;
    }
  }
  return word + '\'';
}

}  // namespace assay::program
