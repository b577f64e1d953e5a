#include "program/command_tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

namespace assay::program {
namespace {

/// Arguments that are files, by the names that --help has for them.
constexpr std::array<std::string_view, 4> kFileArguments{"FILE", "MESSAGE", "RECORDS", "CASES"};

Offer offer_for(const std::string& name) {
  std::istringstream alternatives(name);
  for (std::string word; std::getline(alternatives, word, '|');) {
    if (word == "DIR") {
      return Offer::Folders;
    }
    if (word == "SHELL") {
      return Offer::Shells;
    }
    if (std::find(kFileArguments.begin(), kFileArguments.end(), word) != kFileArguments.end()) {
      return Offer::Files;
    }
  }
  return Offer::Nothing;
}

/// The first sentence of a description: menus have one line for it.
std::string first_sentence(const std::string& text) {
  std::string sentence = text.substr(0, std::min(text.find(". "), text.find(".\n")));
  if (!sentence.empty() && sentence.back() == '.') {
    sentence.pop_back();
  }
  return sentence;
}

Option read(const CLI::Option& option) {
  Option result;
  for (const std::string& name : option.get_snames()) {
    result.names.push_back('-' + name);
  }
  for (const std::string& name : option.get_lnames()) {
    result.names.push_back("--" + name);
  }
  if (option.get_items_expected_max() > 0) {
    result.value_name = option.get_type_name();
    result.offer = offer_for(result.value_name);
    result.may_repeat = option.get_expected_max() > 1;
  }
  result.text = first_sentence(option.get_description());
  return result;
}

Verb read(const CLI::App& app, const std::string& path) {
  Verb verb;
  verb.path = path;
  verb.text = first_sentence(app.get_description());
  for (const CLI::Option* option : app.get_options()) {
    if (!option->nonpositional()) {
      verb.argument_name = option->get_name(true);
      verb.argument_offer = offer_for(verb.argument_name);
    } else if (!option->get_group().empty()) {
      verb.options.push_back(read(*option));
    }
  }
  for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!below->get_group().empty()) {
      verb.verbs.push_back(read(*below, path + (path.empty() ? "" : " ") + below->get_name()));
    }
  }
  return verb;
}

void append(const Verb& verb, std::vector<const Verb*>& list) {
  list.push_back(&verb);
  for (const Verb& below : verb.verbs) {
    append(below, list);
  }
}

}  // namespace

Verb command_tree(const CLI::App& app) {
  return read(app, "");
}

std::vector<const Verb*> flatten(const Verb& verb) {
  std::vector<const Verb*> list;
  append(verb, list);
  return list;
}

std::string last_word(const Verb& verb) {
  const std::size_t space = verb.path.rfind(' ');
  return space == std::string::npos ? verb.path : verb.path.substr(space + 1);
}

}  // namespace assay::program
