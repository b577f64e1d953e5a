#include "tests/cli/run_assay.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "tests/support/temporary_folder.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace assay::test {
namespace {

constexpr std::chrono::seconds kPatience{60};

/// Waits for `child`, ending it when its time is over.
int wait_for(pid_t child) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > until) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

Run run_assay(const std::vector<std::string>& arguments, const std::string& input) {
  // Files, not pipes: neither side can then wait for the other.
  const TemporaryFolder folder;
  const std::string in = folder.write("in", input);
  const std::string out = folder.path("out");
  const std::string err = folder.path("err");

  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, in.c_str(), O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT, 0600);
  ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT, 0600);

  std::vector<std::string> owned{ASSAY_BINARY};
  owned.insert(owned.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : owned) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  pid_t child = -1;
  const int failed = ::posix_spawn(&child, ASSAY_BINARY, &files, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  if (failed != 0) {
    throw std::runtime_error("cannot run " ASSAY_BINARY);
  }
  Run run;
  run.status = wait_for(child);
  run.out = read_file(out);
  run.err = read_file(err);
  return run;
}

bool is_fit_for_terminal(const std::string& text) {
  return is_utf8(text) && std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || !is_control(c); });
}

}  // namespace assay::test
