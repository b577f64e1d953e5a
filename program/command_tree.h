#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace assay::program {

/// What a shell may offer for an argument.
enum class Offer {
  Nothing,  ///< Nothing is known of it.
  Files,
  Folders,
  Shells,  ///< Those that completion_script() knows.
};

struct Option {
  std::vector<std::string> names;  ///< With their dashes: "-h", "--help".
  std::string value_name;          ///< Empty: it takes no value.
  Offer offer = Offer::Nothing;
  bool may_repeat = false;
  std::string text;  ///< What it does, one sentence without its full stop.
};

/// A verb, or the program itself, as what its command line may hold.
struct Verb {
  std::string path;  ///< The verbs up to it with a space between: "config check"; empty for the program.
  std::string text;
  std::vector<Option> options;
  std::string argument_name;  ///< Of what is no option; empty: there is none.
  Offer argument_offer = Offer::Nothing;
  std::vector<Verb> verbs;  ///< Below it.
};

/// Reads the command line of a program from its parser. What --help hides is left out.
[[nodiscard]] Verb command_tree(const CLI::App& app);

/// The verb itself and all verbs below it, each before those below it.
[[nodiscard]] std::vector<const Verb*> flatten(const Verb& verb);

/// The last word of its path.
[[nodiscard]] std::string last_word(const Verb& verb);

}  // namespace assay::program
