#include "tests/bench/load_process.h"

#include <unistd.h>

#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

namespace assay::bench {
namespace {

std::string folder_of(pid_t pid) {
  return "/proc/" + std::to_string(pid);
}

void read_status(std::istream& status, ProcessState& state) {
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t value = 0;
    words >> name >> value;
    if (name == "VmRSS:") {
      state.rss_kib = value;
    } else if (name == "VmHWM:") {
      state.peak_kib = value;
    } else if (name == "Threads:") {
      state.threads = value;
    }
  }
}

void read_stat(std::istream& stat, ProcessState& state) {
  std::string text;
  std::getline(stat, text);
  // The program's name, in parentheses, may hold anything.
  std::istringstream words(text.substr(text.rfind(')') + 1));
  constexpr int kFieldsBeforeTimes = 11;
  std::string skipped;
  for (int i = 0; i < kFieldsBeforeTimes; ++i) {
    words >> skipped;
  }
  double user = 0;
  double system = 0;
  words >> user >> system;
  const double tick_us = 1e6 / static_cast<double>(sysconf(_SC_CLK_TCK));
  state.user_us = user * tick_us;
  state.system_us = system * tick_us;
}

}  // namespace

std::optional<ProcessState> process_state(pid_t pid) {
  std::ifstream status(folder_of(pid) + "/status");
  std::ifstream stat(folder_of(pid) + "/stat");
  clockid_t clock{};
  timespec time{};
  if (!status || !stat || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) {
    return std::nullopt;
  }
  ProcessState state;
  state.cpu_us = static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
  read_status(status, state);
  read_stat(stat, state);
  return state;
}

void forget_peak(pid_t pid) {
  std::ofstream(folder_of(pid) + "/clear_refs") << "5";
}

}  // namespace assay::bench
