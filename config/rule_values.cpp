#include "config/rule_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>

#include "config/rule_words.h"
#include "config/wording.h"
#include "policy/condition.h"
#include "policy/decision.h"
#include "verify/base/domain.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::config {
namespace {

using policy::Fact;

/// Names of rules that the program itself gives, in any letter case: nobody tells Policy.BadFrom from policy.bad_from.
bool is_reserved(std::string_view name) {
  constexpr std::array<std::string_view, 2> kNames{"default", "local"};
  constexpr std::array<std::string_view, 4> kPrefixes{"policy.", "limits.", "arc.", "assay."};
  const auto is_name = [name](std::string_view own) { return iequals(name, own); };
  return std::any_of(kNames.begin(), kNames.end(), is_name) ||
         std::any_of(policy::kBesidePolicy.begin(), policy::kBesidePolicy.end(), is_name) ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [name](std::string_view prefix) { return iequals(name.substr(0, prefix.size()), prefix); });
}

/// [A-Za-z0-9._-]
bool is_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_ascii(c) && !is_control(c); });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return is_control(c); });
}

std::optional<unsigned> parse_number(std::string_view text, std::size_t most_digits) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  const bool is_number = !text.empty() && text.size() <= most_digits && error == std::errc{} && stopped == end;
  return is_number ? std::optional(value) : std::nullopt;
}

/// RFC 3463 section 2: one to three digits, "expressed without leading zero digits".
bool is_status_part(std::string_view digits) {
  return parse_number(digits, 3) && (digits.size() == 1 || digits.front() != '0');
}

/// RFC 2034 section 4: class "." subject "." detail.
bool is_enhanced_code(std::string_view text) {
  const auto first = text.find('.');
  const auto second = text.find('.', first + 1);
  return first == 1 && second != std::string_view::npos && parse_number(text.substr(0, first), 1) &&
         is_status_part(text.substr(first + 1, second - first - 1)) && is_status_part(text.substr(second + 1));
}

}  // namespace

Complaint check_rule_name(std::string_view name) {
  if (name.empty() || name.size() > policy::kMaxRuleNameOctets) {
    return "must have 1 to " + std::to_string(policy::kMaxRuleNameOctets) + " characters";
  }
  if (!is_word(name)) {
    return "may hold letters, digits, '.', '_' and '-' alone";
  }
  if (is_reserved(name)) {
    return "is a name that the program itself gives: choose another, such as " + quote("my-" + std::string(name));
  }
  return std::nullopt;
}

Complaint check_tag(std::string_view tag) {
  if (tag.empty() || tag.size() > policy::kMaxTagOctets) {
    return "must have 1 to " + std::to_string(policy::kMaxTagOctets) + " characters";
  }
  return is_word(tag) ? std::nullopt : Complaint("may hold letters, digits, '.', '_' and '-' alone");
}

Complaint check_reply_text(std::string_view text) {
  constexpr std::array<std::string_view, 3> kPlaceholders{"{from_domain}", "{reason}", "{rule}"};
  if (text.empty() || text.size() > policy::kMaxReplyOctets) {
    return "must have 1 to " + std::to_string(policy::kMaxReplyOctets) + " characters";
  }
  if (!is_printable_ascii(text)) {
    return "may hold printable ASCII alone, on one line";
  }
  for (std::size_t at = text.find_first_of("{}"); at != std::string_view::npos; at = text.find_first_of("{}", at)) {
    const auto* const found = std::find_if(kPlaceholders.begin(), kPlaceholders.end(),
                                           [&](std::string_view word) { return text.substr(at, word.size()) == word; });
    if (found == kPlaceholders.end()) {
      return "has braces around something that is not filled in: {from_domain}, {reason} and {rule} are";
    }
    at += found->size();
  }
  return std::nullopt;
}

Complaint check_claim(std::string_view text) {
  const auto at = text.find('=');
  const std::string_view method = text.substr(0, at);
  const std::string_view result = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  const auto fact = policy::find_fact(method);
  if (at == std::string_view::npos || !fact || (*fact != Fact::Spf && *fact != Fact::Dkim && *fact != Fact::Dmarc)) {
    return "is not METHOD=RESULT with spf, dkim or dmarc, such as dmarc=pass";
  }
  const auto words = policy::words_of(*fact);
  if (!is_among(words, result)) {
    return "has a result that is not " + join(words, " or ") + which_word(result, words);
  }
  return std::nullopt;
}

Complaint check_recipient(std::string_view text) {
  if (text.size() > 1 && text.front() == '@') {
    return "needs something before the @: write \"*" + escape(text, kMaxQuotedOctets) + "\" for all of that domain";
  }
  const bool is_all = text.substr(0, 2) == "*@";
  // The domain may be written with U-labels, as in every other condition.
  const auto at = text.rfind('@');
  const auto domain = Domain::parse(at == std::string_view::npos ? text : text.substr(at + 1));
  if (at == std::string_view::npos || !domain ||
      check_address((is_all ? "a" : std::string(text.substr(0, at))) + "@" + domain->str()) ||
      (!is_all && text.find('*') != std::string_view::npos)) {
    return "is not a mail address such as postmaster@example.net or \"*@example.net\"";
  }
  return std::nullopt;
}

Complaint check_word(std::string_view text) {
  if (text.empty() || text.size() > kMaxWordOctets || has_control(text)) {
    return "must have 1 to " + std::to_string(kMaxWordOctets) + " characters, none of them a control character";
  }
  return std::nullopt;
}

Complaint check_comment(std::string_view text) {
  if (text.empty() || text.size() > kMaxCommentOctets) {
    return "must have 1 to " + std::to_string(kMaxCommentOctets) + " octets";
  }
  return has_control(text) || !is_utf8(text) ? Complaint("must be one line of text") : std::nullopt;
}

Parsed<policy::ReplyTemplate> parse_code(std::string_view text, char wanted) {
  const std::string example = wanted == '4' ? "451, 4.7.1 or 451 4.7.1" : "550, 5.7.1 or 550 5.7.1";
  policy::ReplyTemplate reply;
  std::string_view enhanced = text;
  if (const auto blank = text.find(' '); blank != std::string_view::npos || text.find('.') == std::string_view::npos) {
    const std::string_view basic = text.substr(0, blank);
    const auto number = parse_number(basic, 3);
    if (!number || basic.size() != 3) {
      return parse_error("is not an SMTP code such as " + example);
    }
    reply.code = static_cast<int>(*number);
    enhanced = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
    if (blank != std::string_view::npos && enhanced.empty()) {
      return parse_error("is not an SMTP code such as " + example);
    }
    if (basic.front() != wanted) {
      return parse_error(std::string("does not fit: this action answers ") + wanted + "xx, such as " + example);
    }
    // RFC 5321 section 3.8: the server closes the connection after 421. By 521 a host says that it never takes mail
    // (RFC 7504 section 3), and Postfix closes the connection, too.
    if (*number == 421 || *number == 521) {
      return parse_error(std::string("ends the connection, and other messages with it: use ") +
                         (wanted == '4' ? "451" : "550"));
    }
  }
  if (!enhanced.empty()) {
    if (!is_enhanced_code(enhanced)) {
      return parse_error("is not an SMTP code such as " + example);
    }
    if (enhanced.front() != wanted) {
      return parse_error(std::string("does not fit: this action answers ") + wanted + ".x.x, such as " + example);
    }
    reply.enhanced = enhanced;
  }
  return reply;
}

Parsed<Time> parse_last_day(std::string_view text) {
  constexpr std::size_t kOctets = 10;
  const auto year = parse_number(text.substr(0, std::min<std::size_t>(4, text.size())), 4);
  if (text.size() != kOctets || text[4] != '-' || text[7] != '-' || !year || !parse_number(text.substr(5, 2), 2) ||
      !parse_number(text.substr(8, 2), 2)) {
    return parse_error("is not a date such as 2026-12-31");
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*parse_number(text.substr(5, 2), 2)),
                                         std::chrono::day(*parse_number(text.substr(8, 2), 2))};
  constexpr unsigned kFirstYear = 1970;
  if (!date.ok() || *year < kFirstYear) {
    return parse_error("is no day of the calendar");
  }
  return Time(std::chrono::sys_days(date) + std::chrono::days(1));
}

}  // namespace assay::config
