#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mta/message.h"
#include "mta/wire.h"

// What a filter answers, read from packets.

namespace assay::mta {

/// The filter's answer to one event.
struct Answer {
  enum class Kind : std::uint8_t { Continue, Accept, Discard, Reject, TempFail, Skip, Shutdown };
  Kind kind = Kind::Continue;
  std::string reply;  ///< For Reject, TempFail, Shutdown: the SMTP reply, "%%" already "%"; lines separated by CR LF.
};

/// The filter's answer to the end of a message, with the changes it asked for.
struct EndAnswer {
  Answer answer;
  std::vector<Edit> edits;
  std::optional<std::string> hold;  ///< SMFIR_QUARANTINE: its reason.
  std::size_t progress = 0;         ///< SMFIR_PROGRESS packets.
};

/// Largest number of edits taken for one message.
inline constexpr std::size_t kMaxEdits = 100'000;

/// Whether the answer decides about the message or the session.
[[nodiscard]] bool is_final(const Answer& answer) noexcept;
/// Reads an answer that is no request for a change; absent if the packet is not one.
[[nodiscard]] std::optional<Answer> parse_answer(const Packet& packet);
/// Reads a request for a change, which `actions` must allow.
[[nodiscard]] Result<Edit> parse_edit(const Packet& packet, std::uint32_t actions);

/// For an answer that is none: a packet "malformed" or out of turn.
[[nodiscard]] std::string name_of(char command);

}  // namespace assay::mta
