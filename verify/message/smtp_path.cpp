#include "verify/message/smtp_path.h"

#include <algorithm>
#include <cstddef>

#include "verify/base/domain.h"
#include "verify/base/text.h"

namespace assay::message {
namespace {

/// Parts of a path, as written.
struct Parts {
  std::string_view mailbox;
  std::string_view local_part;
  std::string_view domain;
};

/// atext (RFC 5322 section 3.2.3, RFC 6531 section 3.3) and the dots of a Dot-string.
bool is_dot_string_char(char c) noexcept {
  return is_alnum(c) || !is_ascii(c) || std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
}

/// The octets of sub-domains (RFC 5321 section 4.1.2, RFC 6531 section 3.3), underscores, and dots between them.
bool is_domain_char(char c) noexcept {
  return is_alnum(c) || !is_ascii(c) || c == '-' || c == '_' || c == '.';
}

/// dcontent of an address literal.
bool is_literal_char(char c) noexcept {
  return is_ascii(c) && !is_control(c) && c != ' ' && c != '[' && c != ']' && c != '\\';
}

class PathParser {
 public:
  explicit PathParser(std::string_view text) noexcept : text_(text) {}

  std::optional<Parts> run() noexcept {
    const bool has_brackets = take('<');
    Parts parts;
    const bool is_null = has_brackets ? next_is('>') : at_end();
    if (!is_null && !take_lone_domain(parts) && (!skip_route() || !take_mailbox(parts))) {
      return std::nullopt;
    }
    if ((has_brackets && !take('>')) || !(at_end() || is_wsp(text_[at_]))) {
      return std::nullopt;
    }
    return parts;
  }

 private:
  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
  [[nodiscard]] bool next_is(char c) const noexcept { return !at_end() && text_[at_] == c; }
  bool take(char c) noexcept {
    const bool is_next = next_is(c);
    at_ += is_next ? 1U : 0U;
    return is_next;
  }
  template <class Wanted>
  bool take_while(Wanted wanted) noexcept {
    const std::size_t begin = at_;
    while (!at_end() && wanted(text_[at_])) {
      ++at_;
    }
    return at_ != begin;
  }

  /// "@" Domain with nothing behind it: an address without a local part (RFC 7208 section 4.3).
  bool take_lone_domain(Parts& parts) noexcept {
    const std::size_t begin = at_;
    if (take('@') && take_domain() && (at_end() || next_is('>') || is_wsp(text_[at_]))) {
      parts.mailbox = text_.substr(begin, at_ - begin);
      parts.domain = parts.mailbox.substr(1);
      return true;
    }
    at_ = begin;
    return false;
  }

  /// A-d-l ":", or nothing.
  bool skip_route() noexcept {
    if (!next_is('@')) {
      return true;
    }
    do {
      if (!take('@') || !take_domain()) {
        return false;
      }
    } while (take(','));
    return take(':');
  }

  /// Dots stand between labels; one may stand behind the last.
  bool take_domain() noexcept {
    if (take('[')) {
      return take_while(is_literal_char) && take(']');
    }
    const std::size_t begin = at_;
    if (!take_while(is_domain_char)) {
      return false;
    }
    const std::string_view name = text_.substr(begin, at_ - begin);
    return !name.starts_with('.') && name.find("..") == std::string_view::npos;
  }

  /// Any octets are taken for qtextSMTP: an MTA that took one in refuses none of what it quotes itself.
  bool take_quoted_string() noexcept {
    while (!at_end() && !next_is('"')) {
      at_ = std::min(at_ + (next_is('\\') ? 2U : 1U), text_.size());
    }
    return take('"');
  }

  bool take_mailbox(Parts& parts) noexcept {
    const std::size_t begin = at_;
    if (!(take('"') ? take_quoted_string() : take_while(is_dot_string_char))) {
      return false;
    }
    parts.local_part = text_.substr(begin, at_ - begin);
    if (take('@')) {
      const std::size_t domain = at_;
      if (!take_domain()) {
        return false;
      }
      parts.domain = text_.substr(domain, at_ - domain);
    }
    parts.mailbox = text_.substr(begin, at_ - begin);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<Parts> find_parts(std::string_view text) noexcept {
  return PathParser(trim_wsp(text)).run();
}

std::string unquoted(std::string_view local_part) {
  if (!local_part.starts_with('"')) {
    return std::string(local_part);
  }
  std::string out;
  for (std::size_t i = 1; i + 1 < local_part.size(); ++i) {
    i += local_part[i] == '\\' ? 1U : 0U;  // The parser saw that another octet follows.
    out += local_part[i];
  }
  return out;
}

std::string_view without_last_dot(std::string_view name) noexcept {
  return name.substr(0, name.size() - (name.ends_with('.') ? 1U : 0U));
}

}  // namespace

std::optional<SmtpPath> parse_smtp_path(std::string_view text) {
  const auto parts = find_parts(text);
  if (!parts) {
    return std::nullopt;
  }
  return SmtpPath{std::string(parts->mailbox), unquoted(parts->local_part), std::string(parts->domain),
                  parts->mailbox.empty()};
}

std::string read_smtp_path(std::string_view argument, const std::optional<std::string>& mta) {
  const auto given = find_parts(argument);
  if (given && (given->mailbox.empty() || !given->domain.empty())) {
    return std::string(given->mailbox);
  }
  // Of an address without a domain the MTA knows which it means (Postfix: $myorigin). What it says is the address
  // alone, Sendmail's null path with its brackets.
  const auto told = mta ? find_parts(*mta) : std::nullopt;
  if (told && (told->mailbox == *mta || *mta == "<>") && (!given || !told->domain.empty())) {
    return std::string(told->mailbox);
  }
  return std::string(given ? given->mailbox : argument);
}

std::string_view domain_of_path(std::string_view path) noexcept {
  const auto parts = find_parts(path);
  return parts ? parts->domain : std::string_view();
}

bool is_same_domain(std::string_view a, std::string_view b) {
  if (iequals(without_last_dot(a), without_last_dot(b))) {
    return true;
  }
  if (is_ascii(a) && is_ascii(b)) {
    return false;
  }
  const auto name = Domain::parse(a);
  const auto other = Domain::parse(b);
  return name && other && *name == *other;
}

bool is_same_mailbox(std::string_view a, std::string_view b) {
  const auto one = parse_smtp_path(a);
  const auto other = parse_smtp_path(b);
  return one && other && iequals(one->local_part, other->local_part) && is_same_domain(one->domain, other->domain);
}

}  // namespace assay::message
