#include "cli/help.h"

#include <CLI/CLI.hpp>
#include <cstddef>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

namespace assay::cli {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kNameColumns = 2;
constexpr std::size_t kTextColumns = 6;

/// `text` in lines of at most kColumns, each after `indent` spaces.
std::string wrap(const std::string& text, std::size_t indent) {
  std::istringstream words(text);
  std::string lines;
  std::size_t column = kColumns;  // the first word starts a line
  for (std::string word; words >> word;) {
    if (column + 1 + word.size() > kColumns) {
      lines += (lines.empty() ? "" : "\n") + std::string(indent, ' ');
      column = indent;
    } else {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += word.size();
  }
  return lines + '\n';
}

class Layout final : public CLI::Formatter {
 public:
  Layout() { label("Positionals", "Arguments"); }

  [[nodiscard]] std::string make_description(const CLI::App* app) const override {
    return wrap(app->get_description(), 0) + '\n';
  }
  [[nodiscard]] std::string make_option(const CLI::Option* option, bool is_positional) const override {
    const std::string type = option->get_type_name();
    const std::string name = option->get_name(is_positional, true) + (type.empty() ? "" : ' ' + type);
    return std::string(kNameColumns, ' ') + name + '\n' + wrap(option->get_description(), kTextColumns);
  }
  [[nodiscard]] std::string make_usage(const CLI::App* app, std::string name) const override {
    const bool has_verbs = !app->get_subcommands({}).empty();
    return has_verbs ? get_label("Usage") + ": " + name + " VERB [OPTIONS]\n" : CLI::Formatter::make_usage(app, name);
  }
  [[nodiscard]] std::string make_subcommand(const CLI::App* verb) const override {
    return std::string(kNameColumns, ' ') + verb->get_name() + '\n' + wrap(verb->get_description(), kTextColumns);
  }
};

}  // namespace

void set_help_layout(CLI::App& app) {
  app.formatter(std::make_shared<Layout>());
  app.get_help_ptr()->description("Print this help.");
}

}  // namespace assay::cli
