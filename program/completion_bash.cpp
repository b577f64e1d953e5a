#include <string>
#include <vector>

#include "program/completion_shells.h"

namespace assay::program {
namespace {

/// The words of a `case` pattern: each `name` of `options` after the verb that has them.
void add_patterns(std::string& patterns, const Verb& verb, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    patterns += (patterns.empty() ? "" : " | ") + quoted(verb.path + '|' + name, "'\\''");
  }
}

std::string values(const std::vector<const Verb*>& verbs, Offer offer) {
  std::string patterns;
  for (const Verb* verb : verbs) {
    for (const Option& option : verb->options) {
      if (!option.value_name.empty() && option.offer == offer) {
        add_patterns(patterns, *verb, option.names);
      }
    }
  }
  return patterns;
}

/// The words before the one at the cursor: which verb they name, without the values of its options.
std::string walk(const std::vector<const Verb*>& verbs) {
  std::string text =
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case \"$verb|${COMP_WORDS[i]}\" in\n";
  for (const Verb* verb : verbs) {
    for (const Verb& below : verb->verbs) {
      text += "      " + quoted(verb->path + '|' + last_word(below), "'\\''") +
              ") verb=" + quoted(below.path, "'\\''") + " ;;\n";
    }
  }
  for (const Offer offer : {Offer::Nothing, Offer::Files, Offer::Folders, Offer::Shells}) {
    const std::string patterns = values(verbs, offer);
    if (!patterns.empty()) {
      text += "      " + patterns + ")\n        ((++i))\n        [[ ${COMP_WORDS[i]} == = ]] && ((++i)) ;;\n";
    }
  }
  return text + "    esac\n  done\n";
}

std::string offered(const Verb& verb) {
  std::string words;
  for (const Option& option : verb.options) {
    for (const std::string& name : option.names) {
      words += (words.empty() ? "" : " ") + name;
    }
  }
  std::string text = "    " + quoted(verb.path, "'\\''") + ")\n      options=" + quoted(words, "'\\''") + '\n';
  words.clear();
  for (const Verb& below : verb.verbs) {
    words += (words.empty() ? "" : " ") + last_word(below);
  }
  if (!words.empty()) {
    text += "      verbs=" + quoted(words, "'\\''") + '\n';
  }
  if (verb.argument_offer == Offer::Files) {
    text += "      files=yes\n";
  } else if (verb.argument_offer == Offer::Shells) {
    text += "      verbs=" + quoted(kShellNames, "'\\''") + '\n';
  }
  return text + "      ;;\n";
}

}  // namespace

std::string bash_completion(const Verb& program, const std::string& name) {
  const auto verbs = flatten(program);
  std::string text = "# Completes the command line of " + name + " in bash. Made by " + name + " itself.\n_" + name +
                     "() {\n"
                     "  local verb='' options='' verbs='' files='' word previous i\n" +
                     walk(verbs) +
                     // To readline `=` is a word.
                     "  word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
                     "  if [[ $word == = ]]; then\n"
                     "    word=''\n"
                     "  elif [[ $previous == = ]]; then\n"
                     "    previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
                     "  fi\n"
                     "  COMPREPLY=()\n"
                     "  case \"$verb|$previous\" in\n";
  if (const std::string patterns = values(verbs, Offer::Files); !patterns.empty()) {
    text += "    " + patterns + ")\n      return ;;\n";
  }
  if (const std::string patterns = values(verbs, Offer::Folders); !patterns.empty()) {
    text += "    " + patterns + ")\n      compopt -o dirnames +o default\n      return ;;\n";
  }
  if (const std::string patterns = values(verbs, Offer::Shells); !patterns.empty()) {
    text += "    " + patterns + ")\n      compopt +o default\n      COMPREPLY=($(compgen -W " +
            quoted(kShellNames, "'\\''") + " -- \"$word\"))\n      return ;;\n";
  }
  if (const std::string patterns = values(verbs, Offer::Nothing); !patterns.empty()) {
    text += "    " + patterns + ")\n      compopt +o default\n      return ;;\n";
  }
  text += "  esac\n  case $verb in\n";
  for (const Verb* verb : verbs) {
    text += offered(*verb);
  }
  // Nothing offered, readline completes the names of files by itself (-o default).
  return text +
         "  esac\n"
         "  if [[ $word == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
         "  elif [[ $verbs ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$verbs\" -- \"$word\"))\n"
         "  elif [[ $files ]]; then\n"
         "    return\n"
         "  else\n"
         "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
         "  fi\n"
         "  compopt +o default\n"
         "}\n"
         "complete -o default -F _" +
         name + ' ' + name + '\n';
}

}  // namespace assay::program
