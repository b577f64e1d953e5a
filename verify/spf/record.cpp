#include "verify/spf/record.h"

#include <algorithm>
#include <utility>

#include "verify/base/text.h"
#include "verify/limits.h"

namespace assay::spf {
namespace {

constexpr std::string_view kVersion = "v=spf1";
constexpr std::size_t kMaxTermOctetsKept = 255;

constexpr unsigned kMaxPrefix4 = 32;
constexpr unsigned kMaxPrefix6 = 128;

constexpr bool is_name_char(char c) {
  return is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/// The number in a prefix length: "0", or digits without a leading zero, at most `max` (RFC 7208 section 5.6).
std::optional<unsigned> parse_prefix(std::string_view digits, unsigned max) {
  if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits.front() == '0') ||
      !std::all_of(digits.begin(), digits.end(), [](char c) { return is_digit(c); })) {
    return std::nullopt;
  }
  unsigned value = 0;
  for (const char c : digits) {
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value <= max ? std::optional(value) : std::nullopt;
}

/// Cuts `mark` and digits off the right end of `text` and returns the digits; nullopt if it does not end so.
std::optional<std::string_view> cut_prefix(std::string_view& text, std::string_view mark) {
  std::size_t begin = text.size();
  while (begin > 0 && is_digit(text[begin - 1])) {
    --begin;
  }
  if (begin == text.size() || begin < mark.size() || text.substr(begin - mark.size(), mark.size()) != mark) {
    return std::nullopt;
  }
  const std::string_view digits = text.substr(begin);
  text = text.substr(0, begin - mark.size());
  return digits;
}

/// Reads one term. Offsets in errors count from the start of the text that the term was given in.
class TermReader {
 public:
  /// `term` is inside `record.text`, at `offset`.
  TermReader(std::string_view term, std::size_t offset, Record& record)
      : term_(term), offset_(offset), record_(record) {}

  /// Adds the term to the record, or says what is wrong.
  [[nodiscard]] std::optional<ParseError> read() {
    Qualifier qualifier = Qualifier::Pass;
    const bool is_qualified = read_qualifier(qualifier);
    const std::size_t name_begin = at_;
    if (at_ < term_.size() && is_alpha(term_[at_])) {
      while (at_ < term_.size() && is_name_char(term_[at_])) {
        ++at_;
      }
    }
    const std::string_view name = term_.substr(name_begin, at_ - name_begin);
    if (name.empty()) {
      return error("a term must begin with the name of a mechanism or modifier");
    }
    // A modifier is what has '=' right after its name (section 4.6.1). Qualifiers are for mechanisms.
    if (at_ < term_.size() && term_[at_] == '=') {
      if (is_qualified) {
        return error("a modifier takes no qualifier");
      }
      ++at_;
      return read_modifier(name);
    }
    Directive directive;
    directive.qualifier = qualifier;
    directive.text = {offset_, term_.size()};
    if (auto wrong = read_mechanism(name, directive.mechanism)) {
      return wrong;
    }
    record_.directives.push_back(std::move(directive));
    return std::nullopt;
  }

 private:
  [[nodiscard]] ParseError error(std::string what) const { return {std::move(what), offset_ + at_}; }
  [[nodiscard]] ParseError error(const ParseError& inner) const { return {inner.what, offset_ + at_ + inner.offset}; }

  bool read_qualifier(Qualifier& qualifier) {
    switch (term_.empty() ? '\0' : term_.front()) {
      case '+': qualifier = Qualifier::Pass; break;
      case '-': qualifier = Qualifier::Fail; break;
      case '~': qualifier = Qualifier::SoftFail; break;
      case '?': qualifier = Qualifier::Neutral; break;
      default: return false;
    }
    ++at_;
    return true;
  }

  std::optional<ParseError> read_modifier(std::string_view name) {
    const bool is_redirect = iequals(name, "redirect");
    if (!is_redirect && !iequals(name, "exp")) {
      // Ignored, wherever and however often, but a macro-string it must be (sections 4.6.1 and 6).
      if (const auto value = parse_macro_string(term_.substr(at_), MacroPlace::Record); !value) {
        return error(value.error());
      }
      record_.unknown_modifiers.push_back({offset_, term_.size()});
      return std::nullopt;
    }
    auto& slot = is_redirect ? record_.redirect : record_.explanation;
    if (slot) {
      return ParseError{"a modifier that may stand only once stands twice", offset_};  // section 6
    }
    auto target = parse_domain_spec(term_.substr(at_));
    if (!target) {
      return error(target.error());
    }
    slot = Modifier{std::move(*target), {offset_, term_.size()}};
    return std::nullopt;
  }

  std::optional<ParseError> read_mechanism(std::string_view name, Mechanism& mechanism) {
    if (iequals(name, "all")) {
      mechanism = All{};
      return at_ == term_.size() ? std::nullopt : std::optional(error("\"all\" takes no argument"));
    }
    if (iequals(name, "include")) {
      return read_target(mechanism.emplace<Include>().target);
    }
    if (iequals(name, "exists")) {
      return read_target(mechanism.emplace<Exists>().target);
    }
    if (iequals(name, "a")) {
      return read_hosts(mechanism.emplace<A>());
    }
    if (iequals(name, "mx")) {
      return read_hosts(mechanism.emplace<Mx>());
    }
    if (iequals(name, "ptr")) {
      auto& target = mechanism.emplace<Ptr>().target;
      return at_ == term_.size() ? std::nullopt : read_target(target.emplace());
    }
    if (iequals(name, "ip4")) {
      return read_ip4(mechanism.emplace<Ip4>());
    }
    if (iequals(name, "ip6")) {
      return read_ip6(mechanism.emplace<Ip6>());
    }
    return ParseError{"unknown mechanism", offset_};
  }

  /// ":" before an argument.
  bool read_colon() {
    if (at_ < term_.size() && term_[at_] == ':') {
      ++at_;
      return true;
    }
    return false;
  }

  std::optional<ParseError> read_target(MacroString& target) {
    if (!read_colon()) {
      return error("':' and a domain must follow");
    }
    return read_domain_spec(term_.substr(at_), target);
  }

  std::optional<ParseError> read_domain_spec(std::string_view text, MacroString& target) {
    auto spec = parse_domain_spec(text);
    if (!spec) {
      return error(spec.error());
    }
    target = std::move(*spec);
    return std::nullopt;
  }

  /// [":" domain-spec] [dual-cidr-length], for a and mx (sections 5.3, 5.4, 5.6). The prefix lengths are cut off first,
  /// from the right: a domain-spec cannot end in "/" and digits, so nothing is ambiguous.
  template <class Hosts>
  std::optional<ParseError> read_hosts(Hosts& hosts) {
    std::string_view rest = term_.substr(at_);
    if (const auto digits = cut_prefix(rest, "//")) {
      const auto prefix = parse_prefix(*digits, kMaxPrefix6);
      if (!prefix) {
        return error("the IPv6 prefix length must be 0 to 128, without leading zeros");
      }
      hosts.prefix6 = *prefix;
    }
    if (const auto digits = cut_prefix(rest, "/")) {
      const auto prefix = parse_prefix(*digits, kMaxPrefix4);
      if (!prefix) {
        return error("the IPv4 prefix length must be 0 to 32, without leading zeros");
      }
      hosts.prefix4 = *prefix;
    }
    if (rest.empty()) {
      return std::nullopt;
    }
    if (!read_colon()) {
      return error("':' and a domain, or a prefix length, must follow");
    }
    return read_domain_spec(rest.substr(1), hosts.target.emplace());
  }

  /// ":" ADDRESS ["/" PREFIX].
  std::optional<ParseError> read_network(unsigned max_prefix, std::string_view& address, unsigned& prefix) {
    if (!read_colon()) {
      return error("':' and an address must follow");
    }
    address = term_.substr(at_);
    if (const auto slash = address.find('/'); slash != std::string_view::npos) {
      const auto bits = parse_prefix(address.substr(slash + 1), max_prefix);
      if (!bits) {
        return error("malformed prefix length");
      }
      prefix = *bits;
      address = address.substr(0, slash);
    }
    return std::nullopt;
  }

  std::optional<ParseError> read_ip4(Ip4& ip4) {
    std::string_view text;
    ip4.network.prefix_bits = kMaxPrefix4;
    if (auto wrong = read_network(kMaxPrefix4, text, ip4.network.prefix_bits)) {
      return wrong;
    }
    const auto address = IpAddress::parse(text);
    if (!address || !address->is_v4() || text.find(':') != std::string_view::npos) {
      return error("not an IPv4 address");
    }
    ip4.network.address = *address;
    return std::nullopt;
  }

  std::optional<ParseError> read_ip6(Ip6& ip6) {
    std::string_view text;
    if (auto wrong = read_network(kMaxPrefix6, text, ip6.prefix)) {
      return wrong;
    }
    const auto address = IpAddress::parse(text);
    if (!address || text.find(':') == std::string_view::npos) {
      return error("not an IPv6 address");
    }
    if (address->is_v4()) {  // was IPv4-mapped: ::ffff:0:0/96 and the four octets
      ip6.network[10] = 0xFF;
      ip6.network[11] = 0xFF;
    }
    std::copy(address->octets().begin(), address->octets().end(),
              ip6.network.end() - static_cast<std::ptrdiff_t>(address->octets().size()));
    return std::nullopt;
  }

  std::string_view term_;
  std::size_t offset_;
  Record& record_;
  std::size_t at_ = 0;
};

Published read_published(const std::vector<std::string>& texts) {
  const auto first = std::find_if(texts.begin(), texts.end(), is_spf_record);
  if (first == texts.end()) {
    return NoRecord{};
  }
  if (std::any_of(first + 1, texts.end(), is_spf_record)) {
    return SeveralRecords{};
  }
  if (first->size() > Limits::kRecordOctets) {
    return OverlongRecord{first->size()};
  }
  auto record = parse_record(*first);
  return record ? Published(*std::move(record)) : Published(std::move(record.error()));
}

}  // namespace

bool is_spf_record(std::string_view text) noexcept {
  return istarts_with(text, kVersion) && (text.size() == kVersion.size() || text[kVersion.size()] == ' ');
}

Parsed<Record, RecordError> parse_record(std::string_view text) {
  if (!is_spf_record(text)) {
    return failure(RecordError{"not an SPF record", 0, {}});
  }
  Record record;
  record.text = text;
  // Each term follows a space. What is kept as long as the answer shall not be larger than it need be.
  record.directives.reserve(std::min(static_cast<std::size_t>(std::count(text.begin(), text.end(), ' ')), kMaxTerms));
  std::size_t terms = 0;
  std::size_t at = kVersion.size();
  while (true) {
    // terms are separated by 1*SP, and the record may end in *SP; no other octet separates (section 4.6.1)
    at = text.find_first_not_of(' ', at);
    if (at == std::string_view::npos) {
      return record;
    }
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view term = text.substr(at, end - at);
    std::optional<ParseError> wrong;
    if (++terms > kMaxTerms) {
      wrong = ParseError{"too many terms", at};
    } else {
      wrong = TermReader(term, at, record).read();
    }
    if (wrong) {
      return failure(
          RecordError{std::move(wrong->what), wrong->offset, std::string(term.substr(0, kMaxTermOctetsKept))});
    }
    at = end;
  }
}

const Published& record_of(const dns::Answer& answer) {
  return answer.parsed.get<Published>([&answer] { return read_published(answer.texts); });
}

}  // namespace assay::spf
