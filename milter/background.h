#pragma once

namespace assay::milter {

/// Moves the program to the background. The foreground process waits until the daemon says whether it serves, and exits
/// with that status, so that whoever started it sees every start-up error. Call before any thread exists.
class Background {
 public:
  /// Forks; returns in the daemon alone. On failure stays in the foreground.
  void start();
  /// The daemon serves: releases the foreground process, and lets go of the terminal.
  void ready();
  [[nodiscard]] bool started() const noexcept { return pipe_ >= 0; }

 private:
  int pipe_ = -1;
};

}  // namespace assay::milter
