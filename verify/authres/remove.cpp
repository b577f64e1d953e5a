#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "verify/authres/parse.h"
#include "verify/authres/syntax.h"
#include "verify/base/domain.h"
#include "verify/base/text.h"

namespace assay::authres {
namespace {

/// What may stand before the first ';' of a field that is kept, octets. Two names and some comments fit many times.
constexpr std::size_t kMaxHeadOctets = 2048;

/// Octets that no honest writer puts in the field, and that some readers take for a line end or drop: every control
/// character but those of a fold.
bool has_stray_control(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (!is_control(c) || c == '\t') {
      continue;
    }
    const std::size_t line_end = c == '\r' ? i + 1 : i;
    if (line_end >= value.size() || value[line_end] != '\n') {
      return true;
    }
    // A fold; or the end of the field, where the line end may have been left.
    if (line_end + 1 != value.size() && !is_wsp(value[line_end + 1])) {
      return true;
    }
    i = line_end;
  }
  return false;
}

/// Skips white space and comments that are the same to every reader: none inside another, no quote, no backslash.
/// False if a comment is not like that.
bool skip_plain_cfws(std::string_view& rest) {
  for (;;) {
    while (!rest.empty() && is_crlf_or_wsp(rest.front())) {
      rest.remove_prefix(1);
    }
    if (rest.empty() || rest.front() != '(') {
      return true;
    }
    const std::size_t end = rest.find_first_of("()\"\\", 1);
    if (end == std::string_view::npos || rest[end] != ')') {
      return false;
    }
    rest.remove_prefix(end + 1);
  }
}

/// Takes a token, or a quoted-string without any octet that has a meaning outside it; empty if there is neither.
std::string_view take_plain_id(std::string_view& rest) {
  if (!rest.empty() && rest.front() == '"') {
    const std::size_t end = rest.find('"', 1);
    if (end == std::string_view::npos) {
      return {};
    }
    const std::string_view content = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    return content.find_first_of("()\\;\r\n") == std::string_view::npos ? content : std::string_view{};
  }
  std::size_t length = 0;
  while (length < rest.size() && (is_token_char(rest[length]) || !is_ascii(rest[length]))) {
    ++length;
  }
  const std::string_view token = rest.substr(0, length);
  rest.remove_prefix(length);
  return token;
}

bool is_word_char(char c) {
  return is_alnum(c) || c == '.' || c == '-' || c == '_' || !is_ascii(c);
}

std::string_view trim_dots(std::string_view word) {
  while (!word.empty() && word.front() == '.') {
    word.remove_prefix(1);
  }
  while (!word.empty() && word.back() == '.') {
    word.remove_suffix(1);
  }
  return word;
}

/// Our id in the forms that it is compared in.
struct OurId {
  std::string text;            ///< Lower case, without dots around it.
  std::optional<Domain> name;  ///< If it is one: A-labels.
};

/// Whether a reader may take `word` for `ours`: in any letter case, as A- or U-labels (section 5), or when it drops
/// octets that are not ASCII.
bool is_same_id(std::string_view word, const OurId& ours) {
  word = trim_dots(word);
  if (is_ascii(word)) {
    return iequals(word, ours.text) || (ours.name && iequals(word, ours.name->str()));
  }
  std::string ascii(word);
  ascii.erase(std::remove_if(ascii.begin(), ascii.end(), [](char c) { return !is_ascii(c); }), ascii.end());
  if (iequals(word, ours.text) || (!ascii.empty() && is_same_id(ascii, ours))) {
    return true;
  }
  const auto name = Domain::parse(word);
  return name && ours.name && *name == *ours.name;
}

/// Whether a word of `head` is `ours`. An id that is more than one word (a token like "mx1/out") is searched as it is.
bool names_us(std::string_view head, const OurId& ours) {
  if (!std::all_of(ours.text.begin(), ours.text.end(), is_word_char)) {
    return to_lower(head).find(ours.text) != std::string::npos;
  }
  for (std::size_t begin = 0; begin < head.size();) {
    if (!is_word_char(head[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin;
    while (end < head.size() && is_word_char(head[end])) {
      ++end;
    }
    if (is_same_id(head.substr(begin, end - begin), ours)) {
      return true;
    }
    begin = end;
  }
  return false;
}

/// Whether `id` can be told from every other: not empty, and a domain name if it is not ASCII.
bool is_readable_id(std::string_view id) {
  return !id.empty() && (is_ascii(id) || Domain::parse(id).has_value());
}

}  // namespace

bool must_remove(std::string_view value, const std::vector<std::string>& our_ids) {
  if (has_stray_control(value)) {
    return true;
  }
  std::string_view rest = value;
  if (!skip_plain_cfws(rest) || !is_readable_id(take_plain_id(rest)) || !skip_plain_cfws(rest)) {
    return true;
  }
  // "Express or implied" version 1; any other must go, whoever it names (section 5).
  if (rest.starts_with('1')) {
    rest.remove_prefix(1);
    if (!skip_plain_cfws(rest)) {
      return true;
    }
  }
  if (!rest.empty() && rest.front() != ';') {
    return true;
  }
  const std::string_view head = value.substr(0, value.size() - rest.size());
  // An encoded word (RFC 2047) means something else to a reader that decodes before it parses.
  if (head.size() > kMaxHeadOctets || head.find("=?") != std::string_view::npos) {
    return true;
  }
  return std::any_of(our_ids.begin(), our_ids.end(), [head](const std::string& id) {
    OurId ours{to_lower(trim_dots(id)), std::nullopt};
    if (auto name = Domain::parse(id)) {
      ours.name = *std::move(name);
    }
    return !ours.text.empty() && names_us(head, ours);
  });
}

}  // namespace assay::authres
