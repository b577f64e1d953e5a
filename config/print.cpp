#include "config/print.h"

#include <algorithm>
#include <array>

#include "verify/base/text.h"

namespace assay::config {
namespace {

/// Whether YAML 1.1 and 1.2 both read the text, unquoted, as itself, within [ ] and { }, too. Says no rather too often.
bool is_plain(std::string_view text) {
  // What some reader takes for a boolean or for nothing.
  constexpr std::array<std::string_view, 9> kSpecial{"y", "n", "yes", "no", "on", "off", "true", "false", "null"};
  if (text.empty() ||
      std::any_of(kSpecial.begin(), kSpecial.end(), [text](std::string_view word) { return iequals(text, word); })) {
    return false;
  }
  // A number or a date begins with a digit, and has one dot at most.
  const bool begins_well = is_alpha(text.front()) || text.front() == '/' ||
                           (is_digit(text.front()) && std::count(text.begin(), text.end(), '.') > 1);
  return begins_well && text.back() != ':' && std::all_of(text.begin(), text.end(), [](char c) {
           return is_alnum(c) || std::string_view("._/@:+-").find(c) != std::string_view::npos;
         });
}

}  // namespace

std::string print_text(std::string_view text) {
  if (is_plain(text)) {
    return std::string(text);
  }
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
    }
    quoted += c == '\t' ? std::string("\\t") : std::string(1, c);
  }
  return quoted + '"';
}

std::string print_text_or_off(std::string_view text) {
  return text.empty() ? "off" : print_text(text);
}

std::string print_file_mode(unsigned mode) {
  constexpr unsigned kPermissions = 0777;
  constexpr int kOctal = 8;
  std::string digits;
  for (unsigned shift = 9; shift > 0; shift -= 3) {
    digits += static_cast<char>('0' + (((mode & kPermissions) >> (shift - 3)) % kOctal));
  }
  return "0" + digits;
}

}  // namespace assay::config
