#include "cli/visible.h"

#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::cli {
namespace {

/// Whether nothing, or something that does not show, stands at `at`.
bool is_blank(std::string_view line, std::size_t at) {
  return at >= line.size() || is_wsp(line[at]) || line[at] == '\r' || line[at] == '\n';
}

std::string visible(std::string_view line) {
  std::string words;
  std::size_t plain = 0;  // Where the text begins that is not in `words` yet.
  const auto flush = [&](std::size_t end) { words += escape(line.substr(plain, end - plain), line.size()); };
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool is_hidden_space = c == ' ' && (i == 0 || is_blank(line, i - 1) || is_blank(line, i + 1));
    const char* const word = c == '\r'         ? "\\r"
                             : c == '\n'       ? "\\n"
                             : c == '\t'       ? "\\t"
                             : is_hidden_space ? "\\x20"
                                               : nullptr;
    if (word != nullptr) {
      flush(i);
      words += word;
      plain = i + 1;
    }
  }
  flush(line.size());
  return words;
}

}  // namespace

std::vector<std::string> visible_lines(std::string_view octets) {
  std::vector<std::string> lines;
  while (!octets.empty()) {
    const auto end = octets.find('\n');
    const std::string_view line = octets.substr(0, end == std::string_view::npos ? end : end + 1);
    lines.push_back(visible(line));
    octets.remove_prefix(line.size());
  }
  return lines;
}

}  // namespace assay::cli
