#include "cli/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "cli/paint.h"

namespace assay::cli {
namespace {

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): a signal handler reaches nothing else.
volatile std::sig_atomic_t wants_end = 0;
volatile std::sig_atomic_t is_resized = 0;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

extern "C" void note_signal(int signal) {
  if (signal == SIGWINCH) {
    is_resized = 1;
  } else {
    wants_end = 1;
  }
}

constexpr std::string_view kBegin = "\x1B[?1049h\x1B[?25l";  // The other buffer, no cursor.
constexpr std::string_view kEnd = "\x1B[?25h\x1B[?1049l";
constexpr std::size_t kMaxColumns = 1000;
constexpr std::size_t kMaxRows = 1000;
constexpr char kControlC = 3;
constexpr char kControlD = 4;

/// All of it, or nothing more when the terminal is gone.
void write_all(std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, octets.data(), octets.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      wants_end = 1;
      return;
    }
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::size_t number_of(const char* name, std::size_t otherwise) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread changes the environment
  const char* const text = std::getenv(name);
  const long number = text == nullptr ? 0 : std::strtol(text, nullptr, 10);
  return number > 0 ? static_cast<std::size_t>(number) : otherwise;
}

}  // namespace

ScreenSize screen_size() {
  ScreenSize size;
  winsize window{};
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): ioctl(2) is variadic
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col != 0 && window.ws_row != 0) {
    size = {window.ws_col, window.ws_row};
  } else {
    size = {number_of("COLUMNS", size.columns), number_of("LINES", size.rows)};
  }
  return {std::min(size.columns, kMaxColumns), std::min(size.rows, kMaxRows)};
}

bool Terminal::is_there() {
  return ::isatty(STDIN_FILENO) == 1 && obeys_escapes();
}

Terminal::Terminal() {
  struct sigaction action {};
  action.sa_handler = note_signal;  // Without SA_RESTART: poll(2) ends.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) {
    ::sigaction(signal, &action, nullptr);
  }
  has_before_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
  if (has_before_) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  write_all(kBegin);
}

Terminal::~Terminal() {
  write_all(kEnd);
  if (has_before_) {
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }
}

Terminal::Event Terminal::wait(std::chrono::milliseconds time) {
  pollfd entry{STDIN_FILENO, POLLIN, 0};
  const int ready = ::poll(&entry, 1, static_cast<int>(time.count()));
  if (wants_end != 0) {
    return Event::Quit;
  }
  if (is_resized != 0) {
    is_resized = 0;
    return Event::Resized;
  }
  if (ready <= 0) {
    return Event::Time;
  }
  char key = 0;
  const ssize_t count = ::read(STDIN_FILENO, &key, 1);
  if (count < 0 && errno == EINTR) {
    return Event::Time;
  }
  return count <= 0 || key == 'q' || key == 'Q' || key == kControlC || key == kControlD ? Event::Quit : Event::Key;
}

void Terminal::draw(const std::string& lines) {
  std::string octets = "\x1B[H";  // To the corner.
  std::string_view rest = lines;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    // Cleared before it is written, for behind a full line the cursor still stands on its last character. The last one
    // clears what is below, too.
    octets.append(rest.empty() ? "\x1B[J" : "\x1B[K").append(line).append(rest.empty() ? "" : "\r\n");
  }
  write_all(octets);
}

}  // namespace assay::cli
