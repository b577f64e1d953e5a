#pragma once

#include <array>

namespace assay::milter {

/// Bits of the milter protocol's option negotiation, as an MTA offers them and as this filter asks for them.
struct Options {
  unsigned long actions = 0;  ///< SMFIF_*: what the filter may do to a message.
  unsigned long steps = 0;    ///< SMFIP_*: what the MTA sends, and what it waits for.
};

/// What to ask of an MTA with this offer: every action that any configuration can need (so that a reload needs no new
/// negotiation), header values with their leading space, SKIP, and no reply to anything but MAIL, RCPT and body chunks.
/// Body chunks keep their replies because SKIP is one. Nothing that is not offered.
[[nodiscard]] Options negotiate(const Options& offer) noexcept;

/// All that negotiate() may ask for, as a filter must declare it beforehand.
[[nodiscard]] unsigned long wanted_actions() noexcept;

/// Macros to ask for, where the MTA lets a filter choose.
struct MacroList {
  int stage = 0;  ///< SMFIM_*.
  const char* names = "";
};
[[nodiscard]] const std::array<MacroList, 4>& macro_lists() noexcept;

/// What was agreed, in the words of the session.
struct Capabilities {
  bool can_insert_headers = false;
  bool can_change_headers = false;
  bool can_quarantine = false;
  bool can_redirect = false;
  bool can_name_macros = false;
  bool has_leading_space = false;  ///< Header values come, and go, with the space after the colon.
  bool can_skip = false;
  bool no_reply_connect = false;
  bool no_reply_helo = false;
  bool no_reply_header = false;
  bool no_reply_end_of_headers = false;
};

[[nodiscard]] Capabilities capabilities(const Options& agreed) noexcept;

}  // namespace assay::milter
