#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mta/events.h"
#include "tests/bench/load_corpus.h"

namespace assay::bench {

/// Packets that travel to a filter together: as Postfix does it, all up to the next one that the filter answers.
struct Leg {
  enum class Kind : std::uint8_t { Offer, Command, Header, Body, End };
  Kind kind = Kind::Command;
  std::string head;
  std::string_view tail;  ///< Of a body chunk: after `head`; octets of the message.
  bool answered = false;  ///< By the last packet's event; otherwise the leg waits for the next one to go with.
  std::vector<std::size_t> queue_id_at;  ///< Places in `head` that hold the queue id.
};
using Legs = std::vector<Leg>;

/// Every queue id has so many octets, so that one can be put in the place of another.
inline constexpr std::size_t kQueueIdOctets = 11;

/// All that one filter is sent for one message, encoded in advance, for what was negotiated with it.
struct SampleLegs {
  Legs greeting;  ///< Connect and HELO.
  Legs mail;
  std::vector<Legs> rcpt;
  Legs data;
  Legs content;  ///< Header, body, end of message.
};

[[nodiscard]] Leg offer_leg(std::uint32_t actions, std::uint32_t steps);
/// `sample` must outlive the result.
[[nodiscard]] SampleLegs encode(const mta::Negotiated& negotiated, const Sample& sample, std::size_t chunk_octets);
/// The content alone, with a header that earlier filters changed. `body` must outlive the result.
[[nodiscard]] Legs encode_content(const mta::Negotiated& negotiated, const std::vector<mta::HeaderField>& header,
                                  std::string_view body, const Sample& sample, std::size_t chunk_octets);

}  // namespace assay::bench
