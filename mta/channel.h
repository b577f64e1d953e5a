#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "mta/wire.h"

namespace assay::mta {

/// One connected socket that carries packets. Owns the descriptor. Not for use by two threads at once.
class Channel {
 public:
  /// Connects to `address` in libmilter's notation: inet:PORT@HOST, inet6:PORT@HOST, unix:PATH (or local:PATH).
  [[nodiscard]] static Result<Channel> open(std::string_view address, std::chrono::milliseconds timeout);

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

 private:
  [[nodiscard]] Result<void> fill(std::size_t octets, std::chrono::steady_clock::time_point deadline);

  int descriptor_ = -1;
  std::string buffer_;  ///< Received and not yet handed out.
};

}  // namespace assay::mta
