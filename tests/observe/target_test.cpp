#include "observe/target.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using assay::observe::Datagram;
using assay::observe::kLogPatience;
using assay::observe::make_datagram_target;
using assay::observe::make_file_target;
using assay::observe::make_stream_target;
using assay::observe::Severity;
using assay::test::read_file;
using assay::test::TemporaryFolder;
using Clock = std::chrono::steady_clock;

/// The reader's end of a datagram socket in the file system.
class Listener {
 public:
  explicit Listener(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.data(), path.size());
    std::filesystem::remove(path);
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { ::close(socket_); }
  [[nodiscard]] std::string receive() const {
    std::string datagram(100'000, '\0');
    const auto size = ::recv(socket_, datagram.data(), datagram.size(), MSG_DONTWAIT);
    datagram.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return datagram;
  }
  /// What is in the file that the next datagram carries, as journald reads it; empty without one, or if it could still
  /// be changed or cut.
  [[nodiscard]] std::string receive_file() const {
    std::array<char, 100> octets{};
    iovec into{octets.data(), octets.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &into;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto size = ::recvmsg(socket_, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const cmsghdr* const head = size < 0 ? nullptr : CMSG_FIRSTHDR(&message);
    if (head == nullptr || head->cmsg_type != SCM_RIGHTS || size != 0) {
      return {};
    }
    int file = -1;
    std::memcpy(&file, CMSG_DATA(head), sizeof file);
    const std::string content = read_file("/proc/self/fd/" + std::to_string(file));
    constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    const bool is_sealed = (::fcntl(file, F_GET_SEALS) & kSeals) == kSeals;
    ::close(file);
    return is_sealed ? content : std::string();
  }

 private:
  int socket_;
};

}  // namespace

TEST_CASE("observe/target: lines are appended to a file, and reopen follows logrotate", "[observe][log]") {
  const TemporaryFolder folder;
  const std::string path = folder.path("log");
  std::string error;
  auto target = make_file_target(path, error);
  REQUIRE(target);
  CHECK(target->write(Severity::Informational, "one"));
  std::filesystem::rename(path, path + ".1");
  CHECK(target->write(Severity::Informational, "two"));
  CHECK(target->reopen(error));
  CHECK(target->write(Severity::Informational, "three"));
  CHECK(read_file(path + ".1") == "one\ntwo\n");
  CHECK(read_file(path) == "three\n");
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::others_all) ==
        std::filesystem::perms::none);
}

TEST_CASE("observe/target: a file that cannot be opened says why, and the old one stays in use", "[observe][log]") {
  const TemporaryFolder folder;
  std::string error;
  CHECK(!make_file_target(folder.path("no/such/folder"), error));
  CHECK(error.find("No such file or directory") != std::string::npos);

  const std::string inner = folder.path("inner");
  std::filesystem::create_directory(inner);
  auto target = make_file_target(inner + "/log", error);
  REQUIRE(target);
  std::filesystem::rename(inner, folder.path("moved"));
  CHECK(!target->reopen(error));
  CHECK(target->write(Severity::Informational, "still here"));
  CHECK(read_file(folder.path("moved/log")) == "still here\n");
}

TEST_CASE("observe/target: what a killed process left of a line becomes a line of its own", "[observe][log]") {
  const TemporaryFolder folder;
  // The file as it was found, and with a line written.
  const std::array<std::pair<std::string, std::string>, 5> cases{{
      {"", "new\n"},
      {"whole\n", "whole\nnew\n"},
      {"whole\nto", "whole\nto\nnew\n"},
      {"t", "t\nnew\n"},
      {"\n", "\nnew\n"},
  }};
  for (const auto& [before, after] : cases) {
    CAPTURE(before);
    const std::string path = folder.write("log", before);
    std::string error;
    auto target = make_file_target(path, error);
    REQUIRE(target);
    CHECK(read_file(path) == before);
    CHECK(target->write(Severity::Informational, "new"));
    CHECK(read_file(path) == after);

    // So it is after a reload.
    CHECK(folder.write("log", before) == path);
    CHECK(target->reopen(error));
    CHECK(target->write(Severity::Informational, "new"));
    CHECK(target->write(Severity::Informational, "next"));
    CHECK(read_file(path) == after + "next\n");
  }
}

TEST_CASE("observe/target: a reader that stands still costs one wait, then lines", "[observe][log]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  auto target = make_stream_target(ends[1]);
  const std::string line(50'000, 'x');
  CHECK(target->write(Severity::Informational, line));  // the pipe holds 64 KiB

  const auto start = Clock::now();
  CHECK(!target->write(Severity::Informational, line));
  CHECK(Clock::now() - start >= kLogPatience - std::chrono::milliseconds(50));
  const auto stalled = Clock::now();
  for (int i = 0; i < 100; ++i) {
    CHECK(!target->write(Severity::Informational, line));
  }
  CHECK(Clock::now() - stalled < kLogPatience);

  // The reader wakes: what was torn ends as a line of its own and the next line is whole.
  std::string got;
  std::string buffer(100'000, '\0');
  const auto drain = [&] {
    pollfd entry{ends[0], POLLIN, 0};
    while (::poll(&entry, 1, 0) > 0) {
      const auto size = ::read(ends[0], buffer.data(), buffer.size());
      REQUIRE(size > 0);
      got.append(buffer.data(), static_cast<std::size_t>(size));
    }
  };
  drain();
  CHECK(target->write(Severity::Informational, "awake"));
  drain();
  CHECK(got.size() > 7);
  CHECK(got.substr(got.size() - 7) == "\nawake\n");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("observe/target: a closed pipe or socket loses lines and nothing else", "[observe][log]") {
  const auto old = std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  SECTION("pipe") {
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  }
  SECTION("stream socket, as systemd gives for stderr") {
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  }
  auto target = make_stream_target(ends[1]);
  CHECK(target->write(Severity::Informational, "one"));
  ::close(ends[0]);
  CHECK(!target->write(Severity::Informational, "two"));
  ::close(ends[1]);
  CHECK(!target->write(Severity::Informational, "three"));
  std::signal(SIGPIPE, old);
}

TEST_CASE("observe/target: syslog datagrams carry facility mail and the severity (RFC 3164 section 4.1)",
          "[observe][log]") {
  const TemporaryFolder folder;
  const Listener listener(folder.path("log"));
  std::string error;
  auto target = make_datagram_target(Datagram::Syslog, folder.path("log"), error);
  REQUIRE(target);
  CHECK(target->write(Severity::Warning, "hello"));
  const std::string datagram = listener.receive();
  CHECK(datagram.rfind("<20>", 0) == 0);  // 2 * 8 + 4
  CHECK(datagram.substr(datagram.find("assayd")) == "assayd[" + std::to_string(::getpid()) + "]: hello");
  CHECK(datagram.find("assayd") == std::strlen("<20>Nov 22 14:05:09 "));
}

TEST_CASE("observe/target: journal datagrams are KEY=VALUE lines, however long", "[observe][log]") {
  const TemporaryFolder folder;
  const Listener listener(folder.path("journal"));
  std::string error;
  auto target = make_datagram_target(Datagram::Journal, folder.path("journal"), error);
  REQUIRE(target);
  const std::string line(80'000, 'y');
  CHECK(target->write(Severity::Error, line));
  CHECK(listener.receive() == "PRIORITY=3\nSYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=assayd\nMESSAGE=" + line + "\n");
}

TEST_CASE("observe/target: a line that no datagram holds reaches the journal as a sealed file", "[observe][log]") {
  const TemporaryFolder folder;
  const Listener listener(folder.path("socket"));
  std::string error;
  auto journal = make_datagram_target(Datagram::Journal, folder.path("socket"), error);
  REQUIRE(journal);
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  const auto before = descriptors();
  const std::string line((16U << 20U) + 1, 'z');  // More than the socket's buffer may have, whoever runs this.
  CHECK(journal->write(Severity::Informational, line + "\nASSAY_ACTION=reject\n"));
  CHECK(listener.receive_file() ==
        "PRIORITY=6\nSYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=assayd\nMESSAGE=" + line + "\nASSAY_ACTION=reject\n");
  CHECK(descriptors() == before);
  CHECK(journal->write(Severity::Informational, "short"));
  CHECK(listener.receive().find("MESSAGE=short\n") != std::string::npos);
  // Syslog has nothing of the kind.
  auto syslog = make_datagram_target(Datagram::Syslog, folder.path("socket"), error);
  REQUIRE(syslog);
  CHECK(!syslog->write(Severity::Informational, line));
  CHECK(syslog->write(Severity::Informational, "short"));
}

TEST_CASE("observe/target: fields behind a line are fields of the journal's entry, and of nothing else",
          "[observe][log]") {
  const TemporaryFolder folder;
  const Listener listener(folder.path("socket"));
  std::string error;
  auto journal = make_datagram_target(Datagram::Journal, folder.path("socket"), error);
  REQUIRE(journal);
  CHECK(journal->takes_fields());
  CHECK(journal->write(Severity::Informational, "a line\nASSAY_ACTION=accept\nASSAY_RULE=default\n"));
  CHECK(listener.receive() ==
        "PRIORITY=6\nSYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=assayd\nMESSAGE=a "
        "line\nASSAY_ACTION=accept\nASSAY_RULE=default\n");
  CHECK_FALSE(make_datagram_target(Datagram::Syslog, folder.path("socket"), error)->takes_fields());
  CHECK_FALSE(make_stream_target(STDERR_FILENO)->takes_fields());
}

TEST_CASE("observe/target: a log daemon that was restarted is found again", "[observe][log]") {
  const TemporaryFolder folder;
  const std::string path = folder.path("log");
  std::string error;
  CHECK(!make_datagram_target(Datagram::Syslog, path, error));
  CHECK(error.find("No such file or directory") != std::string::npos);

  auto first = std::make_unique<Listener>(path);
  auto target = make_datagram_target(Datagram::Syslog, path, error);
  REQUIRE(target);
  first.reset();
  CHECK(!target->write(Severity::Informational, "nobody there"));
  const Listener second(path);
  CHECK(target->write(Severity::Informational, "again"));
  CHECK(second.receive().find(": again") != std::string::npos);
}

TEST_CASE("observe/target: a full datagram queue costs one wait, then lines", "[observe][log]") {
  const TemporaryFolder folder;
  const Listener listener(folder.path("log"));
  std::string error;
  auto target = make_datagram_target(Datagram::Syslog, folder.path("log"), error);
  REQUIRE(target);
  int taken = 0;
  const auto start = Clock::now();
  while (target->write(Severity::Informational, "fill")) {
    REQUIRE(++taken < 1'000'000);
  }
  CHECK(!target->write(Severity::Informational, "dropped at once"));
  CHECK(Clock::now() - start < kLogPatience * 3);
  CHECK(!listener.receive().empty());
  CHECK(target->write(Severity::Informational, "room again"));
}
