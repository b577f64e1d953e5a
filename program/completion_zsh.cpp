#include <algorithm>
#include <string>

#include "program/completion_shells.h"

namespace assay::program {
namespace {

std::string word(const std::string& text) {
  return quoted(text, "'\\''");
}

/// `text` within a specification of _arguments or _describe, where these characters have a meaning.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char octet : text) {
    result += octet == '[' || octet == ']' || octet == ':' || octet == '\\' ? std::string{'\\', octet}
                                                                            : std::string(1, octet);
  }
  return result;
}

std::string action(Offer offer) {
  switch (offer) {
    case Offer::Files: return "_files";
    case Offer::Folders: return "_files -/";
    case Offer::Shells: return std::string("(") + kShellNames + ')';
    case Offer::Nothing: break;
  }
  return " ";
}

std::string function_of(const Verb& verb, const std::string& name) {
  std::string function = "_" + name + (verb.path.empty() ? "" : "_") + verb.path;
  std::replace(function.begin(), function.end(), ' ', '_');
  return function;
}

std::string of_option(const Option& option) {
  std::string specifications;
  for (const std::string& name : option.names) {
    const bool is_long = name.compare(0, 2, "--") == 0;
    std::string specification = option.may_repeat ? "*" : "";
    specification += name + (option.value_name.empty() || !is_long ? "" : "=") + '[' + escaped(option.text) + ']';
    if (!option.value_name.empty()) {
      specification += ':' + escaped(option.value_name) + ':' + action(option.offer);
    }
    specifications += " \\\n    " + word(specification);
  }
  return specifications;
}

/// Completes what comes after the verb.
std::string function(const Verb& verb, const std::string& name) {
  std::string text = function_of(verb, name) + "() {\n";
  std::string arguments;
  for (const Option& option : verb.options) {
    arguments += of_option(option);
  }
  if (verb.verbs.empty()) {
    if (!verb.argument_name.empty()) {
      arguments += " \\\n    " + word("*:" + escaped(verb.argument_name) + ':' + action(verb.argument_offer));
    }
    return text + "  _arguments" + arguments + "\n}\n";
  }
  text += "  local curcontext=$curcontext state line\n  local -A opt_args\n  local -a verbs\n  verbs=(\n";
  for (const Verb& below : verb.verbs) {
    text += "    " + word(last_word(below) + ':' + escaped(below.text)) + '\n';
  }
  text += "  )\n  _arguments -C" + arguments +
          " \\\n    '1:verb:->verb' \\\n    '*::argument:->arguments'\n"
          "  case $state in\n"
          "    verb) _describe -t verbs verb verbs ;;\n"
          "    arguments)\n"
          "      case $line[1] in\n";
  for (const Verb& below : verb.verbs) {
    text += "        " + last_word(below) + ") " + function_of(below, name) + " ;;\n";
  }
  return text + "      esac\n      ;;\n  esac\n}\n";
}

}  // namespace

std::string zsh_completion(const Verb& program, const std::string& name) {
  std::string text =
      "#compdef " + name + "\n# Completes the command line of " + name + " in zsh. Made by " + name + " itself.\n";
  for (const Verb* verb : flatten(program)) {
    text += function(*verb, name);
  }
  // Loaded by name the script is the body of the function; sourced it must say what the function is for.
  return text + "if [[ $funcstack[1] == _" + name + " ]]; then\n  _" + name + " \"$@\"\nelse\n  compdef _" + name +
         ' ' + name + "\nfi\n";
}

}  // namespace assay::program
