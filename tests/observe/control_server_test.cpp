#include "observe/control_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "observe/control_socket.h"
#include "tests/observe/sample.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace assay::observe;
using assay::test::TemporaryFolder;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

/// Waits until `condition()` holds; false after ten seconds.
template <class Condition>
bool comes_about(Condition condition) {
  for (const auto end = Clock::now() + seconds(10); Clock::now() < end; std::this_thread::sleep_for(milliseconds(2))) {
    if (condition()) {
      return true;
    }
  }
  return false;
}

class Client {
 public:
  explicit Client(const std::string& path) : descriptor_(connect_control_socket(path).value()) {}
  ~Client() { leave(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(const std::string& octets) const {
    CHECK(::send(descriptor_, octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size()));
  }
  void end_sending() const { ::shutdown(descriptor_, SHUT_WR); }
  void leave() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
    descriptor_ = -1;
  }
  /// The next line; nullopt if the server closed the connection, or after ten seconds.
  std::optional<std::string> line() {
    for (;;) {
      if (const auto end = buffer_.find('\n'); end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return line;
      }
      pollfd entry{descriptor_, POLLIN, 0};
      std::array<char, 65536> chunk{};
      if (::poll(&entry, 1, 10'000) <= 0) {
        FAIL("nothing came");
      }
      const ssize_t count = ::recv(descriptor_, chunk.data(), chunk.size(), 0);
      if (count <= 0) {
        return std::nullopt;
      }
      buffer_.append(chunk.data(), static_cast<std::size_t>(count));
    }
  }
  bool is_closed() { return !line(); }

 private:
  int descriptor_;
  std::string buffer_;
};

/// A server that repeats what it is asked; "tail" and "tail rejected" follow.
class Server {
 public:
  explicit Server(ControlServer::Patience patience = {})
      : path(folder.path("control.sock")),
        server(std::make_unique<ControlServer>(
            open_control_socket(path).value(),
            [](std::string_view request) {
              if (request == "throw") {
                throw std::bad_alloc();
              }
              ControlReply reply{std::string(request), std::nullopt};
              if (request.starts_with("tail")) {
                reply.tail.emplace();
                if (request == "tail rejected") {
                  CHECK(reply.tail->add_action("reject"));
                }
              }
              return reply;
            },
            patience)) {}

  TemporaryFolder folder;
  std::string path;
  std::unique_ptr<ControlServer> server;
};

Record message(const std::string& queue_id, assay::policy::Action action = assay::policy::Action::Accept) {
  Record record = assay::test::sample_record();
  record.facts.queue_id = queue_id;
  record.decision.action = action;
  return record;
}

std::string queue_id_of(const std::optional<std::string>& line) {
  return line ? nlohmann::json::parse(*line)["queue_id"].get<std::string>() : std::string();
}

}  // namespace

TEST_CASE("observe/control_socket: it has mode 0660, and one that nobody serves is replaced", "[observe][control]") {
  const TemporaryFolder folder;
  const std::string path = folder.path("control.sock");
  const auto first = open_control_socket(path);
  REQUIRE(first);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 0660U);

  const auto taken = open_control_socket(path);
  REQUIRE_FALSE(taken);
  CHECK(taken.error() == path + ": another process serves on it");
  ::close(*first);
  CHECK(connect_control_socket(path).error().find("is it running") != std::string::npos);
  const auto again = open_control_socket(path);
  REQUIRE(again);
  ::close(*again);
}

TEST_CASE("observe/control_socket: what stands in the way is left alone, and told with the remedy",
          "[observe][control]") {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "precious");
  CHECK(open_control_socket(file).error().find("no socket") != std::string::npos);
  CHECK(assay::test::read_file(file) == "precious");
  CHECK(open_control_socket(folder.path("missing/control.sock")).error().find("there is no folder") !=
        std::string::npos);
  CHECK(open_control_socket("/" + std::string(200, 'x')).error().find("octets") != std::string::npos);
  CHECK(connect_control_socket(folder.path("missing")).error().find("is it running") != std::string::npos);
  CHECK(control_path("unix:/run/x") == "/run/x");
  CHECK(control_path("/run/x") == "/run/x");
}

TEST_CASE("observe/control_server: one line is one request, however it is cut", "[observe][control]") {
  Server server;
  Client client(server.path);
  client.send("on");
  client.send("e\ntwo\nthr");
  CHECK(client.line() == "one");
  CHECK(client.line() == "two");
  client.send("ee\n");
  CHECK(client.line() == "three");
  SECTION("who closes his side still gets the answer") {
    client.send("four\n");
    client.end_sending();
    CHECK(client.line() == "four");
    CHECK(client.is_closed());
  }
  SECTION("an answer that cannot be made closes one connection alone") {
    client.send("throw\n");
    CHECK(client.is_closed());
    Client other(server.path);
    other.send("still\n");
    CHECK(other.line() == "still");
  }
}

TEST_CASE("observe/control_server: a request of kMaxControlLineOctets is answered, a longer one ends its client",
          "[observe][control][bounds]") {
  Server server;
  Client client(server.path);
  const std::string longest(kMaxControlLineOctets, 'x');
  client.send(longest + '\n');
  CHECK(client.line() == longest);
  client.send(longest + "x\n");
  CHECK(client.line()->find("4096 octets at most") != std::string::npos);
  CHECK(client.is_closed());
  Client endless(server.path);
  endless.send(longest + 'x');
  CHECK(endless.line()->find("error") != std::string::npos);
  CHECK(endless.is_closed());
}

TEST_CASE(
    "observe/control_server: kMaxControlClients are served, one more is told so, and the first that goes makes room",
    "[observe][control][bounds]") {
  Server server;
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < kMaxControlClients; ++i) {
    clients.push_back(std::make_unique<Client>(server.path));
    clients.back()->send("hello\n");
    CHECK(clients.back()->line() == "hello");
  }
  CHECK(server.server->counts().clients == kMaxControlClients);
  Client refused(server.path);
  CHECK(refused.line()->find("too many clients: 16") != std::string::npos);
  CHECK(refused.is_closed());
  clients.pop_back();
  REQUIRE(comes_about([&] { return server.server->counts().clients == kMaxControlClients - 1; }));
  Client next(server.path);
  next.send("hello\n");
  CHECK(next.line() == "hello");
}

TEST_CASE("observe/control_server: a client that asks nothing is closed, one that follows is not",
          "[observe][control][bounds]") {
  Server server({milliseconds(100), seconds(60)});
  Client follower(server.path);
  follower.send("tail\n");
  CHECK(follower.line() == "tail");
  Client idle(server.path);
  const auto start = Clock::now();
  CHECK(idle.is_closed());
  CHECK(Clock::now() - start >= milliseconds(90));
  server.server->publish(message("Q1"));
  CHECK(queue_id_of(follower.line()) == "Q1");
}

TEST_CASE("observe/control_server: who follows gets the records that fit, in their order", "[observe][control]") {
  Server server;
  Client all(server.path);
  Client rejected(server.path);
  all.send("tail\n");
  rejected.send("tail rejected\n");
  CHECK(all.line() == "tail");
  CHECK(rejected.line() == "tail rejected");
  CHECK(server.server->counts().tails == 2);
  server.server->publish(message("Q1"));
  server.server->publish(message("Q2", assay::policy::Action::Reject));
  server.server->publish(message("Q3"));
  CHECK(all.line() == to_json(message("Q1")));
  CHECK(queue_id_of(all.line()) == "Q2");
  CHECK(queue_id_of(all.line()) == "Q3");
  CHECK(queue_id_of(rejected.line()) == "Q2");
  SECTION("also if he closed his side") {
    all.end_sending();
    std::this_thread::sleep_for(milliseconds(50));
    server.server->publish(message("Q4"));
    CHECK(queue_id_of(all.line()) == "Q4");
  }
  SECTION("who asks something else then is closed") {
    all.send("status\n");
    CHECK(all.is_closed());
  }
  SECTION("who leaves is forgotten") {
    all.leave();
    REQUIRE(comes_about([&] { return server.server->counts().tails == 1; }));
    server.server->publish(message("Q5", assay::policy::Action::Reject));
    CHECK(queue_id_of(rejected.line()) == "Q5");
  }
}

TEST_CASE(
    "observe/control_server: of more than kMaxTailLines that wait the rest is counted, and nobody waits for the reader",
    "[observe][control][bounds]") {
  Server server;
  Client slow(server.path);
  slow.send("tail\n");
  CHECK(slow.line() == "tail");
  // What is written and stands in the socket does not wait any more: some hundred lines of 3 kB.
  constexpr std::size_t kSent = kMaxTailLines + 1000;
  const auto start = Clock::now();
  for (std::size_t i = 0; i < kSent; ++i) {
    server.server->publish(message(std::to_string(i)));
  }
  CHECK(Clock::now() - start < seconds(10));
  const std::uint64_t lost = server.server->counts().lost;
  REQUIRE(lost > 0);
  CHECK(lost <= kSent - kMaxTailLines);
  std::uint64_t got = 0;
  std::uint64_t told = 0;
  while (got + told < kSent) {
    const auto json = nlohmann::json::parse(slow.line().value());
    if (json.contains("lost")) {
      told += json["lost"].get<std::uint64_t>();
    } else {
      CHECK(json["queue_id"] == std::to_string(got + told));
      ++got;
    }
  }
  CHECK(told == lost);
  CHECK(got >= kMaxTailLines);
  server.server->publish(message("after"));
  CHECK(queue_id_of(slow.line()) == "after");
}

TEST_CASE("observe/control_server: kMaxTailOctets wait for a client, what does not fit is lost to it alone",
          "[observe][control][bounds]") {
  Server server;
  Client slow(server.path);
  slow.send("tail\n");
  CHECK(slow.line() == "tail");
  Record big = message("big");
  big.facts.rcpt.assign(kMaxRecipients, std::string(900, 'x') + "@example.com");
  const std::size_t octets = to_json(big).size() + 1;
  REQUIRE(octets > kMaxTailOctets / 5);
  const std::size_t fits = kMaxTailOctets / octets;
  // One more may be in the server's hand, being written.
  for (std::size_t i = 0; i < fits + 2; ++i) {
    server.server->publish(big);
  }
  CHECK(server.server->counts().lost >= 1);
  CHECK(server.server->counts().lost <= 2);
  CHECK(queue_id_of(slow.line()) == "big");
}

TEST_CASE("observe/control_server: a client that takes nothing of what waits is closed", "[observe][control][bounds]") {
  Server server({seconds(60), milliseconds(100)});
  Client stalled(server.path);
  stalled.send("tail\n");
  CHECK(stalled.line() == "tail");
  Record big = message("big");
  big.facts.rcpt.assign(kMaxRecipients, std::string(900, 'x') + "@example.com");
  server.server->publish(big);
  CHECK(comes_about([&] { return server.server->counts().clients == 0; }));
}

TEST_CASE("observe/control_server: threads publish while clients come and go", "[observe][control][threads]") {
  Server server;
  std::atomic<bool> is_over = false;
  std::vector<std::thread> publishers;
  for (int i = 0; i < 2; ++i) {
    publishers.emplace_back([&] {
      while (!is_over) {
        server.server->publish(message("Q"));
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    Client client(server.path);
    client.send("tail\n");
    CHECK(client.line() == "tail");
    CHECK(queue_id_of(client.line()) == "Q");
  }
  is_over = true;
  for (std::thread& publisher : publishers) {
    publisher.join();
  }
  CHECK(comes_about([&] { return server.server->counts().clients == 0; }));
}
