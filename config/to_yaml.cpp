#include "config/load.h"
#include "config/options.h"

namespace assay::config {
namespace {

void print(const std::vector<Option>& table, const Settings& settings, const std::string& indent, std::string& text) {
  for (const Option& option : table) {
    if (!option.print) {
      text += indent + option.key + ":\n";
      print(option.form.keys(), settings, indent + "  ", text);
    } else if (const auto value = option.print(settings)) {
      // A value of several lines begins below its key.
      text += indent + option.key + (value->front() == '\n' ? ":" : ": ") + *value + "\n";
    }
  }
}

}  // namespace

std::string to_yaml(const Settings& settings) {
  std::string text;
  print(options(), settings, "", text);
  return text;
}

}  // namespace assay::config
