#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace assay::cli {

/// One line on standard error that says how far a long work has come; nothing at all unless that is a terminal.
class Progress {
 public:
  /// `total`: octets to come in all; nullopt if nobody knows.
  explicit Progress(std::optional<std::uint64_t> total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Draws the line again if it is time. Cheap enough to call for every record.
  void update(std::uint64_t octets, std::uint64_t records) {
    if (is_on_ && ++calls_ % kCallsBetweenLooks == 0) {
      draw(octets, records);
    }
  }
  /// Draws a line of these words now, fit for a terminal.
  void note(const std::string& words);
  /// Takes the line away, so that others may be written. It comes back with the next update.
  void clear();

 private:
  static constexpr std::uint64_t kCallsBetweenLooks = 1024;  ///< At the clock.
  void draw(std::uint64_t octets, std::uint64_t records);

  std::optional<std::uint64_t> total_;
  bool is_on_;
  bool is_drawn_ = false;
  std::uint64_t calls_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point next_;
};

/// "[####......]  42 %  1,234,567 records  112,000/s  ETA 0:07", for tests apart from the terminal. `elapsed` is more
/// than 0.
[[nodiscard]] std::string progress_line(std::optional<std::uint64_t> total, std::uint64_t octets, std::uint64_t records,
                                        std::chrono::duration<double> elapsed);

/// "1,234,567"
[[nodiscard]] std::string with_commas(std::uint64_t number);

}  // namespace assay::cli
