#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "mta/channel.h"
#include "mta/wire.h"

namespace assay::mta {

/// A filter at the other end of a socket pair: answers each packet with the octets that a script gives, and records
/// what it was sent. A script that returns kHangUp closes the connection.
class FakeMilter {
 public:
  using Script = std::function<std::string(const Packet&)>;
  static constexpr const char* kHangUp = "hang up";

  explicit FakeMilter(Script script);
  ~FakeMilter();
  FakeMilter(const FakeMilter&) = delete;
  FakeMilter& operator=(const FakeMilter&) = delete;

  /// The MTA's end; once.
  [[nodiscard]] Channel take_channel();
  /// The packets received so far; complete after the client closed its end and join().
  [[nodiscard]] std::vector<Packet> received();
  /// The commands received, macros left out: "OCHMRTLNBE".
  [[nodiscard]] std::string commands();
  /// Waits for the end of the conversation. The client must be gone.
  void join();

 private:
  void serve(Channel channel);

  Script script_;
  Channel client_{-1};
  std::mutex mutex_;
  std::vector<Packet> received_;
  std::thread thread_;
};

/// A whole packet with a reply.
[[nodiscard]] std::string reply(ReplyKind kind, std::string_view data = {});
/// The answer to a negotiation, followed by `lists` (already encoded).
[[nodiscard]] std::string negotiation(std::uint32_t actions, std::uint32_t steps, std::string_view lists = {});
[[nodiscard]] std::string with_nul(std::string_view text);
[[nodiscard]] std::string number(std::uint32_t value);

}  // namespace assay::mta
