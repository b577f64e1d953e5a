#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "verify/base/ip_address.h"
#include "verify/base/parsed.h"
#include "verify/dns/answer.h"
#include "verify/spf/macro.h"

namespace assay::spf {

/// Terms in one record, modifiers included. The RFC has no such bound; this one is far above what fits the answers that
/// RFC 7208 section 3.4 asks for, and keeps a parsed record's memory small.
constexpr std::size_t kMaxTerms = 1000;

/// "+" "-" "~" "?" (RFC 7208 section 4.6.2).
enum class Qualifier : std::uint8_t { Pass, Fail, SoftFail, Neutral };

// The mechanisms of RFC 7208 section 5. An absent target is the <domain> at hand.
struct All {};
struct Include {
  MacroString target;
};
struct A {
  std::optional<MacroString> target;
  unsigned prefix4 = 32;
  unsigned prefix6 = 128;
};
struct Mx {
  std::optional<MacroString> target;
  unsigned prefix4 = 32;
  unsigned prefix6 = 128;
};
struct Ptr {
  std::optional<MacroString> target;
};
struct Ip4 {
  IpNetwork network;
};
/// Octets, not an IpAddress: that turns ::ffff:192.0.2.1 into IPv4, which an ip6 mechanism never is (section 5).
struct Ip6 {
  std::array<std::uint8_t, 16> network{};
  unsigned prefix = 128;
};
struct Exists {
  MacroString target;
};
using Mechanism = std::variant<All, Include, A, Mx, Ptr, Ip4, Ip6, Exists>;

/// Where a term, with its qualifier, stands in Record::text.
struct TermText {
  std::size_t offset = 0;
  std::size_t octets = 0;
};

struct Directive {
  Qualifier qualifier = Qualifier::Pass;
  Mechanism mechanism;
  TermText text;
};

/// redirect= or exp= (RFC 7208 section 6).
struct Modifier {
  MacroString target;
  TermText text;
};

/// One SPF record, read in full. A value.
struct Record {
  std::string text;
  std::vector<Directive> directives;  ///< In the order of the record.
  std::optional<Modifier> redirect;   ///< Present even where an "all" makes it void (section 5.1).
  std::optional<Modifier> explanation;
  std::vector<TermText> unknown_modifiers;  ///< Ignored (section 6), but "ip4=192.0.2.1" is worth telling somebody.

  /// The term as published; valid while the record lives.
  [[nodiscard]] std::string_view term(const TermText& where) const noexcept {
    return std::string_view(text).substr(where.offset, where.octets);
  }
};

/// Why a record is malformed, and the term to blame.
struct RecordError {
  std::string what;
  std::size_t offset = 0;  ///< Octets from the start of the record.
  std::string term;        ///< The term as published, at most 255 octets.
};

/// Whether a TXT record is an SPF record, well formed or not: "v=spf1" in any case, then SP or the end (section 4.5).
[[nodiscard]] bool is_spf_record(std::string_view text) noexcept;

/// Reads a text that is_spf_record. All of it: one malformed term anywhere is an error (section 4.6).
[[nodiscard]] Parsed<Record, RecordError> parse_record(std::string_view text);

// What the TXT records of one answer say (sections 4.5 and 4.6).
struct NoRecord {};
struct SeveralRecords {};
struct OverlongRecord {
  std::size_t octets = 0;  ///< More than Limits::kRecordOctets: not read.
};
using Published = std::variant<NoRecord, SeveralRecords, OverlongRecord, RecordError, Record>;

/// Selects and reads the SPF record of an answer, once: the result is kept with the answer and is valid as long as
/// that.
[[nodiscard]] const Published& record_of(const dns::Answer& answer);

}  // namespace assay::spf
