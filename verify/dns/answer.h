#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "verify/base/ip_address.h"
#include "verify/dns/memo.h"

namespace assay::dns {

enum class Type : std::uint8_t { A, AAAA, MX, TXT, PTR };

/// The keyword of the type: "A", "TXT" ...
[[nodiscard]] const char* to_string(Type type) noexcept;

/// A name and a type. `name` has no trailing dot and is in lower case; labels are separated by '.', and may hold any
/// octet but '.' (an SPF macro can put a local part there), so it is not always a Domain. A name that no DNS message
/// can carry (empty label, label over 63, over 253 octets) must not be asked: see is_askable.
struct Question {
  std::string name;
  Type type = Type::A;

  friend bool operator==(const Question&, const Question&) = default;
  friend auto operator<=>(const Question&, const Question&) = default;
};

/// Whether a DNS message can carry the name.
[[nodiscard]] bool is_askable(const std::string& name) noexcept;

/// How a question was answered. The five stay apart everywhere: only TempFail and Bogus mean "could not find out".
enum class Status : std::uint8_t {
  Found,     ///< NOERROR and at least one record of the type, after CNAMEs.
  NoData,    ///< NOERROR and none: the name exists.
  NxDomain,  ///< The name does not exist, nor anything below it (RFC 8020).
  TempFail,  ///< Time-out, SERVFAIL, REFUSED, FORMERR, a CNAME loop, or an answer that cannot be read.
  Bogus,     ///< DNSSEC validation failed. Counts as temporary everywhere, as a failure for ARC.
};

[[nodiscard]] const char* to_string(Status status) noexcept;

struct MailExchange {
  std::uint16_t preference = 0;
  std::string host;  ///< As Question::name; empty for the root, i.e. a null MX (RFC 7505).
};

/// One answer. Only the vector of the question's type is filled, and only for Found. Immutable once shared.
struct Answer {
  Status status = Status::TempFail;
  std::vector<std::string> texts;       ///< TXT: the character-strings of each record joined without separator.
  std::vector<IpAddress> addresses;     ///< A, AAAA.
  std::vector<MailExchange> exchanges;  ///< MX, by preference.
  std::vector<std::string> names;       ///< PTR, as Question::name.
  std::chrono::seconds ttl{
      0};              ///< When it came. For NoData and NxDomain: min(SOA TTL, SOA MINIMUM), RFC 2308 section 5.
  std::string detail;  ///< For TempFail and Bogus: why, in words for an administrator.
  Memo parsed;         ///< What the protocols read from `texts`: records, keys.
};

using AnswerPtr = std::shared_ptr<const Answer>;

}  // namespace assay::dns

template <>
struct std::hash<assay::dns::Question> {
  std::size_t operator()(const assay::dns::Question& q) const noexcept {
    return std::hash<std::string>{}(q.name) ^ (static_cast<std::size_t>(q.type) << 1U);
  }
};
