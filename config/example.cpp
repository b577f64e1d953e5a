#include "config/example.h"

#include <cstddef>

#include "config/form_words.h"
#include "config/options.h"

namespace assay::config {
namespace {

constexpr std::size_t kColumns = 110;

void add_comment(const std::string& comment, const std::string& indent, std::string& text) {
  const std::string start = indent + "# ";
  for (const std::string& line : wrap(comment, kColumns - start.size())) {
    text += start + line + "\n";
  }
}

void add_options(const std::vector<Option>& table, const Settings& defaults, const std::string& indent,
                 std::string& text) {
  for (const Option& option : table) {
    if (indent.empty()) {
      text += "\n";
    }
    add_comment(about_with_bounds(option), indent, text);
    if (!option.sample.empty()) {
      text += indent + "# " + option.key + ": " + option.sample + "\n";
    } else if (option.print) {
      text += indent + option.key + ": " + option.print(defaults).value_or("") + "\n";
    } else {
      text += indent + option.key + ":\n";
      add_options(option.form.keys(), defaults, indent + "  ", text);
    }
  }
}

}  // namespace

std::string example_text() {
  std::string text =
      "# The configuration of assayd, with every key at its default: an empty file means the same.\n"
      "# Check a change with `assay config check FILE`; `systemctl reload assayd` puts it in force.\n"
      "# Times carry a unit (ms, s, m, h), sizes too (B, KiB, MiB, GiB). Lists are written [a, b] or one \"- a\" a "
      "line.\n";
  add_options(options(), default_settings(""), "", text);
  return text;
}

}  // namespace assay::config
