#include "verify/dmarc/record.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "verify/base/text.h"
#include "verify/limits.h"

namespace assay::dmarc {
namespace {

/// Notes kept of one record, and octets of a tag quoted in one.
constexpr std::size_t kMaxNotes = 10;
constexpr std::size_t kMaxQuotedOctets = 60;

void note(Record& record, std::string_view what, std::string_view tag) {
  if (record.notes.size() < kMaxNotes) {
    record.notes.push_back(std::string(what) + ": " + std::string(tag.substr(0, kMaxQuotedOctets)));
  }
}

/// The text up to `separator`, which is removed with it; all of it if there is none.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

// dmarc-request
std::optional<Policy> read_policy(std::string_view value) {
  for (const Policy policy : {Policy::None, Policy::Quarantine, Policy::Reject}) {
    if (iequals(value, to_string(policy))) {
      return policy;
    }
  }
  return std::nullopt;
}

bool is_uri_char(char c) {
  constexpr std::string_view kMarks = "-._~:/?#[]@$&'()*+;=";
  return is_alnum(c) || kMarks.find(c) != std::string_view::npos;
}

bool is_hex_digit(char c) {
  return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f');
}

/// A URI of RFC 3986 as far as its octets and its scheme go; '!' and ',' must be encoded in it (section 4.8). Nothing
/// after the scheme is no address to report to, though the generic grammar has it.
bool is_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon + 1 == text.size() || !is_alpha(text.front())) {
    return false;
  }
  const std::string_view scheme = text.substr(0, colon);
  if (!std::all_of(scheme.begin(), scheme.end(),
                   [](char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; })) {
    return false;
  }
  for (std::size_t i = colon + 1; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !is_hex_digit(text[i + 1]) || !is_hex_digit(text[i + 2])) {
        return false;
      }
    } else if (!is_uri_char(text[i])) {
      return false;
    }
  }
  return true;
}

/// Without the obs-dmarc-report-size at its end, if there is one: "!" 1*DIGIT [ "k" / "m" / "g" / "t" ].
std::string_view without_size(std::string_view uri) {
  const std::size_t mark = uri.rfind('!');
  if (mark == std::string_view::npos) {
    return uri;
  }
  std::string_view size = uri.substr(mark + 1);
  if (!size.empty() && std::string_view("kmgt").find(to_lower(size.back())) != std::string_view::npos) {
    size.remove_suffix(1);
  }
  return !size.empty() && std::all_of(size.begin(), size.end(), is_digit) ? uri.substr(0, mark) : uri;
}

/// dmarc-urilist: the valid ones of it.
std::vector<std::string> read_uris(std::string_view list) {
  std::vector<std::string> uris;
  while (!list.empty()) {
    const std::string_view uri = without_size(trim_wsp(take_until(list, ',')));
    if (!uri.empty() && is_uri(uri)) {
      uris.emplace_back(uri);
    }
  }
  return uris;
}

/// dmarc-fo: each of 0, 1, d and s at most once, and 0 not with 1.
bool is_failure_options(std::string_view value) {
  std::string seen;
  if (value.ends_with(':')) {
    return false;
  }
  while (!value.empty()) {
    const std::string_view option = take_until(value, ':');
    if (option.size() != 1 || seen.find(option) != std::string::npos) {
      return false;
    }
    seen += option;
  }
  return !seen.empty() && seen.find_first_not_of("01ds") == std::string::npos &&
         (seen.find('0') == std::string::npos || seen.find('1') == std::string::npos);
}

/// The two words of a flag, in any letter case; `flag` is left alone by any other.
bool read_flag(std::string_view value, const char* yes, const char* no, bool& flag) {
  if (iequals(value, yes)) {
    flag = true;
    return true;
  }
  return iequals(value, no);
}

bool read_public_suffix(std::string_view value, PublicSuffix& out) {
  constexpr std::array<std::pair<const char*, PublicSuffix>, 3> kWords{
      {{"y", PublicSuffix::Yes}, {"n", PublicSuffix::No}, {"u", PublicSuffix::Unknown}}};
  for (const auto& [word, meaning] : kWords) {
    if (iequals(value, word)) {
      out = meaning;
      return true;
    }
  }
  return false;
}

/// dmarc-percent of RFC 7489 section 6.4: one to three digits, at most 100.
std::optional<unsigned> read_percent(std::string_view value) {
  constexpr std::size_t kMaxDigits = 3;
  constexpr unsigned kAll = 100;
  if (value.empty() || value.size() > kMaxDigits || !std::all_of(value.begin(), value.end(), is_digit)) {
    return std::nullopt;
  }
  const auto percent = static_cast<unsigned>(std::stoul(std::string(value)));
  return percent <= kAll ? std::optional<unsigned>(percent) : std::nullopt;
}

/// Reads one known tag, whose name is in lower case. False if its value is invalid and the default stays.
bool read_tag(std::string_view name, std::string_view value, Record& record) {
  if (name == "p" || name == "sp" || name == "np") {
    auto& policy = name == "p" ? record.policy : name == "sp" ? record.subdomain_policy : record.nonexistent_policy;
    policy = read_policy(value);
    // These three alone must not fall back to a default (section 4.10.1).
    record.has_invalid_policy = record.has_invalid_policy || !policy;
    record.has_invalid_subdomain_policy = record.has_invalid_subdomain_policy || (name == "sp" && !policy);
    return policy.has_value();
  }
  if (name == "adkim") {
    return read_flag(value, "s", "r", record.strict_dkim);
  }
  if (name == "aspf") {
    return read_flag(value, "s", "r", record.strict_spf);
  }
  if (name == "t") {
    return read_flag(value, "y", "n", record.testing);
  }
  if (name == "psd") {
    return read_public_suffix(value, record.public_suffix);
  }
  if (name == "pct") {
    record.percent = read_percent(value);
    return true;  // To RFC 9989 any value of an unknown tag is as good as another.
  }
  if (name == "fo") {
    const std::string options = to_lower(value);
    const bool valid = is_failure_options(options);
    if (valid) {
      record.failure_options = options;
    }
    return valid;
  }
  auto& uris = name == "rua" ? record.aggregate_uris : record.failure_uris;
  uris = read_uris(value);
  return !uris.empty();
}

constexpr std::array<std::string_view, 11> kTags{"p",   "sp",  "np", "adkim", "aspf", "t",
                                                 "psd", "pct", "fo", "rua",   "ruf"};

/// Reads one "name=value" after the version.
void read_tag(std::string_view tag, std::vector<bool>& seen, Record& record) {
  const std::size_t equals = tag.find('=');
  if (equals == std::string_view::npos) {
    note(record, "not a tag", tag);
    return;
  }
  // Tag names are ABNF literals: any letter case.
  const std::string name = to_lower(trim_wsp(tag.substr(0, equals)));
  const auto* const known = std::find(kTags.begin(), kTags.end(), name);
  if (known == kTags.end()) {
    return;  // "Unknown tags MUST be ignored" (section 4.7).
  }
  // The RFC is silent on repetitions; its errors are discarded one by one, so the first stays.
  const auto index = static_cast<std::size_t>(known - kTags.begin());
  if (seen[index]) {
    note(record, "repeated", tag);
    return;
  }
  seen[index] = true;
  if (!read_tag(name, trim_wsp(tag.substr(equals + 1)), record)) {
    note(record, "invalid value", tag);
  }
}

/// Reads a text of any size. One beyond the bound is still known to be a DMARC record or not; as a record it is
/// unusable, since what it says is not read.
std::optional<Record> read_record(std::string_view text) {
  if (text.size() <= Limits::kRecordOctets) {
    return parse_record(text);
  }
  auto record = parse_record(text.substr(0, std::min(text.find(';'), Limits::kRecordOctets)));
  if (record) {
    record->has_invalid_policy = true;
    record->notes.push_back("longer than " + std::to_string(Limits::kRecordOctets) + " octets: not read");
  }
  return record;
}

Published read_records(const std::vector<std::string>& texts) {
  Published published;
  for (const std::string& text : texts) {
    auto record = read_record(text);
    if (record && ++published.records == 1) {
      published.only = std::move(record);
    }
  }
  if (published.records != 1) {
    published.only.reset();
  }
  return published;
}

}  // namespace

std::optional<Record> parse_record(std::string_view text) {
  std::string_view rest = text;
  // dmarc-version = "v" equals %s"DMARC1": no blank before it, nothing but blanks around the '='.
  const std::string_view version = take_until(rest, ';');
  const std::size_t equals = version.find('=');
  if (equals == std::string_view::npos || to_lower(version.front()) != 'v' ||
      !trim_wsp(version.substr(1, equals - 1)).empty() || trim_wsp(version.substr(equals + 1)) != "DMARC1") {
    return std::nullopt;
  }
  Record record;
  record.text = text;
  std::vector<bool> seen(kTags.size());
  while (!rest.empty()) {
    const std::string_view tag = trim_wsp(take_until(rest, ';'));
    if (!tag.empty()) {  // A stray ';' says nothing.
      read_tag(tag, seen, record);
    }
  }
  if (record.failure_uris.empty()) {
    record.failure_options = "0";
  }
  return record;
}

const Published& records_of(const dns::Answer& answer) {
  return answer.parsed.get<Published>([&answer] { return read_records(answer.texts); });
}

}  // namespace assay::dmarc
