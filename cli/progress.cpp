#include "cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

namespace assay::cli {
namespace {

constexpr std::chrono::milliseconds kBetweenLines{200};
constexpr std::size_t kBarColumns = 20;

}  // namespace

std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) {
    digits.insert(i - 3, 1, ',');
  }
  return digits;
}

std::string progress_line(std::optional<std::uint64_t> total, std::uint64_t octets, std::uint64_t records,
                          std::chrono::duration<double> elapsed) {
  std::string line;
  const double done =
      total && *total > 0 ? std::min(1.0, static_cast<double>(octets) / static_cast<double>(*total)) : 0.0;
  if (total) {
    const auto columns = static_cast<std::size_t>(done * static_cast<double>(kBarColumns));
    line = '[' + std::string(columns, '#') + std::string(kBarColumns - columns, '.') + "] " +
           std::to_string(static_cast<unsigned>(done * 100.0)) + " %  ";
  }
  line += with_commas(records) + " records  " +
          with_commas(static_cast<std::uint64_t>(static_cast<double>(records) / elapsed.count())) + "/s";
  if (done > 0.0) {
    const auto left = static_cast<std::uint64_t>(elapsed.count() * (1.0 - done) / done);
    const std::string seconds = std::to_string(left % 60);
    line += "  ETA " + std::to_string(left / 60) + ':' + (seconds.size() == 1 ? "0" : "") + seconds;
  }
  return line;
}

Progress::Progress(std::optional<std::uint64_t> total)
    : total_(total),
      is_on_(::isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()),
      next_(start_ + kBetweenLines) {}

Progress::~Progress() {
  clear();
}

void Progress::clear() {
  if (is_drawn_) {
    std::cerr << "\r\x1B[K" << std::flush;
    is_drawn_ = false;
  }
}

void Progress::note(const std::string& words) {
  if (is_on_) {
    std::cerr << '\r' << words << "\x1B[K" << std::flush;
    is_drawn_ = true;
  }
}

void Progress::draw(std::uint64_t octets, std::uint64_t records) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) {
    return;
  }
  next_ = now + kBetweenLines;
  std::cerr << '\r' << progress_line(total_, octets, records, now - start_) << "\x1B[K" << std::flush;
  is_drawn_ = true;
}

}  // namespace assay::cli
