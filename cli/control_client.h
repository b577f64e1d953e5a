#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "cli/input.h"

namespace assay::cli {

/// The help of --socket.
inline constexpr const char* kSocketHelp =
    "The control socket of assayd, a path or unix:PATH. Default: /run/assay/control.sock.";

/// A connection to a running assayd. For one thread.
class ControlClient {
 public:
  /// Connects to `address` (unix:PATH or PATH), or to the default.
  [[nodiscard]] static Input<ControlClient> connect(const std::optional<std::string>& address);
  ~ControlClient();
  ControlClient(ControlClient&& other) noexcept;
  ControlClient& operator=(ControlClient&&) = delete;
  ControlClient(const ControlClient&) = delete;
  ControlClient& operator=(const ControlClient&) = delete;

  /// Sends one request and waits for its answer; what the daemon calls an error is one.
  [[nodiscard]] Input<std::string> ask(const std::string& request);
  /// The next line without its end; an error when the daemon closed the connection, or says nothing for `patience`.
  /// Without patience it waits as long as it takes.
  [[nodiscard]] Input<std::string> next_line(std::optional<std::chrono::milliseconds> patience = std::nullopt);

  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  explicit ControlClient(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
  std::string buffer_;
  std::size_t begin_ = 0;  ///< Of what is not given yet.
};

}  // namespace assay::cli
