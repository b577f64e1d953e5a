#include "config/wording.h"

#include "config/suggest.h"
#include "verify/base/escape.h"

namespace assay::config {

std::string quote(std::string_view text) {
  return '"' + escape(text, kMaxQuotedOctets) + '"';
}

std::string join(const std::vector<std::string>& words, std::string_view last_separator) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) {
      text += i + 1 == words.size() ? last_separator : ", ";
    }
    text += words[i];
  }
  return text;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const auto nearest = suggest(word, known);
  return nearest ? "; did you mean \"" + *nearest + "\"?" : "";
}

}  // namespace assay::config
