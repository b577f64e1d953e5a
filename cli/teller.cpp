#include "cli/teller.h"

#include "verify/base/escape.h"

namespace assay::cli {

void Teller::heading(const std::string& title, const std::string& words) {
  text_ += text_.empty() ? "" : "\n";
  text_ += paint_.bold(title) + (words.empty() ? "" : ": " + words) + '\n';
}

void Teller::line(const std::string& words, std::size_t depth) {
  text_ += std::string(depth * 2, ' ') + words + '\n';
}

void Teller::line_if(const std::string& label, const std::string& words, std::size_t depth) {
  if (!words.empty()) {
    line(label + words, depth);
  }
}

void Teller::rest(std::size_t count, std::size_t depth) {
  if (count > kMaxShown) {
    line("and " + std::to_string(count - kMaxShown) + " more", depth);
  }
}

std::string plural(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + ' ' + (count == 1 ? one : many);
}

std::string result_words(const Paint& paint, const char* status, std::string_view reason, const std::string& detail) {
  std::string words = paint.result(status);
  if (!reason.empty()) {
    words += ", " + std::string(reason);
  }
  if (!detail.empty()) {
    words += " (" + escape(detail) + ')';
  }
  return words;
}

std::string in_quotes(std::string_view text) {
  return '"' + escape(text) + '"';
}

}  // namespace assay::cli
