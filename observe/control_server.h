#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "observe/record.h"
#include "observe/record_filter.h"

namespace assay::observe {

/// What one request gets.
struct ControlReply {
  std::string line;                  ///< One JSON object, without its line end.
  std::optional<RecordFilter> tail;  ///< Set: from now on the client gets each record that fits, a line each.
};

/// Serves a socket on which one line is one request and one line the answer, and that can follow the decision records
/// as they come. One thread of its own does all reading and writing: who publishes a record waits for no client. What
/// clients may take is bounded, and all of it is given back when they go:
///
///   kMaxControlClients      one more is told so and closed
///   kMaxControlLineOctets   a longer request is told so, and its client closed
///   kControlIdle            a client that asks nothing for so long is closed, unless it follows the records
///   kMaxTailLines, kMaxTailOctets   what may wait for one client; what comes beyond is left out for it, and told as
///                           {"lost":N} before the next line
///   kControlStall           a client that takes nothing for so long although something waits is closed
class ControlServer {
 public:
  /// Called on the server's thread, one at a time. May throw: the client is closed then.
  using Answer = std::function<ControlReply(std::string_view request)>;
  /// The times that a test shortens.
  struct Patience {
    std::chrono::milliseconds idle = kControlIdle;
    std::chrono::milliseconds stall = kControlStall;
  };
  struct Counts {
    std::size_t clients = 0;
    std::size_t tails = 0;   ///< Of these, those that follow the records.
    std::uint64_t lost = 0;  ///< Lines left out for slow ones, since the start.
  };

  static constexpr std::chrono::seconds kControlIdle{60};
  static constexpr std::chrono::seconds kControlStall{600};

  /// Serves on `descriptor`, which listens, does not block, and is taken over. Starts a thread, so that signals must be
  /// blocked before. May throw std::system_error.
  ControlServer(int descriptor, Answer answer, Patience patience);
  ControlServer(int descriptor, Answer answer) : ControlServer(descriptor, std::move(answer), Patience()) {}
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// Hands the record to those who follow and want it. Waits for nobody; costs next to nothing if nobody does.
  void publish(const Record& record) noexcept;

  [[nodiscard]] Counts counts() const;

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

inline constexpr std::size_t kMaxControlClients = 16;
inline constexpr std::size_t kMaxControlLineOctets = 4096;
inline constexpr std::size_t kMaxTailLines = 1024;
/// A record of the greatest length that is read back takes as much.
inline constexpr std::size_t kMaxTailOctets = std::size_t{4} << 20U;

}  // namespace assay::observe
