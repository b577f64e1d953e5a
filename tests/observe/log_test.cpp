#include "observe/log.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

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
  [[nodiscard]] std::vector<std::string> lines() const { return lines_of(path_); }

 private:
  TemporaryFolder folder_;
  std::string path_;
};

}  // namespace

TEST_CASE("observe/log: JSON lines are the record exactly", "[observe][log]") {
  const FileLog log(true);
  log_record(sample_record());
  log_record(Record{});
  CHECK(read_file(log.path()) == to_json(sample_record()) + "\n" + to_json(Record{}) + "\n");
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
  CHECK(!open_log({false, "info", "/nonexistent/folder/log"}, error));
  log_info("still here");
  CHECK(log.lines().size() == 1);
}

TEST_CASE("observe/log: reopen_log follows a file that was moved", "[observe][log]") {
  const FileLog log(false);
  log_info("one");
  std::filesystem::rename(log.path(), log.path() + ".1");
  reopen_log();
  log_info("two");
  CHECK(lines_of(log.path() + ".1").size() == 1);
  CHECK(lines_of(log.path()).size() == 1);
}

TEST_CASE("observe/log: lines of several threads stay whole, while the log is reopened", "[observe][log]") {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kLines = 500;
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
  CHECK(lost_log_lines() == before + 2);
  REQUIRE(open_log({}, error));
}
