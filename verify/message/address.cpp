#include "verify/message/address.h"

#include <algorithm>
#include <utility>

#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::message {
namespace {

constexpr std::size_t kMaxCommentDepth = 50;

/// atext of RFC 5322 section 3.2.3 with the UTF8-non-ascii of RFC 6532 section 3.2.
bool is_atext(char c) noexcept {
  return is_alnum(c) || !is_ascii(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

/// dtext of RFC 5322 section 3.4.1: printable, none of "[", "]" and "\".
bool is_dtext(char c) noexcept {
  return !is_control(c) && c != ' ' && c != '[' && c != ']' && c != '\\';
}

/// Words and dots as they stand in a display name or in front of an '@': which of the two they are shows only behind
/// them. A display name may also hold what senders put there without quotes and no reader takes for structure: square
/// brackets, and octets that are not UTF-8.
struct Words {
  std::string text;           ///< As written, without comments and folding.
  std::string unquoted;       ///< The same without quoting.
  bool is_empty = true;       ///< Neither word nor dot.
  bool is_phrase = true;      ///< word *(word / "."), as obs-phrase has it.
  bool is_local_part = true;  ///< Words with dots between them, before them and behind them, but at least one word.
};

/// Whether an encoded-word of RFC 2047 stands in a local part. Readers that decode it may show another address than the
/// one that is named.
bool has_encoded_word(std::string_view local_part) noexcept {
  const std::size_t begin = local_part.find("=?");
  return begin != std::string_view::npos && local_part.find("?=", begin + 2) != std::string_view::npos;
}

class AddressParser {
 public:
  AddressParser(std::string_view value, const std::function<void(const AddrSpec&)>& visit)
      : text_(value), visit_(visit) {}

  Parsed<std::size_t> run() {
    if (!check_octets() || !read_list(true)) {
      return parse_error(what_, at_);
    }
    return total_;
  }

 private:
  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] bool next_is(char c) const noexcept { return at_ < text_.size() && text_[at_] == c; }
  [[nodiscard]] bool next_is_fold() const noexcept {
    return next_is('\r') && at_ + 2 < text_.size() && text_[at_ + 1] == '\n' && is_wsp(text_[at_ + 2]);
  }
  bool take(char c) noexcept {
    if (!next_is(c)) {
      return false;
    }
    ++at_;
    return true;
  }
  bool fail(const char* what) noexcept {
    what_ = what;
    return false;
  }

  /// From here on the only control characters are HTAB and the CRLF of folds.
  bool check_octets() {
    for (; !at_end(); ++at_) {
      if (next_is_fold()) {
        ++at_;
      } else if (is_control(text_[at_]) && text_[at_] != '\t') {
        return fail("a control character");
      }
    }
    at_ = 0;
    return true;
  }

  /// One character of a quoted-string or comment behind a backslash. A quoted CR (RFC 5322 section 4.1) is refused.
  bool skip_quoted_pair() {
    if (at_ + 1 >= text_.size() || text_[at_ + 1] == '\r') {
      return fail("a backslash without a character");
    }
    at_ += 2;
    return true;
  }

  bool skip_comment() {
    std::size_t depth = 0;
    do {
      if (at_end()) {
        return fail("a comment without an end");
      }
      if (next_is('\\')) {
        if (!skip_quoted_pair()) {
          return false;
        }
        continue;
      }
      if (next_is('(') && ++depth > kMaxCommentDepth) {
        return fail("comments nested too deeply");
      }
      if (next_is(')')) {
        --depth;
      }
      ++at_;
    } while (depth != 0);
    return true;
  }

  /// Skips white space, folds and comments, if there are any.
  bool skip_cfws() {
    while (!at_end()) {
      if (next_is('(')) {
        if (!skip_comment()) {
          return false;
        }
      } else if (is_crlf_or_wsp(text_[at_])) {
        ++at_;
      } else {
        break;
      }
    }
    return true;
  }

  [[nodiscard]] std::string_view take_atom() noexcept {
    const std::size_t begin = at_;
    while (!at_end() && is_atext(text_[at_])) {
      ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  bool take_quoted_string(Words& words) {
    words.text += text_[at_++];
    while (!next_is('"')) {
      if (at_end()) {
        return fail("a quoted string without an end");
      }
      const std::size_t begin = at_;
      if (next_is('\\')) {
        if (!skip_quoted_pair()) {
          return false;
        }
        words.unquoted += text_[begin + 1];
        words.text += text_.substr(begin, 2);
        continue;
      }
      ++at_;
      // The line end of a fold is not part of the string (RFC 5322 section 3.2.4).
      if (text_[begin] != '\r' && text_[begin] != '\n') {
        words.unquoted += text_[begin];
        words.text += text_[begin];
      }
    }
    words.text += text_[at_++];
    return true;
  }

  bool take_words(Words& words) {
    bool after_word = false;
    bool has_word = false;
    for (;;) {
      if (!skip_cfws()) {
        return false;
      }
      if (take('.')) {
        words.is_phrase = words.is_phrase && !words.is_empty;
        words.text += '.';
        words.unquoted += '.';
        after_word = false;
      } else if (next_is('"') || (!at_end() && is_atext(text_[at_]))) {
        words.is_local_part = words.is_local_part && !after_word;
        if (next_is('"')) {
          if (!take_quoted_string(words)) {
            return false;
          }
        } else {
          const std::string_view atom = take_atom();
          words.text += atom;
          words.unquoted += atom;
        }
        after_word = true;
        has_word = true;
      } else if (next_is('[') || next_is(']')) {
        words.is_local_part = false;
        words.text += text_[at_];
        words.unquoted += text_[at_++];
        after_word = true;
      } else {
        words.is_local_part = words.is_local_part && has_word;
        return true;
      }
      words.is_empty = false;
    }
  }

  bool take_domain_literal(std::string& domain) {
    domain += text_[at_++];
    while (!next_is(']')) {
      if (at_end() || !(is_dtext(text_[at_]) || is_crlf_or_wsp(text_[at_]))) {
        return fail("a domain literal without an end");
      }
      if (is_dtext(text_[at_])) {
        domain += text_[at_];
      }
      ++at_;
    }
    domain += text_[at_++];
    return true;
  }

  /// atom *("." atom) with comments and folding around each, or a domain-literal.
  bool take_domain(std::string& domain) {
    if (!skip_cfws()) {
      return false;
    }
    if (next_is('[')) {
      return take_domain_literal(domain) && skip_cfws();
    }
    for (;;) {
      const std::string_view atom = take_atom();
      if (atom.empty()) {
        return fail("no domain behind '@'");
      }
      domain += atom;
      if (!skip_cfws()) {
        return false;
      }
      if (!take('.')) {
        return true;
      }
      domain += '.';
      if (!skip_cfws()) {
        return false;
      }
    }
  }

  /// What follows the '@' of an addr-spec whose local part is `words`.
  bool take_addr_spec(Words words, AddrSpec& address) {
    if (!words.is_local_part) {
      return fail("no local part before '@'");
    }
    if (has_encoded_word(words.unquoted)) {
      return fail("an encoded-word in an address");  // RFC 2047 section 5.
    }
    ++at_;
    if (!take_domain(address.domain)) {
      return false;
    }
    address.local_part = std::move(words.unquoted);
    address.text = std::move(words.text) + '@' + address.domain;
    return is_utf8(address.text) || fail("an address that is not UTF-8");
  }

  bool take_angle_addr(AddrSpec& address) {
    ++at_;
    Words words;
    if (!take_words(words)) {
      return false;
    }
    if (!next_is('@')) {
      return fail("no address between '<' and '>'");
    }
    return take_addr_spec(std::move(words), address) && (take('>') || fail("no '>' behind an address")) && skip_cfws();
  }

  bool accept(const AddrSpec& address) {
    ++total_;
    visit_(address);
    return true;
  }

  /// An addr-spec; or a display name that is one and should stand in quotes ("a@b.example <a@b.example>", "Sales @ Home
  /// <a@b.example>", also inside an encoded-word). That is the same to every reader only if it names the same domain,
  /// or none that anybody could be taken for: a single label.
  bool read_bare_address(Words words) {
    AddrSpec address;
    if (!take_addr_spec(std::move(words), address)) {
      return false;
    }
    if (!next_is('<')) {
      return accept(address);
    }
    AddrSpec in_brackets;
    if (!take_angle_addr(in_brackets)) {
      return false;
    }
    std::string_view named = address.domain;
    if (address.text.starts_with("=?") && named.ends_with("?=")) {
      named.remove_suffix(2);
    }
    return iequals(in_brackets.domain, named) || named.find('.') == std::string_view::npos
               ? accept(in_brackets)
               : fail("a display name that is an address of another domain");
  }

  bool read_group() {
    ++at_;
    return read_list(false) && (take(';') || fail("a group without an end")) && skip_cfws();
  }

  bool read_address(bool may_be_group) {
    Words words;
    if (!take_words(words)) {
      return false;
    }
    if (next_is('@')) {
      return read_bare_address(std::move(words));
    }
    if (next_is('<') && words.is_phrase) {
      AddrSpec address;
      return take_angle_addr(address) && accept(address);
    }
    if (next_is(':') && may_be_group && words.is_phrase && !words.is_empty) {
      return read_group();
    }
    return fail("not an address");
  }

  /// Addresses and commas up to the end of the value or, inside a group, of the group. Elements may be empty (RFC 5322
  /// section 4.4); outside a group not all of them.
  bool read_list(bool is_outer) {
    bool has_address = false;
    for (;;) {
      if (!skip_cfws()) {
        return false;
      }
      if (take(',')) {
        continue;
      }
      if (is_outer ? at_end() : next_is(';')) {
        return has_address || !is_outer || fail("no address");
      }
      if (!read_address(is_outer)) {
        return false;
      }
      has_address = true;
      const bool is_last = is_outer ? at_end() : next_is(';');
      if (!is_last && !next_is(',')) {
        return fail("text behind an address");
      }
    }
  }

  std::string_view text_;
  const std::function<void(const AddrSpec&)>& visit_;
  std::size_t at_ = 0;
  std::size_t total_ = 0;
  const char* what_ = "";
};

/// The offset of the first octet outside quotes for which `wanted` holds; the size of `path` if there is none.
template <class Wanted>
std::size_t find_unquoted(std::string_view path, Wanted wanted) {
  bool is_quoted = false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '"') {
      is_quoted = !is_quoted;
    } else if (path[i] == '\\' && is_quoted) {
      ++i;
    } else if (!is_quoted && wanted(path[i])) {
      return i;
    }
  }
  return path.size();
}

std::string unquoted(std::string_view local_part) {
  std::string out;
  bool is_quoted = false;
  for (std::size_t i = 0; i < local_part.size(); ++i) {
    if (local_part[i] == '"') {
      is_quoted = !is_quoted;
      continue;
    }
    if (local_part[i] == '\\' && is_quoted && i + 1 < local_part.size()) {
      ++i;
    }
    out += local_part[i];
  }
  return out;
}

}  // namespace

Parsed<std::size_t> for_each_address(std::string_view value, const std::function<void(const AddrSpec&)>& visit) {
  return AddressParser(value, visit).run();
}

Parsed<AddressList> parse_address_list(std::string_view value, std::size_t max_addresses) {
  AddressList list;
  const auto total = for_each_address(value, [&](const AddrSpec& address) {
    if (list.addresses.size() < max_addresses) {
      list.addresses.push_back(address);
    }
  });
  if (!total) {
    return failure(total.error());
  }
  list.total = *total;
  return list;
}

SmtpPath parse_smtp_path(std::string_view path) {
  path = trim_wsp(path);
  if (path.starts_with('<')) {
    path.remove_prefix(1);
    path = path.substr(0, find_unquoted(path, [](char c) { return c == '>'; }));
  } else {
    path = path.substr(0, find_unquoted(path, is_wsp));
  }
  SmtpPath parsed;
  parsed.is_null = path.empty();
  if (path.starts_with('@')) {
    const std::size_t route_end = find_unquoted(path, [](char c) { return c == ':'; });
    path.remove_prefix(route_end == path.size() ? 0 : route_end + 1);
  }
  std::size_t last_at = path.size();
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t at = begin + find_unquoted(path.substr(begin), [](char c) { return c == '@'; });
    last_at = at < path.size() ? at : last_at;
    begin = at + 1;
  }
  SmtpPath parsed;
  parsed.local_part = unquoted(path.substr(0, last_at));
  parsed.domain = path.substr(std::min(last_at + 1, path.size()));
  return parsed;
}

}  // namespace assay::message
