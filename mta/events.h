#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mta/message.h"
#include "mta/wire.h"

// What an MTA sends to a filter, as packets, and what the two agreed on about it.

namespace assay::mta {

/// Where macros are sent, in the order of SMFIM_*.
enum class Stage : std::uint8_t { Connect, Helo, Mail, Rcpt, Data, EndOfMessage, EndOfHeader };
inline constexpr std::size_t kStages = 7;

/// What both sides agreed on.
struct Negotiated {
  std::uint32_t version = 0;
  std::uint32_t actions = 0;
  std::uint32_t steps = 0;
  /// Macro names by Stage that the filter asked for instead of the MTA's own lists.
  std::array<std::optional<std::vector<std::string>>, kStages> macro_lists;

  [[nodiscard]] bool has_step(std::uint32_t step) const { return (steps & step) != 0; }
};

/// The client of the SMTP session as the MTA sees it.
struct Client {
  std::string name = "localhost";  ///< Or "[ADDRESS]".
  std::string ip;                  ///< IPv4 or IPv6 text; empty: unknown address family.
  std::uint16_t port = 25;
};

struct Envelope {
  std::string mail_from;                     ///< Without angle brackets; empty is the null sender.
  std::vector<std::string> mail_parameters;  ///< "SIZE=1000", "SMTPUTF8"
  std::vector<std::string> rcpt;             ///< Without angle brackets.
  std::string own_received;                  ///< Value of the MTA's own Received field; empty: none.
};

/// Values of macros by name ("i", "{auth_authen}").
using Macros = std::map<std::string, std::string>;

/// What the MTA opens the conversation with.
void append_offer(std::string& out, std::uint32_t version, std::uint32_t actions, std::uint32_t steps);
/// Reads the filter's answer to it.
[[nodiscard]] Result<Negotiated> parse_negotiation(const Packet& packet, std::uint32_t version, std::uint32_t actions,
                                                   std::uint32_t steps);

// Each appends one packet. The caller leaves out an event that was negotiated away.
/// The macros of `stage` that have a value: those that the filter asked for, or the MTA's own list; no packet if none
/// has. An empty value counts as none unless `with_empty`.
void append_macros(std::string& out, const Negotiated& negotiated, Command command, Stage stage, const Macros& macros,
                   bool with_empty = false);
void append_connect(std::string& out, const Client& client);
void append_helo(std::string& out, std::string_view name);
void append_mail(std::string& out, std::string_view address, const std::vector<std::string>& parameters);
void append_rcpt(std::string& out, std::string_view address);
void append_header(std::string& out, const Negotiated& negotiated, const HeaderField& field);

}  // namespace assay::mta
