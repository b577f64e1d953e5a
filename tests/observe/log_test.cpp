#include "observe/log.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "observe/target.h"
#include "tests/observe/sample.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"

namespace {

using namespace assay::observe;
using assay::test::read_file;
using assay::test::sample_record;
using assay::test::TemporaryFolder;
using Json = nlohmann::json;

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::istringstream text(read_file(path));
  for (std::string line; std::getline(text, line);) {
    lines.push_back(line);
  }
  return lines;
}

/// Opens the log on a file and puts it back on stderr at the end.
class FileLog {
 public:
  explicit FileLog(bool json, const std::string& level = "debug") : path_(folder_.path("log")) {
    std::string error;
    REQUIRE(open_log({json, level, path_}, error));
  }
  FileLog(const FileLog&) = delete;
  FileLog& operator=(const FileLog&) = delete;
  ~FileLog() {
    std::string error;
    (void)open_log({}, error);
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// What is in it once all is written.
  [[nodiscard]] std::vector<std::string> lines() const {
    flush_log();
    return lines_of(path_);
  }

 private:
  TemporaryFolder folder_;
  std::string path_;
};

}  // namespace

TEST_CASE("observe/log: JSON lines are the record exactly", "[observe][log]") {
  const FileLog log(true);
  log_record(sample_record());
  log_record(Record{});
  flush_log();
  CHECK(read_file(log.path()) == to_json(sample_record()) + "\n" + to_json(Record{}) + "\n");
}

namespace {

/// What the log writes to stderr, while that is a terminal, or a pipe.
std::string written_to_stderr(bool is_terminal, bool json = false) {
  std::array<int, 2> ends{-1, -1};
  if (is_terminal) {
    ends[0] = ::posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(ends[0] >= 0);
    REQUIRE(::grantpt(ends[0]) == 0);
    REQUIRE(::unlockpt(ends[0]) == 0);
    ends[1] = ::open(::ptsname(ends[0]), O_RDWR | O_NOCTTY);
  } else {
    REQUIRE(::pipe(ends.data()) == 0);
  }
  REQUIRE(ends[1] >= 0);
  const int kept = ::dup(STDERR_FILENO);
  REQUIRE(::dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
  std::string error;
  const bool is_open = open_log({json, "debug", "stderr"}, error);
  log_info("started");
  log_warn("careful \x1B[31m");
  log_record(sample_record());
  flush_log();
  REQUIRE(::dup2(kept, STDERR_FILENO) == STDERR_FILENO);
  REQUIRE(open_log({}, error));
  ::close(kept);
  ::close(ends[1]);
  REQUIRE(is_open);
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(ends[0], buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  std::erase(text, '\r');  // The terminal's.
  return text;
}

}  // namespace

TEST_CASE("observe/log: at a terminal lines stand in columns, coloured unless NO_COLOR is set; nowhere else",
          "[observe][log][terminal]") {
  constexpr char kEscape = '\x1B';
  REQUIRE(::unsetenv("NO_COLOR") == 0);
  const std::string coloured = written_to_stderr(true);
  CHECK(coloured.find("\x1B[33mquarantine\x1B[0m") != std::string::npos);
  CHECK(coloured.find("\x1B[33mwarning\x1B[0m") != std::string::npos);
  CHECK(coloured.find("\\x1B[31m") != std::string::npos);  // What was logged stays escaped.
  REQUIRE(::setenv("NO_COLOR", "1", 1) == 0);
  const std::string plain = written_to_stderr(true);
  REQUIRE(::unsetenv("NO_COLOR") == 0);
  CHECK(plain.find(kEscape) == std::string::npos);
  std::istringstream text(plain);
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    lines.push_back(line);
  }
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].substr(8) == "  assayd            info       started");
  CHECK(lines[1].substr(8) == "  assayd            warning    careful \\x1B[31m");
  CHECK(lines[2].substr(0, 40) == "14:05:09  4XyZ1             quarantine q");
  // The same without its colours.
  CHECK(std::count(coloured.begin(), coloured.end(), '\n') == 3);

  CHECK(written_to_stderr(true, true).find(to_json(sample_record()) + '\n') != std::string::npos);
  const std::string piped = written_to_stderr(false);
  CHECK(piped.find(kEscape) == std::string::npos);
  CHECK(piped.find("Z info " + to_text(sample_record()) + '\n') != std::string::npos);
}

TEST_CASE("observe/log: messages in a JSON log are objects without a schema", "[observe][log]") {
  const FileLog log(true);
  log_warn("odd \x80 \n text");
  REQUIRE(log.lines().size() == 1);
  const Json line = Json::parse(log.lines().front());
  CHECK(line["level"] == "warning");
  CHECK(line["message"] == "odd \\x80 \\x0A text");
  CHECK(line["time"].get<std::string>().size() == std::string("2026-11-22T14:05:09Z").size());
  CHECK(!line.contains("schema"));
}

TEST_CASE("observe/log: text lines begin with the time and the level", "[observe][log]") {
  const FileLog log(false);
  log_info("started");
  log_record(sample_record());
  const auto lines = log.lines();
  REQUIRE(lines.size() == 2);
  const std::string stamp = "2026-11-22T14:05:09.123Z";
  CHECK(lines[0].substr(stamp.size()) == " info started");
  CHECK(lines[0].at(10) == 'T');
  CHECK(lines[0].at(stamp.size() - 1) == 'Z');
  CHECK(lines[1].substr(stamp.size()) == " info " + to_text(sample_record()));
}

TEST_CASE("observe/log: the level leaves lesser lines out, records count as info", "[observe][log]") {
  struct Row {
    const char* level;
    std::size_t lines;
  };
  const auto row = GENERATE(Row{"debug", 5}, Row{"info", 4}, Row{"warn", 2}, Row{"error", 1});
  CAPTURE(row.level);
  const FileLog log(false, row.level);
  log_debug("d");
  log_info("i");
  log_warn("w");
  log_error("e");
  log_record(Record{});
  CHECK(log.lines().size() == row.lines);
}

TEST_CASE("observe/log: no octet leaves its line, and escaped text is not escaped twice", "[observe][log]") {
  const FileLog log(false);
  std::string all;
  for (int octet = 0; octet < 256; ++octet) {
    all += static_cast<char>(octet);
  }
  log_info(all);
  log_info(assay::escape("from \x80 mail"));
  log_info(std::string(kMaxLogOctets * 3, 'x'));
  const auto lines = log.lines();
  REQUIRE(lines.size() == 3);
  for (const std::string& line : lines) {
    CHECK(assay::is_utf8(line));
    CHECK(std::none_of(line.begin(), line.end(), [](char c) { return assay::is_control(c); }));
  }
  CHECK(lines[1].substr(lines[1].size() - 14) == "from \\x80 mail");
  CHECK(lines[2].size() < kMaxLogOctets + 100);
}

TEST_CASE("observe/log: a target or level that cannot be used is refused, the log in force stays", "[observe][log]") {
  const FileLog log(false);
  std::string error;
  CHECK(!open_log({false, "info", "relative/path"}, error));
  CHECK(error == "log target 'relative/path' is not stderr, syslog, journald or an absolute path");
  CHECK(!open_log({false, "loud", "stderr"}, error));
  CHECK(error == "log level 'loud' is not debug, info, warn or error");
  CHECK(!open_log({true, "info", "/nonexistent/folder/log"}, error));
  CHECK(log_in_force().target == log.path());
  CHECK_FALSE(log_in_force().json);
  log_info("still here");
  CHECK(log.lines().size() == 1);
}

TEST_CASE("observe/log: reopen_log follows a file that was moved", "[observe][log]") {
  const FileLog log(false);
  log_info("one");
  std::filesystem::rename(log.path(), log.path() + ".1");
  reopen_log();
  log_info("two");
  CHECK(log.lines().size() == 1);
  CHECK(lines_of(log.path() + ".1").size() == 1);
}

TEST_CASE("observe/log: lines of several threads stay whole, while the log is reopened", "[observe][log]") {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kLines = 250;
  static_assert(kThreads * kLines <= kMaxQueuedLines);
  const FileLog log(true);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (std::size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([] {
      for (std::size_t n = 0; n < kLines; ++n) {
        log_record(sample_record());
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    reopen_log();
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  const auto lines = log.lines();
  REQUIRE(lines.size() == kThreads * kLines);
  const std::string expected = to_json(sample_record());
  CHECK(std::all_of(lines.begin(), lines.end(), [&](const std::string& line) { return line == expected; }));
}

TEST_CASE("observe/log: lines that the target does not take are counted", "[observe][log]") {
  std::string error;
  if (!std::filesystem::exists("/dev/full")) {
    WARN("no /dev/full here");
    return;
  }
  REQUIRE(open_log({false, "info", "/dev/full"}, error));
  const auto before = lost_log_lines();
  log_info("lost");
  log_record(sample_record());
  flush_log();
  CHECK(lost_log_lines() == before + 2);
  REQUIRE(open_log({}, error));
}

TEST_CASE("observe/log: flush_log waits for all that was logged, and an error is written when it returns",
          "[observe][log]") {
  constexpr std::size_t kLines = kMaxQueuedLines / 2;
  const FileLog log(true);
  for (std::size_t i = 0; i < kLines; ++i) {
    log_record(sample_record());
  }
  flush_log();
  CHECK(lines_of(log.path()).size() == kLines);
  log_record(sample_record());
  log_error("it");
  CHECK(lines_of(log.path()).size() == kLines + 2);
}

TEST_CASE("observe/log: a log that is replaced writes what it was given", "[observe][log]") {
  const FileLog log(false);
  log_info("one");
  const FileLog next(false);
  CHECK(lines_of(log.path()).size() == 1);
}

namespace {

/// The reader of a FIFO of one page that reads when it is told to.
class SlowReader {
 public:
  explicit SlowReader(const std::string& path) {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    fifo_ = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(fifo_ >= 0);
    REQUIRE(::fcntl(fifo_, F_SETPIPE_SZ, kOctets) == kOctets);
  }
  ~SlowReader() { ::close(fifo_); }
  SlowReader(const SlowReader&) = delete;
  SlowReader& operator=(const SlowReader&) = delete;

  /// Waits until no more fits in.
  [[nodiscard]] bool wait_until_full() const {
    for (int tries = 0; tries < 20'000; ++tries) {
      int octets = 0;
      if (::ioctl(fifo_, FIONREAD, &octets) == 0 && octets == kOctets) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
  /// What is there, a page at most.
  void read_page() {
    std::array<char, kOctets> chunk{};
    [[maybe_unused]] const ssize_t octets = ::read(fifo_, chunk.data(), chunk.size());
  }
  /// Reads until `line` has come, or nothing for 20 s.
  std::vector<std::string> read_until(const std::string& line) {
    std::string text;
    std::array<char, kOctets> chunk{};
    pollfd entry{fifo_, POLLIN, 0};
    while (text.find('"' + line + "\"}\n") == std::string::npos && ::poll(&entry, 1, 20'000) > 0) {
      const ssize_t octets = ::read(fifo_, chunk.data(), chunk.size());
      text.append(chunk.data(), static_cast<std::size_t>(std::max<ssize_t>(octets, 0)));
    }
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string next; std::getline(stream, next);) {
      const auto object = Json::parse(next);
      lines.push_back(object.value("message", ""));
    }
    return lines;
  }

 private:
  static constexpr int kOctets = 4096;
  int fifo_ = -1;
};

}  // namespace

TEST_CASE("observe/log: a log that another replaces holds up nobody for longer than a flush, however slow its reader",
          "[observe][log]") {
  const TemporaryFolder folder;
  SlowReader reader(folder.path("fifo"));
  std::string error;
  REQUIRE(open_log({true, "info", folder.path("fifo")}, error));
  const auto before = lost_log_lines();
  const std::string line(3000, 'x');
  for (std::size_t i = 0; i < kMaxQueuedLines; ++i) {
    log_info(line);
  }
  // A page, and so one line, in 50 ms: each is taken well within the patience for one, and all in a minute.
  std::atomic<bool> ends{false};
  std::thread reads([&] {
    while (!ends) {
      reader.read_page();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(open_log({}, error));
  const auto held_up = std::chrono::steady_clock::now() - begin;
  ends = true;
  reads.join();
  CHECK(held_up < std::chrono::seconds(15));
  CHECK(lost_log_lines() > before + kMaxQueuedLines / 2);
}

TEST_CASE("observe/log: kMaxQueuedLines wait for a slow reader, one more costs the oldest, and no caller waits",
          "[observe][log]") {
  const std::size_t more = GENERATE(0U, 1U);
  CAPTURE(more);
  const TemporaryFolder folder;
  SlowReader reader(folder.path("fifo"));
  std::string error;
  REQUIRE(open_log({true, "info", folder.path("fifo")}, error));
  const auto before = lost_log_lines();
  Record large;
  large.notes.assign(100, std::string(200, 'y'));
  log_record(large);
  REQUIRE(reader.wait_until_full());  // The writer has its rest in hand.
  for (std::size_t i = 1; i <= kMaxQueuedLines + more; ++i) {
    log_info("n" + std::to_string(i));
  }
  CHECK(lost_log_lines() == before + more);
  const auto lines = reader.read_until("n" + std::to_string(kMaxQueuedLines + more));
  const std::string first = "n" + std::to_string(1 + more);
  const auto begin = std::find(lines.begin(), lines.end(), first);
  CHECK(static_cast<std::size_t>(lines.end() - begin) == kMaxQueuedLines);
  CHECK(std::find(lines.begin(), lines.end(), "n1") == (more == 0 ? begin : lines.end()));
  flush_log();
  CHECK(lost_log_lines() == before + more);
  // What a queue dropped stays counted when its log is gone.
  REQUIRE(open_log({}, error));
  CHECK(lost_log_lines() == before + more);
}

TEST_CASE("observe/log: what was lost never becomes less, while another log takes the place of one that lost lines",
          "[observe][log]") {
  const TemporaryFolder folder;
  const SlowReader reader(folder.path("fifo"));
  std::string error;
  REQUIRE(open_log({true, "info", folder.path("fifo")}, error));
  const auto before = lost_log_lines();
  const std::string line(3000, 'x');
  for (std::size_t i = 0; i < 2 * kMaxQueuedLines; ++i) {
    log_info(line);
  }
  std::uint64_t most = lost_log_lines();
  CHECK(most > before);
  // What waits still has some time, in which the other one is in force already.
  auto opened = std::async(std::launch::async, [] {
    std::string problem;
    return open_log({}, problem);
  });
  while (opened.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
    const auto now = lost_log_lines();
    if (now < most) {
      FAIL_CHECK("from " << most << " to " << now);
      break;
    }
    most = now;
  }
  CHECK(opened.get());
  CHECK(lost_log_lines() >= most);
  CHECK(lost_log_lines() <= before + 2 * kMaxQueuedLines);
}

TEST_CASE("observe/log: a line of kMaxQueuedLineOctets waits in the queue, a longer one is its caller's",
          "[observe][log]") {
  const auto record_of = [](std::size_t octets) {
    constexpr std::size_t kNoteOctets = 200;
    Record record;
    while (to_json(record).size() + 2 * kNoteOctets < octets) {
      record.notes.emplace_back(kNoteOctets, 'y');
    }
    record.notes.emplace_back();
    record.notes.back().assign(octets - to_json(record).size(), 'z');
    return record;
  };
  const std::size_t more = GENERATE(0U, 1U);
  CAPTURE(more);
  const Record record = record_of(kMaxQueuedLineOctets + more);
  REQUIRE(to_json(record).size() == kMaxQueuedLineOctets + more);
  const TemporaryFolder folder;
  const SlowReader reader(folder.path("fifo"));
  std::string error;
  REQUIRE(open_log({true, "info", folder.path("fifo")}, error));
  log_record(record_of(kMaxQueuedLineOctets));
  REQUIRE(reader.wait_until_full());  // The writer has its rest in hand.
  const auto before = lost_log_lines();
  const auto start = std::chrono::steady_clock::now();
  log_record(record);
  const auto waited = std::chrono::steady_clock::now() - start;
  // Whoever writes waits for the line in hand, but not until that is given up.
  CHECK(lost_log_lines() == before + more);
  CHECK((waited >= kCallerPatience) == (more == 1));
  CHECK(waited < kLogPatience / 2);
  REQUIRE(open_log({}, error));
}

TEST_CASE("observe/log: flush_log finds its place in a queue that is full, for the oldest line", "[observe][log]") {
  const TemporaryFolder folder;
  SlowReader reader(folder.path("fifo"));
  std::string error;
  REQUIRE(open_log({true, "info", folder.path("fifo")}, error));
  const auto before = lost_log_lines();
  Record large;
  large.notes.assign(100, std::string(200, 'y'));
  log_record(large);
  REQUIRE(reader.wait_until_full());  // The writer has its rest in hand.
  for (std::size_t i = 1; i <= kMaxQueuedLines; ++i) {
    log_info("n" + std::to_string(i));
  }
  auto flush = std::async(std::launch::async, flush_log);
  while (lost_log_lines() == before) {
    std::this_thread::yield();
  }
  const auto lines = reader.read_until("n" + std::to_string(kMaxQueuedLines));
  flush.wait();
  CHECK(std::find(lines.begin(), lines.end(), "n1") == lines.end());
  const auto begin = std::find(lines.begin(), lines.end(), "n2");
  CHECK(static_cast<std::size_t>(lines.end() - begin) == kMaxQueuedLines - 1);
  CHECK(lost_log_lines() == before + 1);
  REQUIRE(open_log({}, error));
}

TEST_CASE("observe/log: an error holds up its caller for kCallerPatience, however many wait and however full the queue",
          "[observe][log]") {
  const TemporaryFolder folder;
  const SlowReader reader(folder.path("fifo"));
  std::string error;
  REQUIRE(open_log({true, "info", folder.path("fifo")}, error));
  const auto before = lost_log_lines();
  Record large;
  large.notes.assign(100, std::string(200, 'y'));
  log_record(large);
  REQUIRE(reader.wait_until_full());  // The writer has its rest in hand, for kLogPatience.
  for (std::size_t i = 1; i <= kMaxQueuedLines; ++i) {
    log_info("n" + std::to_string(i));
  }
  constexpr std::size_t kCallers = 4;
  std::vector<std::future<std::chrono::nanoseconds>> callers;
  for (std::size_t i = 0; i < kCallers; ++i) {
    callers.push_back(std::async(std::launch::async, [] {
      const auto start = std::chrono::steady_clock::now();
      log_error("it");
      return std::chrono::nanoseconds(std::chrono::steady_clock::now() - start);
    }));
  }
  for (auto& caller : callers) {
    const auto waited = caller.get();
    CHECK(waited >= kCallerPatience);
    CHECK(waited < kLogPatience / 2);
  }
  // Each error took the place of an older line, and so did the one flush that found its turn.
  CHECK(lost_log_lines() >= before + kCallers);
  REQUIRE(open_log({}, error));
}
