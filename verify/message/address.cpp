#include "verify/message/address.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "verify/base/base64.h"
#include "verify/base/domain.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"
#include "verify/base/utf8.h"
#include "verify/message/smtp_path.h"

namespace assay::message {
namespace {

constexpr std::size_t kMaxCommentDepth = 50;
/// Display names of one field that are addresses, where they or the addresses behind them have other characters than
/// ASCII: two names to convert for each.
constexpr std::size_t kMaxInternationalNames = 10;

/// atext of RFC 5322 section 3.2.3 with the UTF8-non-ascii of RFC 6532 section 3.2.
constexpr std::array<bool, 256> kAtext = [] {
  std::array<bool, 256> octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const char c = static_cast<char>(i);
    octets[i] =
        is_alnum(c) || !is_ascii(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
  }
  return octets;
}();
bool is_atext(char c) noexcept {
  return kAtext[static_cast<unsigned char>(c)];
}

/// What a reader that knows neither comments nor quotes takes for a part of an address.
bool is_address_delimiter(char c) noexcept {
  return c == '@' || c == '<' || c == '>';
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
  std::size_t count = 0;      ///< How many words.
  bool is_empty = true;       ///< Neither word nor dot.
  bool is_phrase = true;      ///< word *(word / "."), as obs-phrase has it.
  bool is_local_part = true;  ///< Words with dots between them, before them and behind them, but at least one word.
  bool has_odd_dots = false;  ///< A dot that is not between two words.
  std::size_t misleading_comments = 0;  ///< How many such comments stand before the first word.
};

/// Whether an encoded-word of RFC 2047 stands in a local part. Readers that decode it may show another address than the
/// one that is named.
bool has_encoded_word(std::string_view local_part) noexcept {
  const std::size_t begin = local_part.find("=?");
  return begin != std::string_view::npos && local_part.find("?=", begin + 2) != std::string_view::npos;
}

/// Whether an encoded-word of `text` (RFC 2047 section 2) decodes to '@', '<' or '>'. Those that stand in it as they
/// are have been read as what they are.
bool has_misleading_encoded_word(std::string_view text) {
  for (std::size_t begin = text.find("=?"); begin != std::string_view::npos; begin = text.find("=?", begin + 2)) {
    const std::size_t encoding = text.find('?', begin + 2);
    if (encoding == std::string_view::npos || encoding + 2 >= text.size() || text[encoding + 2] != '?') {
      continue;
    }
    const std::string_view rest = text.substr(encoding + 3);
    const std::string_view content = rest.substr(0, rest.find('?'));
    if (to_lower(text[encoding + 1]) == 'b') {
      const auto octets = decode_base64(content);
      if (octets && std::any_of(octets->begin(), octets->end(),
                                [](std::uint8_t c) { return is_address_delimiter(static_cast<char>(c)); })) {
        return true;
      }
    } else {
      const std::string lower = to_lower(content);
      if (lower.find("=40") != std::string::npos || lower.find("=3c") != std::string::npos ||
          lower.find("=3e") != std::string::npos) {
        return true;
      }
    }
  }
  return false;
}

/// Whether `address`, which is UTF-8, holds what makes it look like another one: C1 controls, line separators, and the
/// characters that turn the direction of the text behind them, domain included.
bool has_invisible_control(std::string_view address) noexcept {
  while (!address.empty()) {
    const CodePoint next = first_code_point(address);
    const char32_t c = next.value;
    if ((c >= 0x80 && c <= 0x9F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069)) {
      return true;
    }
    address.remove_prefix(next.octets);
  }
  return false;
}

/// Whether `text`, which stands behind an '@' in a display name, is no domain that anybody could be taken for: a single
/// label, also for readers that map other dots (U+3002) to '.'.
bool is_single_label(std::string_view text) {
  if (is_ascii(text)) {
    return text.find('.') == std::string_view::npos;
  }
  const auto name = Domain::parse(text);
  return name && name->label_count() == 1;
}

class AddressParser {
 public:
  AddressParser(std::string_view value, const std::function<bool(const AddrSpec&)>& visit)
      : text_(value), visit_(visit) {}

  Parsed<std::size_t> run() {
    if (!check_octets() || !read_list(true)) {
      return parse_error(what_, at_);
    }
    if (is_tolerated_ && (misleading_comments_ != 0 || has_misleading_quote_ || has_misleading_encoded_word(text_))) {
      return parse_error("an address in quotes, in a comment or encoded in a malformed field", at_);
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

  /// A comment that holds '@', '<' or '>' is counted as misleading: readers that know no comments find an address in
  /// it.
  bool skip_comment() {
    std::size_t depth = 0;
    bool is_misleading = false;
    do {
      if (at_end()) {
        return fail("a comment without an end");
      }
      if (next_is('\\')) {
        if (!skip_quoted_pair()) {
          return false;
        }
        is_misleading = is_misleading || is_address_delimiter(text_[at_ - 1]);
        continue;
      }
      if (next_is('(') && ++depth > kMaxCommentDepth) {
        return fail("comments nested too deeply");
      }
      is_tolerated_ = is_tolerated_ || depth > 1;
      if (next_is(')')) {
        --depth;
      }
      is_misleading = is_misleading || is_address_delimiter(text_[at_]);
      ++at_;
    } while (depth != 0);
    misleading_comments_ += is_misleading ? 1 : 0;
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
    const std::size_t content = words.unquoted.size();
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
    has_misleading_quote_ = has_misleading_quote_ || words.unquoted.find_first_of("@<>", content) != std::string::npos;
    return true;
  }

  bool take_words(Words& words) {
    bool after_word = false;
    for (;;) {
      if (!skip_cfws()) {
        return false;
      }
      if (words.is_empty) {
        words.misleading_comments = misleading_comments_;
      }
      if (take('.')) {
        words.is_phrase = words.is_phrase && !words.is_empty;
        words.text += '.';
        words.unquoted += '.';
        words.has_odd_dots = words.has_odd_dots || !after_word;
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
        ++words.count;
      } else if (next_is('[') || next_is(']')) {
        words.is_local_part = false;
        is_tolerated_ = true;
        words.text += text_[at_];
        words.unquoted += text_[at_++];
        after_word = true;
      } else {
        words.is_local_part = words.is_local_part && words.count != 0;
        words.has_odd_dots = words.has_odd_dots || !after_word;
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

  /// dot-atom or domain-literal, comments and folding before it skipped. A final dot is taken, too: DNS knows the name
  /// with and without it as one. The obsolete comments and folding around inner dots (RFC 5322 section 4.4) are not: a
  /// reader that does not know them stops at the first, and shows "bank.example" for "bank.example .attacker.example".
  bool take_domain(std::string& domain) {
    if (!skip_cfws()) {
      return false;
    }
    if (next_is('[')) {
      return take_domain_literal(domain);
    }
    do {
      const std::string_view atom = take_atom();
      if (atom.empty()) {
        return fail("no domain behind '@'");
      }
      domain += atom;
      if (!take('.')) {
        return true;
      }
      domain += '.';
    } while (!at_end() && is_atext(text_[at_]));
    is_tolerated_ = true;
    return true;
  }

  /// What follows the '@' of an addr-spec whose local part is `words`.
  bool take_addr_spec(Words words, AddrSpec& address) {
    if (!words.is_local_part) {
      return fail("no local part before '@'");
    }
    if (has_encoded_word(words.unquoted)) {
      return fail("an encoded-word in an address");  // RFC 2047 section 5.
    }
    // A quoted-string is the only way to write such a mailbox (RFC 5322 section 3.4.1). Beside other words it is
    // obsolete.
    if (words.count > 1 && words.unquoted.find_first_of("@<>") != std::string::npos) {
      return fail("a quoted '@', '<' or '>' in an obsolete local part");
    }
    is_tolerated_ = is_tolerated_ || words.has_odd_dots;
    ++at_;
    if (!take_domain(address.domain)) {
      return false;
    }
    if (misleading_comments_ != words.misleading_comments) {
      return fail("a comment with '@', '<' or '>' inside an address");
    }
    address.local_part = std::move(words.unquoted);
    address.text = std::move(words.text) + '@' + address.domain;
    if (!is_utf8(address.text)) {
      return fail("an address that is not UTF-8");
    }
    return !has_invisible_control(address.text) || fail("an invisible control character in an address");
  }

  bool take_angle_addr(AddrSpec& address) {
    const std::size_t misleading_comments = misleading_comments_;
    ++at_;
    Words words;
    if (!take_words(words)) {
      return false;
    }
    if (!next_is('@')) {
      return fail("no address between '<' and '>'");
    }
    words.misleading_comments = misleading_comments;  // One before the first word is between '<' and '>', too.
    if (!take_addr_spec(std::move(words), address) || !skip_cfws()) {
      return false;
    }
    if (misleading_comments_ != misleading_comments) {
      return fail("a comment with '@', '<' or '>' inside an address");
    }
    return (take('>') || fail("no '>' behind an address")) && skip_cfws();
  }

  bool accept(AddrSpec& address) {
    ++total_;
    const std::size_t begin = text_.find_first_not_of(" \t\r\n", behind_comma_);
    address.written = text_.substr(begin, at_ - begin);
    return visit_(address) || fail("too many mailboxes");
  }

  /// An addr-spec; or a display name that is one and should stand in quotes ("a@b.example <a@b.example>", "Sales @ Home
  /// <a@b.example>", also inside an encoded-word). That is the same to every reader only if it names the same domain,
  /// or none that anybody could be taken for: a single label.
  bool read_bare_address(Words words) {
    AddrSpec address;
    if (!take_addr_spec(std::move(words), address) || !skip_cfws()) {
      return false;
    }
    if (!next_is('<')) {
      return accept(address);
    }
    is_tolerated_ = true;
    AddrSpec in_brackets;
    if (!take_angle_addr(in_brackets)) {
      return false;
    }
    std::string_view named = address.domain;
    if (address.text.starts_with("=?") && named.ends_with("?=")) {
      named.remove_suffix(2);
    }
    // To convert names takes up to a tenth of a millisecond; who writes so many does it for that.
    if (!(is_ascii(named) && is_ascii(in_brackets.domain)) && ++international_names_ > kMaxInternationalNames) {
      return fail("too many display names that are addresses in other characters than ASCII");
    }
    return is_same_domain(in_brackets.domain, named) || is_single_label(named)
               ? accept(in_brackets)
               : fail("a display name that is an address of another domain");
  }

  /// The ';' may be missing at the end of the value: "Re: your order <a@b.example>" is a display name that should stand
  /// in quotes, and the addresses are the same to a reader that takes it for a group.
  bool read_group() {
    ++at_;
    if (!read_list(false)) {
      return false;
    }
    is_tolerated_ = is_tolerated_ || at_end();
    return (take(';') || at_end() || fail("a group without an end")) && skip_cfws();
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
    bool after_address = false;
    for (;;) {
      if (!skip_cfws()) {
        return false;
      }
      if (take(',')) {
        behind_comma_ = at_;
        is_tolerated_ = is_tolerated_ || !after_address;
        after_address = false;
        continue;
      }
      if (at_end() || (!is_outer && next_is(';'))) {
        is_tolerated_ = is_tolerated_ || (has_address && !after_address);
        return has_address || !is_outer || fail("no address");
      }
      if (!read_address(is_outer)) {
        return false;
      }
      has_address = true;
      after_address = true;
      const bool is_last = at_end() || (!is_outer && next_is(';'));
      if (!is_last && !next_is(',')) {
        return fail("text behind an address");
      }
    }
  }

  std::string_view text_;
  const std::function<bool(const AddrSpec&)>& visit_;
  std::size_t at_ = 0;
  std::size_t total_ = 0;
  std::size_t behind_comma_ = 0;  ///< Where the element being read begins.
  /// Something was read that the grammar does not have, or that many readers do not know (comments inside comments).
  /// Readers that search for addresses where they cannot parse then find those in quotes and comments.
  bool is_tolerated_ = false;
  std::size_t international_names_ = 0;  ///< Display names that are addresses, not all ASCII.
  std::size_t misleading_comments_ = 0;  ///< Skipped so far.
  bool has_misleading_quote_ = false;    ///< A quoted-string with '@', '<' or '>'.
  const char* what_ = "";
};

}  // namespace

Parsed<std::size_t> for_each_address(std::string_view value, const std::function<bool(const AddrSpec&)>& visit) {
  return AddressParser(value, visit).run();
}

Parsed<AddressList> parse_address_list(std::string_view value, std::size_t max_addresses) {
  AddressList list;
  const auto total = for_each_address(value, [&](const AddrSpec& address) {
    if (list.addresses.size() < max_addresses) {
      list.addresses.push_back(address);
    }
    return true;
  });
  if (!total) {
    return failure(total.error());
  }
  list.total = *total;
  return list;
}

}  // namespace assay::message
