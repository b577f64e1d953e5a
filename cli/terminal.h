#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include <termios.h>

namespace assay::cli {

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// The size of the terminal behind standard output; what COLUMNS and LINES say, or 80 by 24, without one.
[[nodiscard]] ScreenSize screen_size();

/// A terminal taken over for a full screen: its other buffer, no cursor, keys as they are pressed. The destructor gives
/// it back as it was; so does whatever ends the loop, for SIGINT, SIGTERM and SIGHUP only end wait(). At most one.
class Terminal {
 public:
  enum class Event : unsigned char {
    Time,     ///< It was time.
    Resized,  ///< The terminal has another size.
    Quit,     ///< q, Ctrl-C, Ctrl-D, the end of the input, or a signal.
    Key,      ///< Any other key.
  };

  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Whether standard input and output are terminals that can be taken over.
  [[nodiscard]] static bool is_there();

  /// Waits for a key, or for `time`.
  [[nodiscard]] Event wait(std::chrono::milliseconds time);
  /// Draws `lines` (ended by '\n', as many as fit) over what is there, without a flicker.
  void draw(const std::string& lines);

 private:
  termios before_{};
  bool has_before_ = false;
};

}  // namespace assay::cli
