#include <string>
#include <vector>

#include "program/completion_shells.h"

namespace assay::program {
namespace {

std::string word(const std::string& text) {
  std::string escaped;
  for (const char octet : text) {
    escaped += octet == '\\' ? "\\\\" : std::string(1, octet);
  }
  return quoted(escaped, "\\'");
}

/// A function that says whether the words before the cursor name the verb that it is given.
std::string walk(const std::vector<const Verb*>& verbs, const std::string& function) {
  std::string text = "function " + function +
                     "\n"
                     "    set --local verb ''\n"
                     "    set --local is_value no\n"
                     "    set --local words (commandline --tokenize --cut-at-cursor --current-process)\n"
                     "    set --erase words[1]\n"
                     "    for word in $words\n"
                     "        if test $is_value = yes\n"
                     "            set is_value no\n"
                     "            continue\n"
                     "        end\n"
                     "        switch \"$verb|$word\"\n";
  std::string values;
  for (const Verb* verb : verbs) {
    for (const Verb& below : verb->verbs) {
      text += "            case " + word(verb->path + '|' + last_word(below)) + "\n                set verb " +
              word(below.path) + '\n';
    }
    for (const Option& option : verb->options) {
      for (const std::string& name : option.names) {
        values += option.value_name.empty() ? "" : ' ' + word(verb->path + '|' + name);
      }
    }
  }
  if (!values.empty()) {
    text += "            case" + values + "\n                set is_value yes\n";
  }
  return text +
         "        end\n"
         "    end\n"
         "    test \"$verb\" = \"$argv[1]\"\n"
         "end\n";
}

std::string of_option(const std::string& start, const Option& option) {
  std::string line = start;
  for (const std::string& name : option.names) {
    line += name.compare(0, 2, "--") == 0 ? " --long-option " + name.substr(2) : " --short-option " + name.substr(1);
  }
  if (!option.value_name.empty()) {
    line += " --require-parameter";
    line += option.offer == Offer::Files ? " --force-files" : " --no-files";
    line += option.offer == Offer::Folders ? " --arguments '(__fish_complete_directories)'" : "";
    line += option.offer == Offer::Shells ? " --arguments " + word(kShellNames) : "";
  }
  return line + " --description " + word(option.text) + '\n';
}

}  // namespace

std::string fish_completion(const Verb& program, const std::string& name) {
  const auto verbs = flatten(program);
  const std::string function = "__" + name + "_verb_is";
  std::string text = "# Completes the command line of " + name + " in fish. Made by " + name + " itself.\n" +
                     walk(verbs, function) + "complete --command " + name + " --no-files\n";
  for (const Verb* verb : verbs) {
    const std::string start =
        "complete --command " + name + " --condition " + word(function + " \"" + verb->path + '"');
    for (const Verb& below : verb->verbs) {
      text += start + " --arguments " + last_word(below) + " --description " + word(below.text) + '\n';
    }
    for (const Option& option : verb->options) {
      text += of_option(start, option);
    }
    if (verb->argument_offer == Offer::Files) {
      text += start + " --force-files\n";
    } else if (verb->argument_offer == Offer::Shells) {
      text += start + " --arguments " + word(kShellNames) + '\n';
    }
  }
  return text;
}

}  // namespace assay::program
