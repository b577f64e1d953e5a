#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "mta/address.h"
#include "mta/wire.h"

namespace assay::mta {

/// Octets asked of the kernel at once.
inline constexpr std::size_t kReadOctets = 16384;

/// One connected socket that carries packets. Owns the descriptor. Not for use by two threads at once.
class Channel {
 public:
  /// Connects to `address` in libmilter's notation: inet:PORT@HOST, inet6:PORT@HOST, unix:PATH (or local:PATH).
  [[nodiscard]] static Result<Channel> open(std::string_view address, std::chrono::milliseconds timeout);

  /// Begins to connect and does not wait: once the socket can be written to, finish() tells what came of it.
  [[nodiscard]] static Result<Channel> begin(const Address& address);
  [[nodiscard]] Result<void> finish();

  /// Takes over a connected stream socket.
  explicit Channel(int descriptor);
  ~Channel();
  Channel(Channel&& other) noexcept;
  Channel& operator=(Channel&& other) noexcept;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Sends all octets; each wait for the peer lasts at most `timeout`.
  [[nodiscard]] Result<void> send(std::string_view octets, std::chrono::milliseconds timeout);
  /// The next packet, complete within `timeout`. A length of 0 or above kMaxReplyOctets is a Protocol failure.
  [[nodiscard]] Result<Packet> receive(std::chrono::milliseconds timeout);

  // Without waiting, for one thread that serves many channels.
  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// Sends what the kernel takes now, and tells how many octets that were.
  [[nodiscard]] Result<std::size_t> send_some(std::string_view octets);
  /// Reads what has arrived, at most kReadOctets, and tells how many octets that were; 0 if nothing has.
  [[nodiscard]] Result<std::size_t> receive_some();
  /// The next packet of what was read, if it is complete. A length of 0 or above kMaxReplyOctets is a Protocol failure.
  [[nodiscard]] Result<std::optional<Packet>> next_packet();

 private:
  int descriptor_ = -1;
  bool connecting_ = false;
  std::string buffer_;  ///< Received and not yet handed out.
};

}  // namespace assay::mta
