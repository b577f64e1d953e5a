#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policy/names.h"
#include "verify/base/ip_address.h"

namespace assay::policy {

/// What a condition asks about. Each is taken from the decision record. A message with several domains in From has its
/// rules asked once for each author; FromDomain to DmarcPublished, and Reason, then speak of that one.
enum class Fact : std::uint8_t {
  FromDomain,      ///< The author's domain.
  OrgDomain,       ///< Its Organizational Domain; where no walk was needed to find it, an ancestor counts as it.
  Dmarc,           ///< none, pass, fail, temperror, permerror
  DmarcPublished,  ///< none, quarantine, reject: what the domain owner asks for, before t=y; nothing without a record.
  MailFromDomain,  ///< Of MAIL FROM; the null sender has none.
  Helo,
  ClientName,  ///< The name that iprev confirmed, else the one the MTA gives.
  ClientIp,
  Spf,            ///< Of MAIL FROM.
  SpfHelo,        ///< Of HELO.
  Dkim,           ///< The best of all signatures: pass, temperror, fail, permerror, policy, neutral, none.
  DkimDomain,     ///< d= of a signature that passes. Never where From is repeated; ArcSealer and ArcClaims neither.
  DkimTesting,    ///< Some signature's key carries t=y.
  Arc,            ///< none, pass, fail
  ArcSealer,      ///< The chain passes, and each hop from the oldest-pass on is sealed and signed by one named.
  ArcClaims,      ///< METHOD=RESULT that a trusted hop of a passing chain saw of this author.
  Iprev,          ///< pass, fail, temperror, permerror
  RcptDomain,     ///< Of the recipient (rules are asked once for each).
  Rcpt,           ///< The recipient's address.
  ListId,         ///< The identifier in List-Id.
  Indirect,       ///< Evidence of an indirect flow, or that there is any.
  Authenticated,  ///< The client logged in; or its login name.
  Tls,            ///< The connection is encrypted; or its version.
  Reason,         ///< A reason word of any method.
};

/// How the values of a fact are written.
enum class Form : std::uint8_t {
  Names,        ///< NameList: names, `*.` patterns, files.
  Addresses,    ///< AddressList
  Networks,     ///< NetworkList
  Words,        ///< WordList of the words known for that fact
  Flag,         ///< true or false
  FlagOrWords,  ///< true, false, or words
};

struct FactInfo {
  Fact fact;
  const char* key;  ///< In the configuration: "from_domain".
  Form form;
};

/// All facts, in the order of the enumeration.
[[nodiscard]] const std::array<FactInfo, 24>& all_facts() noexcept;
[[nodiscard]] const FactInfo& info(Fact fact) noexcept;
[[nodiscard]] std::optional<Fact> find_fact(std::string_view key) noexcept;
/// The words that a fact of Form::Words or FlagOrWords can have; empty where any word may stand (login names, claims).
[[nodiscard]] std::vector<std::string> words_of(Fact fact);

/// Networks as an administrator lists them, single addresses too.
struct NetworkList {
  std::vector<IpNetwork> networks;
  std::vector<std::string> written;  ///< As configured: networks, and `@path` for a file.
  std::vector<std::string> digests;  ///< One for each `@path`.
  friend bool operator==(const NetworkList&, const NetworkList&) = default;
};

/// Mail addresses, ASCII case ignored: `postmaster@example.net`, or `*@example.net` for all of that domain.
struct AddressList {
  std::vector<std::string> addresses;  ///< In lower case.
  friend bool operator==(const AddressList&, const AddressList&) = default;
};

struct WordList {
  std::vector<std::string> words;
  friend bool operator==(const WordList&, const WordList&) = default;
};

/// Where something is written; not part of what it means, so that all places are equal.
struct Place {
  std::shared_ptr<const std::string> file;  ///< Null if nowhere.
  int line = 0;                             ///< From 1, columns too.
  int column = 0;
  friend bool operator==(const Place& /*a*/, const Place& /*b*/) noexcept { return true; }
};

/// The places of the values of a test, in the order in which they are written; empty if they are not known.
struct Places {
  std::vector<Place> list;
  friend bool operator==(const Places& /*a*/, const Places& /*b*/) noexcept { return true; }
};

/// What must hold of a message. A tree; at most kMaxConditionDepth deep and, in one rule, kMaxConditions large.
struct Condition {
  enum class Kind : std::uint8_t {
    All,   ///< Each of `parts`; none at all: always true.
    Any,   ///< One of `parts`.
    Not,   ///< Not the one part.
    Test,  ///< `fact` is one of `values`.
  };
  Kind kind = Kind::All;
  std::vector<Condition> parts;
  Fact fact = Fact::FromDomain;
  std::variant<NameList, NetworkList, AddressList, WordList, bool> values;
  Place place;
  Places places;
  friend bool operator==(const Condition&, const Condition&) = default;
};

inline constexpr std::size_t kMaxConditionDepth = 16;
inline constexpr std::size_t kMaxConditions = 1000;

}  // namespace assay::policy
