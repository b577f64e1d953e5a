#include "milter/background.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace assay::milter {

void Background::start() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return;
  }
  const pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return;
  }
  if (child > 0) {
    close(ends[1]);
    char word = 0;
    ssize_t got = 0;
    while ((got = read(ends[0], &word, 1)) < 0 && errno == EINTR) {
    }
    if (got == 1) {
      _exit(0);
    }
    int status = 0;  // The daemon ended before it served: pass its status on.
    const bool ended = waitpid(child, &status, 0) == child && WIFEXITED(status);
    _exit(ended ? WEXITSTATUS(status) : 1);
  }
  close(ends[0]);
  setsid();
  pipe_ = ends[1];
}

void Background::ready() {
  if (!started()) {
    return;
  }
  if (const int null = open("/dev/null", O_RDWR | O_CLOEXEC); null >= 0) {
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    close(null);
  }
  const char word = 1;
  static_cast<void>(write(pipe_, &word, 1) == 1);
  close(pipe_);
  pipe_ = -1;
}

}  // namespace assay::milter
