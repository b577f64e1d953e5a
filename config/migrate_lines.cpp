#include "config/migrate_lines.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "config/suggest.h"
#include "verify/base/ip_address.h"
#include "verify/base/text.h"

namespace assay::config {
namespace {

/// As isspace of the "C" locale, which the programs use; a line end is none here.
bool is_blank(char c) {
  return is_wsp(c) || c == '\r' || c == '\v' || c == '\f';
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

/// U+FEFF in UTF-8, which some editors write in front of a file.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// What stands in place of a value that nobody should find in a configuration, a log or a terminal.
constexpr const char* kHidden = "(not shown)";

/// Whether a value is, or may hold, a password: that of LDAP (also misspelt), and data base sources such as
/// dsn:mysql://user:word@host.
bool is_secret(std::string_view option, std::string_view value) {
  return to_lower(option).find("passw") != std::string::npos ||
         (value.find("://") != std::string_view::npos && value.find('@') != std::string_view::npos) ||
         value.find("PRIVATE KEY") != std::string_view::npos;
}

void refuse(PeerLine& line, std::string why) {
  line.counts = false;
  line.result.status = LineStatus::Unknown;
  line.result.why = std::move(why);
}

std::string unknown_option(Peer peer, const std::string& name) {
  constexpr std::size_t kMaxNameOctets = 40;  // The longest has 28; beyond, nothing is near.
  std::vector<std::string> names;
  for (const PeerOption& option : peer_options()) {
    if (option.peer == peer && name.size() <= kMaxNameOctets) {
      names.emplace_back(option.name);
    }
  }
  const auto meant = suggest(name, names);
  return std::string(to_string(peer)) +
         (peer == Peer::PolicydSpf ? " ignores this option, which it does not know"
                                   : " does not start with this option, which it does "
                                     "not know") +
         (meant ? ": is it " + *meant + "?" : "");
}

/// What is wrong with a value, by its option's type; empty if nothing is.
std::string check_value(const PeerOption& option, std::string_view value) {
  const std::string program = to_string(option.peer);
  if (value.empty()) {
    return option.peer == Peer::PolicydSpf && option.type == PeerType::Text
               ? ""
               : program + " does not start with this option without a value";
  }
  if (option.type == PeerType::Boolean &&
      std::string_view("tTyY1fFnN0").find(value.front()) == std::string_view::npos) {
    return program + " does not start with this value: it is neither true nor false";
  }
  int number = 0;
  if (option.type == PeerType::Integer && !parse_peer_number(option.peer, value, number)) {
    return program + " does not start with this value: it is no number";
  }
  return {};
}

/// NAME, white space, VALUE: OpenDKIM, OpenDMARC, OpenARC (config.c), which cut a line at the first CR, too. False if
/// the line says nothing.
bool split_by_blank(std::string_view text, MigratedLine& line) {
  text = trim_blanks(text.substr(0, text.find_first_of("#\r")));
  if (text.empty()) {
    return false;
  }
  const auto end = std::min(text.find_first_of(" \t"), text.size());
  line.option = text.substr(0, end);
  line.value = trim_blanks(text.substr(end));
  return true;
}

/// NAME = VALUE: policyd-spf, where a line with none or several '=' is ignored. False if the line says nothing.
bool split_by_sign(std::string_view text, MigratedLine& line, bool& is_malformed) {
  text = trim_blanks(text.substr(0, text.find('#')));
  if (text.empty()) {
    return false;
  }
  const auto sign = text.find('=');
  is_malformed = sign == std::string_view::npos || text.find('=', sign + 1) != std::string_view::npos;
  line.option = trim_blanks(text.substr(0, sign));
  line.value = sign == std::string_view::npos ? std::string_view() : trim_blanks(text.substr(sign + 1));
  return true;
}

/// Reads one line; false if it says nothing.
bool read_line(Peer peer, std::string_view text, PeerLine& line) {
  bool is_malformed = false;
  if (peer == Peer::Hosts) {
    line.result.value = trim_blanks(text.substr(0, text.find('#')));
    line.result.status = LineStatus::NoEqual;
    line.counts = true;
    return !line.result.value.empty();
  }
  if (peer == Peer::PolicydSpf ? !split_by_sign(text, line.result, is_malformed) : !split_by_blank(text, line.result)) {
    return false;
  }
  if (text.size() > kMaxPeerLineOctets) {
    refuse(line, "longer than " + std::to_string(kMaxPeerLineOctets) + " octets, which is all that " + to_string(peer) +
                     " reads at once: what it makes of the rest is not known");
  } else if (is_malformed) {
    refuse(line, "policyd-spf ignores this line: it is not NAME = VALUE");
  } else if (line.known = find_peer_option(peer, line.result.option); line.known == nullptr) {
    refuse(line, unknown_option(peer, line.result.option));
  } else if (std::string wrong = check_value(*line.known, line.result.value); !wrong.empty()) {
    refuse(line, std::move(wrong));
  } else {
    line.counts = true;
    // Migrated is what the value must first prove.
    line.result.status = line.known->status == LineStatus::Migrated ? LineStatus::NoEqual : line.known->status;
    line.result.why = line.known->why;
  }
  if (is_secret(line.result.option, line.result.value)) {
    line.result.value = kHidden;
    line.is_hidden = true;
  }
  return true;
}

/// Of several lines the last counts: config_get() of the milters finds the newest, policyd-spf writes over.
void drop_repeated(std::vector<PeerLine>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    PeerLine& line = lines[i];
    if (!line.counts || line.known == nullptr || iequals(line.known->name, "Include")) {
      continue;
    }
    for (std::size_t later = lines.size() - 1; later > i; --later) {
      if (lines[later].counts && lines[later].known == line.known) {
        line.counts = false;
        line.result.status = LineStatus::NoEqual;
        line.result.why = "repeated: " + std::string(to_string(line.peer)) + " takes the last, line " +
                          std::to_string(lines[later].result.line);
        break;
      }
    }
  }
}

}  // namespace

bool parse_peer_number(Peer peer, std::string_view text, int& number) {
  // int() of Python, and strtol() with base 0, as far as configurations use them.
  const bool is_negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    text.remove_prefix(1);
  }
  int base = 10;
  if (peer == Peer::PolicydSpf) {
    base = 10;
  } else if (istarts_with(text, "0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
  }
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc{} || stopped != end || number < 0) {
    return false;
  }
  number = is_negative ? -number : number;
  return true;
}

std::vector<PeerLine> read_peer_lines(const PeerFile& file) {
  std::vector<PeerLine> lines;
  std::string_view rest = file.text;
  const bool has_mark = rest.substr(0, kByteOrderMark.size()) == kByteOrderMark;
  rest.remove_prefix(has_mark ? kByteOrderMark.size() : 0);
  for (int number = 1; !rest.empty(); ++number) {
    const auto end = std::min(rest.find('\n'), rest.size());
    PeerLine line;
    line.peer = file.peer;
    line.result.file = file.name;
    line.result.line = number;
    const bool says_something = read_line(file.peer, rest.substr(0, end), line);
    if (number == 1 && has_mark) {
      refuse(line, "begins with a byte order mark (U+FEFF), which " +
                       std::string(file.peer == Peer::Hosts ? "the programs take"
                                                            : to_string(file.peer) + std::string(" takes")) +
                       " for a part of the line: remove it");
    }
    if (says_something || (number == 1 && has_mark)) {
      lines.push_back(std::move(line));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  drop_repeated(lines);
  return lines;
}

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> elements;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    if (const auto element = trim_blanks(text.substr(0, end)); !element.empty()) {
      elements.emplace_back(element);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return elements;
}

std::optional<Domain> read_peer_domain(const std::string& text, std::size_t least_labels) {
  const auto domain = Domain::parse(text);
  if (!domain || domain->label_count() < least_labels || IpNetwork::parse(domain->str())) {
    return std::nullopt;
  }
  return *domain;
}

std::string base_name(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string comment_text(std::string_view text, std::size_t max_octets) {
  constexpr std::array<char, 17> kDigits{"0123456789ABCDEF"};
  std::string shown;
  for (const char c : text.substr(0, max_octets)) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '\\') {
      shown += "\\\\";
    } else if (is_ascii(c) && !is_control(c)) {
      shown += c;
    } else {
      shown += "\\x";
      shown += kDigits.at(octet >> 4U);
      shown += kDigits.at(octet & 0xFU);
    }
  }
  return text.size() > max_octets ? shown + "..." : shown;
}

}  // namespace assay::config
