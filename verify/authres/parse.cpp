#include "verify/authres/parse.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "verify/authres/syntax.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::authres {
namespace {

constexpr std::size_t kMaxResults = 100;
constexpr std::size_t kMaxProperties = 20;  ///< Of one result, the dropped ones counted.
/// Comments inside comments that are followed. Readers that recurse give up somewhere; nobody writes five.
constexpr std::size_t kMaxCommentDepth = 20;

// RFC 5321 section 4.1.2 (Keyword), and '_', which local property names use.
bool is_keyword_char(char c) {
  return is_alnum(c) || c == '-' || c == '_';
}

/// A position in the value that remembers its first error; after it, every read yields nothing.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  [[nodiscard]] bool failed() const { return error_.has_value(); }
  [[nodiscard]] const ParseError& error() const { return *error_; }
  [[nodiscard]] bool at_end() const { return failed() || pos_ == text_.size(); }
  [[nodiscard]] bool at(char c) const { return !at_end() && text_[pos_] == c; }
  [[nodiscard]] std::size_t position() const { return pos_; }

  void fail(const char* what) {
    if (!error_) {
      error_ = ParseError{what, pos_};
    }
  }

  bool take(char c) {
    if (!at(c)) {
      return false;
    }
    ++pos_;
    return true;
  }

  /// CFWS of RFC 5322 section 3.2.2, if any.
  void skip_cfws() {
    while (!at_end()) {
      if (is_crlf_or_wsp(text_[pos_])) {
        ++pos_;
      } else if (text_[pos_] == '(') {
        skip_comment();
      } else {
        return;
      }
    }
  }

  template <class Accept>
  std::string_view take_while(Accept accept) {
    const std::size_t begin = pos_;
    while (!at_end() && accept(text_[pos_])) {
      ++pos_;
    }
    return text_.substr(begin, pos_ - begin);
  }

  std::string keyword(const char* missing) {
    const std::string_view word = take_while(is_keyword_char);
    if (word.empty()) {
      fail(missing);
    }
    return to_lower(word);
  }

  /// The content of a quoted-string whose first quote is next, its quoted-pairs undone and its folds removed.
  std::string quoted_string() {
    std::string content;
    ++pos_;
    while (!at_end()) {
      const char c = text_[pos_++];
      if (c == '"') {
        return content;
      }
      if (c == '\\' && !at_end()) {
        content += text_[pos_++];
      } else if (c != '\r' && c != '\n') {
        content += c;
      }
    }
    fail("a quoted-string without its end");
    return {};
  }

  /// value = token / quoted-string (RFC 2045 section 5.1). A token may hold UTF-8, for internationalized mail
  /// (section 2.5).
  std::string value(const char* missing) {
    if (at('"')) {
      return quoted_string();
    }
    const std::string_view token = take_while([](char c) { return is_token_char(c) || !is_ascii(c); });
    if (token.empty() || !is_utf8(token)) {
      fail(missing);
    }
    return std::string(token);
  }

  /// pvalue (section 2.2) without the CFWS around it. An unquoted one is taken up to the next separator, since writers
  /// forget the quotes that '/', ':' and '=' need.
  std::string property_value() {
    std::string local_part;
    if (at('"')) {
      const std::size_t begin = pos_;
      std::string content = quoted_string();
      const std::string_view raw = text_.substr(begin, pos_ - begin);
      if (!is_at_sign_next()) {
        return content;
      }
      local_part = raw;
    } else {
      local_part = take_unquoted();
      if (local_part.find('@') != std::string::npos || !is_at_sign_next()) {
        return local_part;
      }
    }
    // [local-part] "@" domain-name, where the local-part may end in CFWS (RFC 5322 section 3.2.3).
    skip_cfws();
    return local_part.append(take_unquoted());
  }

 private:
  void skip_comment() {
    std::size_t depth = 0;
    do {
      if (at_end()) {
        fail("a comment without its end");
        return;
      }
      const char c = text_[pos_++];
      if (c == '(' && ++depth > kMaxCommentDepth) {
        fail("comments nested too deep");
        return;
      }
      if (c == ')') {
        --depth;
      } else if (c == '\\' && !at_end()) {
        ++pos_;
      }
    } while (depth != 0);
  }

  std::string_view take_unquoted() {
    return take_while(
        [](char c) { return !is_wsp(c) && !is_control(c) && c != ';' && c != '(' && c != ')' && c != '"'; });
  }

  /// Whether '@' comes next, CFWS skipped; does not move.
  [[nodiscard]] bool is_at_sign_next() const {
    Cursor ahead = *this;
    ahead.skip_cfws();
    return ahead.at('@');
  }

  std::string_view text_;
  std::size_t pos_ = 0;
  std::optional<ParseError> error_;
};

/// 1*DIGIT as a version; anything above 9 is none that we know.
unsigned read_version(Cursor& in) {
  const std::string_view digits = in.take_while(is_digit);
  if (digits.empty()) {
    in.fail("expected a version number");
    return 0;
  }
  const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  constexpr unsigned kUnknown = 10;
  return digits.size() - first == 1 ? static_cast<unsigned>(digits[first] - '0') : kUnknown;
}

/// What follows the result: [CFWS reasonspec] [CFWS 1*propspec].
void read_properties(Cursor& in, Result& result) {
  std::size_t count = 0;
  for (in.skip_cfws(); !in.at_end() && !in.at(';'); in.skip_cfws()) {
    if (++count > kMaxProperties) {
      in.fail("too many properties");
      return;
    }
    std::string name = in.keyword("expected a property");
    in.skip_cfws();
    bool has_type = in.take('.');
    if (has_type) {
      in.skip_cfws();
      // Some name a property with a dot in it ("smtp.remote.ip"): still one name.
      name.append(1, '.').append(to_lower(in.take_while([](char c) { return is_keyword_char(c) || c == '.'; })));
      in.skip_cfws();
    }
    if (!in.take('=')) {
      in.fail("expected '=' after a property's name");
      return;
    }
    in.skip_cfws();
    const std::size_t begin = in.position();
    std::string value = in.property_value();
    if (has_type && in.position() != begin) {
      result.properties.emplace_back(std::move(name), std::move(value));
    } else if (name == "reason" && result.reason.empty()) {
      result.reason = std::move(value);
    }
  }
}

/// resinfo after its ';' and CFWS. nullopt if it says nothing: "none" alone, or a version of the method that is not 1.
std::optional<Result> read_result(Cursor& in) {
  Result result;
  result.method = in.keyword("expected a method");
  in.skip_cfws();
  if (result.method == "none" && (in.at_end() || in.at(';'))) {
    return std::nullopt;
  }
  unsigned version = 1;
  if (in.take('/')) {
    in.skip_cfws();
    version = read_version(in);
    in.skip_cfws();
  }
  if (!in.take('=')) {
    in.fail("expected '=' after a method");
    return std::nullopt;
  }
  in.skip_cfws();
  result.result = in.keyword("expected a result");
  read_properties(in, result);
  // "If the version is not supported, SHOULD ignore" (section 2.6).
  return version == 1 ? std::optional<Result>(std::move(result)) : std::nullopt;
}

}  // namespace

Parsed<AuthenticationResults> parse(std::string_view value) {
  Cursor in(value);
  AuthenticationResults out;
  in.skip_cfws();
  out.authserv_id = in.value("expected an authserv-id");
  in.skip_cfws();
  if (!in.at_end() && !in.at(';')) {
    out.version = read_version(in);
    in.skip_cfws();
  }
  if (!in.failed() && out.version != 1) {
    in.fail("a version of the field that is not 1");
  }
  if (out.authserv_id.empty()) {
    in.fail("an empty authserv-id");
  }
  std::size_t count = 0;
  while (!in.at_end()) {
    if (!in.take(';')) {
      in.fail("expected ';'");
      break;
    }
    in.skip_cfws();
    if (in.at_end() || in.at(';')) {
      continue;
    }
    if (++count > kMaxResults) {
      in.fail("too many results");
      break;
    }
    if (auto result = read_result(in)) {
      out.results.push_back(*std::move(result));
    }
  }
  if (in.failed()) {
    return failure(in.error());
  }
  return out;
}

}  // namespace assay::authres
