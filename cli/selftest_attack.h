#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/ruling.h"

// What `assay selftest` tries on a daemon: tables of attacks. Each says what must come of it under every configuration;
// nothing in them needs an answer from DNS. Names end in .invalid, which no DNS has (RFC 6761 section 6.4), addresses
// are those of documentation (RFC 5737, RFC 3849).

namespace assay::cli {

inline constexpr const char* kSelftestName = "selftest.invalid";  ///< Client, HELO, and domain of both addresses.
inline constexpr const char* kSelftestIp = "192.0.2.1";
inline constexpr const char* kSelftestIp6 = "2001:db8::1";
inline constexpr const char* kVictim = "bank.invalid";        ///< Whom the attacker would like to be.
inline constexpr const char* kAttacker = "attacker.invalid";  ///< Who he is.

/// What must become of a header field, if the message is accepted.
enum class Fate : std::uint8_t {
  Any,    ///< Not looked at.
  Goes,   ///< Claims to be the daemon's: removed.
  Stays,  ///< Another host's, and plainly so: kept.
};

struct AttackField {
  std::string name;
  std::string value;  ///< All that follows the colon; lines are separated by LF.
  Fate fate = Fate::Any;
};

/// How far the MTA goes with a message.
enum class Extent : std::uint8_t {
  Whole,
  Reset,      ///< Up to the end of the header; then RSET.
  Forgotten,  ///< As Reset, but the next MAIL follows without one.
  HungUp,     ///< As Reset, but the MTA goes away. What follows comes by another connection.
};

struct AttackMessage {
  std::vector<AttackField> header;
  std::string mail_from = std::string("sender@") + kSelftestName;
  std::vector<std::string> mail_parameters;
  std::optional<std::string> login;  ///< {auth_authen}; an empty one is sent as such.
  Extent extent = Extent::Whole;
};

struct Attack {
  std::string group;  ///< "Fields that claim to be mx.example.net"
  std::string name;   ///< "results-upper-case": unique, also within queue ids.
  std::string tries;
  std::vector<AttackMessage> messages{};  ///< Over one connection, in this order.
  std::optional<std::string> helo = kSelftestName;
  std::string client_ip = kSelftestIp;  ///< Empty: a client without an address.
  bool may_be_refused = false;          ///< If not, the messages must be accepted as a harmless one is.
  /// The part of the policy that decides, whatever DNS says. The messages may then be refused; one that is accepted
  /// says dmarc=permerror.
  std::optional<policy::Ground> ground{};
  bool asks_dns = false;               ///< A temperror is a mismatch.
  std::vector<std::string> authors{};  ///< The domains that dmarc must be about (header.from); empty: not looked at.
};

/// Names under which results are removed.
struct OwnNames {
  std::string authserv_id;
  std::vector<std::string> aliases;
};

/// A field From of that value after the colon.
[[nodiscard]] AttackField from(std::string value);
/// The message that nobody could object to, with `more` below it.
[[nodiscard]] AttackMessage harmless(std::vector<AttackField> more = {});
/// A harmless message in a conversation of its own.
[[nodiscard]] Attack greet();
/// The same, whose domain is a name below a top-level domain that libunbound
/// does not answer by itself: what comes of it tells whether DNS answers.
[[nodiscard]] Attack ask_dns();

// The tables.
[[nodiscard]] std::vector<Attack> forged_results(const OwnNames& names);
[[nodiscard]] std::vector<Attack> doubtful_authors();
[[nodiscard]] std::vector<Attack> broken_signatures(const OwnNames& names);
[[nodiscard]] std::vector<Attack> misleading_words();
/// `header_octets`: the bound that is to be passed.
[[nodiscard]] std::vector<Attack> oversized_headers(const OwnNames& names, std::size_t header_octets);
[[nodiscard]] std::vector<Attack> odd_sessions(const OwnNames& names);

}  // namespace assay::cli
