#include "observe/record_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "verify/base/escape.h"

namespace assay::observe {

using Value = simdjson::dom::element;

/// One line being read. The first thing that is wrong with it stays.
class RecordReader::Reading {
 public:
  explicit Reading(Depth depth) : reads_all_(depth == Depth::Everything) {}
  [[nodiscard]] Line read(std::string_view line, Record& record);
  [[nodiscard]] const std::string& why() const noexcept { return why_; }
  [[nodiscard]] bool is_tellable() const noexcept { return line_ != Line::Malformed && is_tellable_; }

 private:
  /// One key of an object, and how its value gets into `T`.
  template <class T>
  struct Member {
    std::string_view key;
    void (*read)(Reading&, Value, T&);
    bool may_be_missing = false;
    bool only_tells = false;  ///< Read with Depth::Everything alone.
  };
  struct Tables;

  /// Reads the members of an object that `members` names, in any order. The writer's is the fastest: each key is
  /// looked for behind the one before.
  template <class T, std::size_t N>
  void object(Value value, const std::array<Member<T>, N>& members, T& target);
  template <class T, std::size_t N>
  void members(const simdjson::dom::object& object, const std::array<Member<T>, N>& members, T& target);

  // Each reads one value; null stands for what is empty or absent.
  void flag(Value value, bool& out);
  template <class Number>
  void number(Value value, Number& out);
  void text(Value value, std::string& out, std::size_t max_octets = kMaxValueOctets);
  void address(Value value, std::string& out) { text(value, out, kMaxAddressOctets); }
  void name(Value value, std::optional<Domain>& out);
  void time(Value value, Time& out);
  void client_ip(Value value, std::optional<IpAddress>& out);
  void claim(Value value, arc::Claim& out);
  void claims(Value value, std::vector<arc::Claim>& out);
  void arc(Value value, arc::Outcome& out);
  /// The enumerator up to `last` that `to_string` gives the word for.
  template <class Enum>
  void word(Value value, Enum last, Enum& out);
  /// As above, where null stands for the first enumerator.
  template <class Enum>
  void word_or_none(Value value, Enum last, Enum& out);
  template <class Enum>
  void optional_word(Value value, Enum last, std::optional<Enum>& out);
  /// An array, each element by `read_one(element, out[i])`.
  template <class T, class ReadOne>
  void list(Value value, std::vector<T>& out, ReadOne read_one);
  void texts(Value value, std::vector<std::string>& out) {
    list(value, out, [this](Value element, std::string& one) { text(element, one); });
  }
  /// "rcpt_omitted", "dkim_omitted": there is more than the record tells.
  void omitted(Value value);
  void redacted(Value value, bool& out);
  void sample(Value value, std::uint64_t& out);

  [[nodiscard]] std::optional<std::string_view> string(Value value);
  void wrong(const char* what) { found(Line::Malformed, what); }
  /// Something is known, but not all of it.
  void lacks(const char* what) { found(Line::Incomplete, what); }
  /// What the record says is not known.
  void hides(const char* what) {
    if (std::exchange(is_tellable_, false) && line_ == Line::Incomplete) {
      line_ = Line::Record;  // Weighs more than what was cut, and is told in its place.
    }
    lacks(what);
  }
  void found(Line line, const char* what);
  [[nodiscard]] std::string path() const;

  simdjson::dom::parser parser_{kMaxRecordOctets};
  const bool reads_all_;
  bool is_tellable_ = false;
  std::string padded_;  ///< The line, with the octets behind it that the parser may read.
  std::string scratch_;
  Line line_ = Line::Record;
  std::string why_;
  std::array<std::string_view, 8> path_{};  ///< Keys from the outermost object to the one being read.
  std::size_t depth_ = 0;
};

void RecordReader::Reading::found(Line line, const char* what) {
  // Malformed weighs more than what is missing.
  if (line_ == Line::Record || (line_ == Line::Incomplete && line == Line::Malformed)) {
    line_ = line;
    why_ = path();
    why_ += ": ";
    why_ += what;
  }
}

std::string RecordReader::Reading::path() const {
  std::string joined;
  for (const std::string_view key : std::span(path_).first(depth_)) {
    joined += joined.empty() ? "" : ".";
    joined += key;
  }
  return joined;
}

template <class T, std::size_t N>
void RecordReader::Reading::object(Value value, const std::array<Member<T>, N>& members, T& target) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) {
    wrong("is no object");
    return;
  }
  this->members(object, members, target);
}

template <class T, std::size_t N>
void RecordReader::Reading::members(const simdjson::dom::object& object, const std::array<Member<T>, N>& members,
                                    T& target) {
  std::array<bool, N> seen{};
  std::size_t next = 0;
  ++depth_;
  for (const auto [key, value] : object) {
    std::size_t i = next;
    for (std::size_t tried = 0; tried < N && members[i].key != key; ++tried) {
      i = i + 1 == N ? 0 : i + 1;
    }
    if (members[i].key != key) {
      continue;
    }
    next = i + 1 == N ? 0 : i + 1;
    if (members[i].only_tells && !reads_all_) {
      continue;
    }
    path_[depth_ - 1] = members[i].key;
    if (seen[i]) {
      // RFC 8259 section 4: what an object with a repeated name means is open.
      wrong("is there twice");
      break;
    }
    seen[i] = true;
    members[i].read(*this, value, target);
  }
  for (std::size_t i = 0; i < N; ++i) {
    if (!seen[i] && !members[i].may_be_missing) {
      path_[depth_ - 1] = members[i].key;
      hides("is missing");
    }
  }
  --depth_;
}

std::optional<std::string_view> RecordReader::Reading::string(Value value) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) {
    wrong("is no string");
    return std::nullopt;
  }
  return text;
}

void RecordReader::Reading::flag(Value value, bool& out) {
  if (value.get(out) != simdjson::SUCCESS) {
    wrong("is neither true nor false");
  }
}

template <class Number>
void RecordReader::Reading::number(Value value, Number& out) {
  std::uint64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS ||
      number > static_cast<std::uint64_t>(std::numeric_limits<Number>::max())) {
    wrong("is no number of the expected range");
    return;
  }
  out = static_cast<Number>(number);
}

void RecordReader::Reading::text(Value value, std::string& out, std::size_t max_octets) {
  if (value.is_null()) {
    out.clear();
    return;
  }
  const auto written = string(value);
  if (!written) {
    return;
  }
  if (!unescape(*written, out)) {
    wrong("has a backslash that escapes nothing");
  } else if (may_be_cut(out, max_octets)) {
    lacks("was cut when the record was written");
  }
}

void RecordReader::Reading::name(Value value, std::optional<Domain>& out) {
  if (value.is_null()) {
    out.reset();
    return;
  }
  const auto written = string(value);
  if (!written) {
    return;
  }
  auto domain = Domain::parse(*written);
  if (!domain) {
    wrong("is no domain name");
    return;
  }
  out = *std::move(domain);
}

void RecordReader::Reading::time(Value value, Time& out) {
  const auto written = string(value);
  if (!written) {
    return;
  }
  const auto time = parse_rfc3339(*written);
  if (!time) {
    wrong("is no time such as 2026-11-22T14:05:09Z");
    return;
  }
  out = *time;
}

void RecordReader::Reading::client_ip(Value value, std::optional<IpAddress>& out) {
  if (value.is_null()) {
    out.reset();
    return;
  }
  const auto written = string(value);
  if (!written) {
    return;
  }
  const auto ip = IpAddress::parse(*written);
  if (!ip) {
    wrong("is no IP address");
    return;
  }
  out = *ip;
}

template <class Enum>
void RecordReader::Reading::word(Value value, Enum last, Enum& out) {
  const auto written = string(value);
  if (!written) {
    return;
  }
  for (unsigned i = 0; i <= static_cast<unsigned>(last); ++i) {
    const char* const known = to_string(static_cast<Enum>(i));
    if (known != nullptr && *written == known) {
      out = static_cast<Enum>(i);
      return;
    }
  }
  hides("is a word that this version does not know");
}

template <class Enum>
void RecordReader::Reading::word_or_none(Value value, Enum last, Enum& out) {
  if (value.is_null()) {
    out = Enum{};
  } else {
    word(value, last, out);
  }
}

template <class Enum>
void RecordReader::Reading::optional_word(Value value, Enum last, std::optional<Enum>& out) {
  out.reset();
  if (!value.is_null()) {
    word(value, last, out.emplace());
  }
}

template <class T, class ReadOne>
void RecordReader::Reading::list(Value value, std::vector<T>& out, ReadOne read_one) {
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) {
    wrong("is no list");
    return;
  }
  std::size_t count = 0;
  for (const Value element : array) {
    if (count == out.size()) {
      out.emplace_back();
    }
    read_one(element, out[count]);
    ++count;
  }
  out.resize(count);
}

void RecordReader::Reading::omitted(Value /*value*/) {
  lacks("some were left out when the record was written");
}

void RecordReader::Reading::redacted(Value value, bool& out) {
  out = !value.is_null();
  if (!out) {
    return;
  }
  if (const auto what = string(value); what && *what != kLocalParts) {
    lacks("is a word that this version does not know");
  }
}

void RecordReader::Reading::sample(Value value, std::uint64_t& out) {
  std::uint64_t given = 0;
  number(value, given);
  if (given < 1 || given > kMaxSample) {
    wrong("is no number from 1 to the greatest of log.sample");
    return;
  }
  out = given;
}

/// "dmarc=pass header.from=example.com x.y="quoted \" value"", as the writer makes it.
void RecordReader::Reading::claim(Value value, arc::Claim& out) {
  text(value, scratch_, kMaxAddressOctets);
  std::string_view rest = scratch_;
  const auto take_until = [&rest](char end) {
    const std::size_t at = std::min(rest.find(end), rest.size());
    const std::string_view taken = rest.substr(0, at);
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return taken;
  };
  if (rest.find('=') == std::string_view::npos) {
    wrong("is no METHOD=RESULT");
    return;
  }
  out.method = take_until('=');
  out.result = take_until(' ');
  out.properties.clear();
  while (!rest.empty()) {
    if (rest.find('=') == std::string_view::npos) {
      wrong("has a property without a value");
      return;
    }
    auto& [property, its_value] = out.properties.emplace_back();
    property = take_until('=');
    if (rest.empty() || rest.front() != '"') {
      its_value = take_until(' ');
      continue;
    }
    rest.remove_prefix(1);
    while (!rest.empty() && rest.front() != '"') {
      if (rest.front() == '\\') {
        rest.remove_prefix(1);
      }
      if (!rest.empty()) {
        its_value += rest.front();
        rest.remove_prefix(1);
      }
    }
    rest.remove_prefix(std::min<std::size_t>(2, rest.size()));  // the quote, and the space before the next property
  }
}

void RecordReader::Reading::claims(Value value, std::vector<arc::Claim>& out) {
  list(value, out, [this](Value element, arc::Claim& one) { claim(element, one); });
}

/// What the keys of the record stand for. The order is to_json's.
struct RecordReader::Reading::Tables {
  using R = Reading;
  using V = Value;

  static policy::Quarantine& of(std::optional<policy::Quarantine>& form) { return form ? *form : form.emplace(); }

  static constexpr std::array<Member<spf::Outcome>, 8> kSpf{{
      {"result", [](R& r, V v, spf::Outcome& o) { r.word(v, spf::Status::PermError, o.status); }},
      {"domain", [](R& r, V v, spf::Outcome& o) { r.text(v, o.domain); }},
      {"mechanism", [](R& r, V v, spf::Outcome& o) { r.text(v, o.mechanism); }, true, true},
      {"reason", [](R& r, V v, spf::Outcome& o) { r.word_or_none(v, spf::Reason::DnssecBogus, o.reason); }},
      {"lookups", [](R& r, V v, spf::Outcome& o) { r.number(v, o.lookups); }, true, true},
      {"void_lookups", [](R& r, V v, spf::Outcome& o) { r.number(v, o.void_lookups); }, true, true},
      {"detail", [](R& r, V v, spf::Outcome& o) { r.text(v, o.detail); }, true, true},
      {"explanation", [](R& r, V v, spf::Outcome& o) { r.text(v, o.explanation); }, true, true},
  }};
  static constexpr std::array<Member<Verdict>, 2> kSpfIdentities{{
      {"mailfrom", [](R& r, V v, Verdict& o) { r.object(v, kSpf, o.spf_mail_from); }},
      {"helo", [](R& r, V v, Verdict& o) { r.object(v, kSpf, o.spf_helo); }},
  }};
  static constexpr std::array<Member<dkim::Outcome>, 12> kDkim{{
      {"result", [](R& r, V v, dkim::Outcome& o) { r.word(v, dkim::Status::PermError, o.status); }},
      {"domain", [](R& r, V v, dkim::Outcome& o) { r.text(v, o.domain); }},
      {"selector", [](R& r, V v, dkim::Outcome& o) { r.text(v, o.selector); }, true, true},
      {"algorithm", [](R& r, V v, dkim::Outcome& o) { r.text(v, o.algorithm); }, true, true},
      {"key_bits",
       [](R& r, V v, dkim::Outcome& o) {
         o.key_bits.reset();
         if (!v.is_null()) {
           r.number(v, o.key_bits.emplace());
         }
       },
       true, true},
      {"testing", [](R& r, V v, dkim::Outcome& o) { r.flag(v, o.testing); }},
      {"headers_verified", [](R& r, V v, dkim::Outcome& o) { r.flag(v, o.headers_verified); }},
      {"reason", [](R& r, V v, dkim::Outcome& o) { r.word_or_none(v, dkim::Reason::TooCostly, o.reason); }},
      {"detail", [](R& r, V v, dkim::Outcome& o) { r.text(v, o.detail); }, true, true},
      {"signing_domain", [](R& r, V v, dkim::Outcome& o) { r.name(v, o.signing_domain); }},
      {"identity", [](R& r, V v, dkim::Outcome& o) { r.text(v, o.identity); }, true, true},
      // No decision rests on it: it tells one signature from another.
      {"signature_start", [](R& r, V v, dkim::Outcome& o) { r.text(v, o.signature_start); }, true},
  }};
  static constexpr Member<arc::Hop> kSelector{"selector", [](R& r, V v, arc::Hop& o) { r.text(v, o.selector); }};
  static constexpr Member<arc::Hop> kSigner{"signer", [](R& r, V v, arc::Hop& o) { r.text(v, o.signer); }};
  static constexpr Member<arc::Hop> kSignsFrom{"signs_from", [](R& r, V v, arc::Hop& o) { r.flag(v, o.signs_from); }};
  static constexpr Member<arc::Hop> kSignsPart{"signs_part", [](R& r, V v, arc::Hop& o) { r.flag(v, o.signs_part); }};
  static constexpr Member<arc::Hop> kReadable{"readable", [](R& r, V v, arc::Hop& o) { r.flag(v, o.readable); }};
  static constexpr Member<arc::Hop> kHopClaims{"claims", [](R& r, V v, arc::Hop& o) { r.claims(v, o.claims); }};
  /// The claims of instance 1 are those of the chain.
  static constexpr std::array kFirstHop{kSelector, kSigner, kSignsFrom, kSignsPart, kReadable};
  static constexpr std::array kLaterHop{kSelector, kSigner, kSignsFrom, kSignsPart, kReadable, kHopClaims};
  static constexpr std::array<Member<arc::Outcome>, 10> kArc{{
      {"result", [](R& r, V v, arc::Outcome& o) { r.word(v, arc::Status::Fail, o.status); }},
      {"instances", [](R& r, V v, arc::Outcome& o) { r.number(v, o.instances); }},
      {"sealers",
       [](R& r, V v, arc::Outcome& o) {
         r.list(v, o.sealers, [&r](V element, std::string& sealer) { r.text(element, sealer); });
       }},
      {"oldest_pass",
       [](R& r, V v, arc::Outcome& o) {
         o.oldest_pass.reset();
         if (!v.is_null()) {
           r.number(v, o.oldest_pass.emplace());
         }
       }},
      {"claims", [](R& r, V v, arc::Outcome& o) { r.claims(v, o.claims); }},
      {"reason", [](R& r, V v, arc::Outcome& o) { r.word_or_none(v, arc::Reason::TooCostly, o.reason); }},
      {"detail", [](R& r, V v, arc::Outcome& o) { r.text(v, o.detail); }, true, true},
      {"failed_instance",
       [](R& r, V v, arc::Outcome& o) {
         o.failed_instance = 0;
         if (!v.is_null()) {
           r.number(v, o.failed_instance);
         }
       }},
      {"from_signed", [](R& r, V v, arc::Outcome& o) { r.flag(v, o.from_signed); }},
      // Needed of a chain that passes alone.
      {"hops",
       [](R& r, V v, arc::Outcome& o) {
         r.list(v, o.hops, [&r, &o](V element, arc::Hop& hop) {
           if (&hop == o.hops.data()) {
             r.object(element, kFirstHop, hop);
           } else {
             r.object(element, kLaterHop, hop);
           }
         });
       },
       true},
  }};
  static constexpr std::array<Member<dmarc::Outcome>, 2> kAligned{{
      {"spf", [](R& r, V v, dmarc::Outcome& o) { r.flag(v, o.spf_aligned); }},
      {"dkim", [](R& r, V v, dmarc::Outcome& o) { r.flag(v, o.dkim_aligned); }},
  }};
  static constexpr std::array<Member<dmarc::Outcome>, 2> kStrict{{
      {"spf", [](R& r, V v, dmarc::Outcome& o) { r.flag(v, o.strict_spf); }},
      {"dkim", [](R& r, V v, dmarc::Outcome& o) { r.flag(v, o.strict_dkim); }},
  }};
  static constexpr std::array<Member<dmarc::Rfc7489>, 2> kAligned7489{{
      {"spf", [](R& r, V v, dmarc::Rfc7489& o) { r.flag(v, o.spf_aligned); }},
      {"dkim", [](R& r, V v, dmarc::Rfc7489& o) { r.flag(v, o.dkim_aligned); }},
  }};
  static constexpr std::array<Member<dmarc::Rfc7489>, 11> kRfc7489{{
      {"result", [](R& r, V v, dmarc::Rfc7489& o) { r.word(v, dmarc::Status::PermError, o.status); }},
      {"policy", [](R& r, V v, dmarc::Rfc7489& o) { r.optional_word(v, dmarc::Policy::Reject, o.policy); }},
      {"published", [](R& r, V v, dmarc::Rfc7489& o) { r.optional_word(v, dmarc::Policy::Reject, o.published); }},
      {"pct",
       [](R& r, V v, dmarc::Rfc7489& o) {
         if (!v.is_null()) {
           r.number(v, o.percent);
         }
       }},
      {"policy_domain", [](R& r, V v, dmarc::Rfc7489& o) { r.name(v, o.policy_domain); }},
      {"org_domain", [](R& r, V v, dmarc::Rfc7489& o) { r.name(v, o.organizational_domain); }},
      {"treewalk_org_domain", [](R& r, V v, dmarc::Rfc7489& o) { r.name(v, o.tree_walk_organizational_domain); }},
      {"aligned", [](R& r, V v, dmarc::Rfc7489& o) { r.object(v, kAligned7489, o); }},
      {"reason", [](R& r, V v, dmarc::Rfc7489& o) { r.word_or_none(v, dmarc::Reason::DnssecBogus, o.reason); }},
      {"detail", [](R& r, V v, dmarc::Rfc7489& o) { r.text(v, o.detail); }},
      {"differs",
       [](R& r, V v, dmarc::Rfc7489& o) {
         r.list(v, o.differences, [&r](V element, dmarc::Difference& difference) {
           r.word(element, dmarc::Difference::OrganizationalDomain, difference);
         });
       }},
  }};
  static constexpr std::array<Member<dmarc::Outcome>, 13> kDmarc{{
      {"result", [](R& r, V v, dmarc::Outcome& o) { r.word(v, dmarc::Status::PermError, o.status); }},
      {"domain", [](R& r, V v, dmarc::Outcome& o) { r.name(v, o.author); }},
      {"policy", [](R& r, V v, dmarc::Outcome& o) { r.optional_word(v, dmarc::Policy::Reject, o.policy); }},
      {"published", [](R& r, V v, dmarc::Outcome& o) { r.optional_word(v, dmarc::Policy::Reject, o.published); }},
      {"policy_domain", [](R& r, V v, dmarc::Outcome& o) { r.name(v, o.policy_domain); }},
      {"org_domain", [](R& r, V v, dmarc::Outcome& o) { r.name(v, o.organizational_domain); }},
      {"discovery", [](R& r, V v, dmarc::Outcome& o) { r.word(v, dmarc::Discovery::PublicSuffixList, o.discovery); },
       true, true},
      {"testing", [](R& r, V v, dmarc::Outcome& o) { r.flag(v, o.testing); }},
      {"aligned", [](R& r, V v, dmarc::Outcome& o) { r.object(v, kAligned, o); }},
      {"reason", [](R& r, V v, dmarc::Outcome& o) { r.word_or_none(v, dmarc::Reason::DnssecBogus, o.reason); }},
      {"detail", [](R& r, V v, dmarc::Outcome& o) { r.text(v, o.detail); }, true, true},
      {"strict", [](R& r, V v, dmarc::Outcome& o) { r.object(v, kStrict, o); }},
      {"rfc7489",
       [](R& r, V v, dmarc::Outcome& o) {
         o.rfc7489.reset();
         if (!v.is_null()) {
           r.object(v, kRfc7489, o.rfc7489.emplace());
         }
       },
       true, true},
  }};
  static constexpr std::array<Member<iprev::Outcome>, 2> kIprev{{
      {"result", [](R& r, V v, iprev::Outcome& o) { r.word(v, iprev::Status::PermError, o.status); }},
      {"name", [](R& r, V v, iprev::Outcome& o) { r.text(v, o.name); }},
  }};
  static constexpr std::array<Member<policy::Observed>, 2> kObserved{{
      {"rule", [](R& r, V v, policy::Observed& o) { r.text(v, o.rule); }},
      {"action", [](R& r, V v, policy::Observed& o) { r.word(v, policy::Action::Discard, o.action); }},
  }};
  static constexpr std::array<Member<policy::HeaderField>, 2> kHeaderField{{
      {"name", [](R& r, V v, policy::HeaderField& o) { r.text(v, o.name); }},
      {"value", [](R& r, V v, policy::HeaderField& o) { r.text(v, o.value); }},
  }};
  static constexpr std::array<Member<policy::Reply>, 3> kReply{{
      {"code", [](R& r, V v, policy::Reply& o) { r.number(v, o.code); }},
      {"enhanced", [](R& r, V v, policy::Reply& o) { r.text(v, o.enhanced); }},
      {"text", [](R& r, V v, policy::Reply& o) { r.text(v, o.text); }},
  }};
  static constexpr std::array<Member<policy::Override>, 2> kOverride{{
      {"type", [](R& r, V v, policy::Override& o) { r.text(v, o.type); }},
      {"comment", [](R& r, V v, policy::Override& o) { r.text(v, o.comment); }},
  }};
  static constexpr std::array<Member<policy::Decision>, 15> kDecision{{
      {"action", [](R& r, V v, policy::Decision& o) { r.word(v, policy::Action::Discard, o.action); }},
      {"rule", [](R& r, V v, policy::Decision& o) { r.text(v, o.rule); }},
      {"would", [](R& r, V v, policy::Decision& o) { r.optional_word(v, policy::Action::Discard, o.would); }},
      {"reply",
       [](R& r, V v, policy::Decision& o) {
         o.reply.reset();
         if (!v.is_null()) {
           r.object(v, kReply, o.reply.emplace());
         }
       },
       true, true},
      // Null if the message was not quarantined.
      {"quarantine",
       [](R& r, V v, policy::Decision& o) {
         if (!v.is_null()) {
           r.word(v, policy::QuarantineHow::Redirect, of(o.quarantine).how);
         }
       }},
      {"redirect_to",
       [](R& r, V v, policy::Decision& o) {
         if (!v.is_null()) {
           r.address(v, of(o.quarantine).to);
         }
       }},
      {"unavailable_form",
       [](R& r, V v, policy::Decision& o) { r.optional_word(v, policy::QuarantineHow::Redirect, o.unavailable_form); },
       true},
      // Records of versions that knew no rules lack them.
      {"headers",
       [](R& r, V v, policy::Decision& o) {
         r.list(v, o.headers, [&r](V element, policy::HeaderField& field) { r.object(element, kHeaderField, field); });
       },
       true},
      {"would_rule", [](R& r, V v, policy::Decision& o) { r.text(v, o.would_rule); }, true},
      {"observed",
       [](R& r, V v, policy::Decision& o) {
         r.list(v, o.observed, [&r](V element, policy::Observed& rule) { r.object(element, kObserved, rule); });
       },
       true},
      {"tags", [](R& r, V v, policy::Decision& o) { r.texts(v, o.tags); }, true, true},
      {"undecided", [](R& r, V v, policy::Decision& o) { r.texts(v, o.undecided); }, true, true},
      {"override",
       [](R& r, V v, policy::Decision& o) {
         o.override.reset();
         if (!v.is_null()) {
           r.object(v, kOverride, o.override.emplace());
         }
       },
       true, true},
      {"unproven", [](R& r, V v, policy::Decision& o) { r.flag(v, o.unproven); }, true, true},
      {"mixed_recipients", [](R& r, V v, policy::Decision& o) { r.flag(v, o.mixed_recipients); }, true, true},
  }};
  static constexpr std::array<Member<policy::Facts>, 6> kClient{{
      {"ip", [](R& r, V v, policy::Facts& o) { r.client_ip(v, o.client_ip); }},
      {"name", [](R& r, V v, policy::Facts& o) { r.text(v, o.client_name); }},
      {"helo", [](R& r, V v, policy::Facts& o) { r.text(v, o.helo); }},
      {"tls", [](R& r, V v, policy::Facts& o) { r.text(v, o.tls); }},
      {"authenticated", [](R& r, V v, policy::Facts& o) { r.text(v, o.authenticated); }},
      {"local", [](R& r, V v, policy::Facts& o) { r.flag(v, o.local); }},
  }};
  static constexpr std::array<Member<Verdict>, 1> kDns{{
      {"queries", [](R& r, V v, Verdict& o) { r.number(v, o.dns_queries); }},
  }};
  static constexpr std::array<Member<Record>, 30> kRecord{{
      {"schema", [](R& /*r*/, V /*v*/, Record& /*o*/) {}},  // looked at before all others
      {"spf", [](R& r, V v, Record& o) { r.object(v, kSpfIdentities, o.verdict); }},
      {"dkim",
       [](R& r, V v, Record& o) {
         r.list(v, o.verdict.dkim, [&r](V element, dkim::Outcome& signature) { r.object(element, kDkim, signature); });
       }},
      {"dkim_omitted", [](R& r, V v, Record& /*o*/) { r.omitted(v); }, true},
      {"arc", [](R& r, V v, Record& o) { r.arc(v, o.verdict.arc); }},
      {"dmarc", [](R& r, V v, Record& o) { r.object(v, kDmarc, o.verdict.dmarc); }},
      {"other_authors",
       [](R& r, V v, Record& o) {
         r.list(v, o.verdict.other_authors,
                [&r](V element, dmarc::Outcome& author) { r.object(element, kDmarc, author); });
       }},
      {"iprev",
       [](R& r, V v, Record& o) {
         if (v.is_null()) {
           o.verdict.iprev.reset();
           return;
         }
         if (!o.verdict.iprev) {
           o.verdict.iprev.emplace();
         }
         r.object(v, kIprev, *o.verdict.iprev);
       }},
      {"authentication_results", [](R& r, V v, Record& o) { r.text(v, o.authentication_results, kMaxRecordOctets); },
       true, true},
      {"indirect",
       [](R& r, V v, Record& o) {
         r.list(v, o.decision.indirect, [&r](V element, policy::Indirect& evidence) {
           r.word(element, policy::Indirect::Forwarder, evidence);
         });
       }},
      {"decision",
       [](R& r, V v, Record& o) {
         o.decision.quarantine.reset();
         o.decision.unavailable_form.reset();
         o.decision.headers.clear();
         o.decision.would_rule.clear();
         o.decision.observed.clear();
         r.object(v, kDecision, o.decision);
       }},
      {"dns", [](R& r, V v, Record& o) { r.object(v, kDns, o.verdict); }, true, true},
      {"exceeded", [](R& r, V v, Record& o) { r.optional_word(v, Bound::HeaderFields, o.verdict.exceeded); }},
      {"time", [](R& r, V v, Record& o) { r.time(v, o.time); }},
      {"queue_id", [](R& r, V v, Record& o) { r.text(v, o.facts.queue_id); }},
      {"client", [](R& r, V v, Record& o) { r.object(v, kClient, o.facts); }},
      {"mail_from",
       [](R& r, V v, Record& o) {
         o.facts.has_envelope = !v.is_null();
         r.address(v, o.facts.mail_from);
       }},
      {"rcpt",
       [](R& r, V v, Record& o) {
         r.list(v, o.facts.rcpt, [&r](V element, std::string& recipient) { r.address(element, recipient); });
       }},
      {"rcpt_omitted", [](R& r, V v, Record& /*o*/) { r.omitted(v); }, true},
      {"smtputf8", [](R& r, V v, Record& o) { r.flag(v, o.facts.internationalized); }},
      {"from",
       [](R& r, V v, Record& o) {
         r.list(v, o.verdict.from, [&r](V element, std::string& mailbox) { r.address(element, mailbox); });
       }},
      {"list_id", [](R& r, V v, Record& o) { r.text(v, o.verdict.list_id); }},
      {"list_post_host", [](R& r, V v, Record& o) { r.text(v, o.verdict.list_post_host); }},
      {"resent", [](R& r, V v, Record& o) { r.flag(v, o.facts.resent); }},
      {"resent_from",
       [](R& r, V v, Record& o) {
         // A Domain is never empty, so that list() cannot make one.
         std::vector<std::optional<Domain>> names;
         r.list(v, names, [&r](V element, std::optional<Domain>& domain) { r.name(element, domain); });
         o.verdict.resent_from.clear();
         for (std::optional<Domain>& domain : names) {
           if (domain) {
             o.verdict.resent_from.push_back(*std::move(domain));
           }
         }
       }},
      {"size", [](R& r, V v, Record& o) { r.number(v, o.facts.size); }},
      {"settings", [](R& r, V v, Record& o) { r.text(v, o.settings); }},
      {"notes", [](R& r, V v, Record& o) { r.texts(v, o.notes); }, true, true},
      {"redacted", [](R& r, V v, Record& o) { r.redacted(v, o.is_redacted); }, true},
      {"sample", [](R& r, V v, Record& o) { r.sample(v, o.sample); }, true},
  }};
};

void RecordReader::Reading::arc(Value value, arc::Outcome& out) {
  out.hops.clear();
  object(value, Tables::kArc, out);
  if (out.status == arc::Status::Pass && out.hops.empty()) {
    hides("hops is missing although the chain passes");
  }
}

Line RecordReader::Reading::read(std::string_view line, Record& record) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos || line[begin] != '{') {
    return Line::Other;
  }
  line_ = Line::Record;
  is_tellable_ = false;
  depth_ = 0;
  if (line.size() > kMaxRecordOctets) {
    why_ = "a line of more than " + std::to_string(kMaxRecordOctets) + " octets";
    return Line::Malformed;
  }
  if (padded_.size() < line.size() + simdjson::SIMDJSON_PADDING) {
    padded_.resize(line.size() + simdjson::SIMDJSON_PADDING);
  }
  std::copy(line.begin(), line.end(), padded_.begin());
  Value root;
  simdjson::dom::object object;
  auto error = parser_.parse(padded_.data(), line.size(), false).get(root);
  if (error == simdjson::SUCCESS) {
    error = root.get(object);
  }
  if (error != simdjson::SUCCESS) {
    why_ = std::string("no JSON: ") + simdjson::error_message(error);
    return Line::Malformed;
  }
  if (reads_all_) {
    record = Record{};  // What may be missing must not be what the record before this one said.
  }
  Value schema;
  if (object.at_key("schema").get(schema) != simdjson::SUCCESS) {
    return Line::Other;
  }
  std::uint64_t version = 0;
  if (schema.get(version) != simdjson::SUCCESS || version != kRecordSchema) {
    why_ = "schema: this version reads " + std::to_string(kRecordSchema) + " alone";
    record = Record{};
    return Line::Incomplete;
  }
  is_tellable_ = true;
  record.is_redacted = false;
  record.sample = 1;
  members(object, Tables::kRecord, record);
  if (line_ == Line::Incomplete) {
    // What is missing must not be what the record before this one said.
    record = Record{};
    members(object, Tables::kRecord, record);
  }
  return line_;
}

RecordReader::RecordReader(Depth depth) : reading_(std::make_unique<Reading>(depth)) {}
RecordReader::~RecordReader() = default;

Line RecordReader::read(std::string_view line, Record& record) {
  return reading_->read(line, record);
}

bool RecordReader::is_tellable() const noexcept {
  return reading_->is_tellable();
}

const std::string& RecordReader::why() const noexcept {
  return reading_->why();
}

}  // namespace assay::observe
