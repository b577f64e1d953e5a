#include "mta/channel.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>

#include "tests/support/catch.h"

using namespace std::chrono_literals;
using namespace std::string_literals;

namespace assay::mta {
namespace {

/// A listening socket on a free port of the loopback interface; or one that is bound and refuses.
class Listener {
 public:
  explicit Listener(bool listens) : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    socklen_t length = sizeof address;
    REQUIRE(getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port_ = ntohs(address.sin_port);
    if (listens) {
      REQUIRE(listen(descriptor_, 5) == 0);
    }
  }
  ~Listener() { close(descriptor_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] Address address() const {
    return resolve_address("inet:" + std::to_string(port_) + "@127.0.0.1").value().front();
  }

 private:
  int descriptor_;
  unsigned port_ = 0;
};

bool becomes_ready(const Channel& channel, short events) {
  pollfd entry{channel.descriptor(), events, 0};
  return poll(&entry, 1, 5000) == 1;
}

struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    mine = Channel(ends[0]);
    other = ends[1];
  }
  ~Pair() {
    if (other >= 0) {
      close(other);
    }
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  Channel mine{-1};
  int other = -1;
};

}  // namespace

TEST_CASE("mta/address: a socket in libmilter's notation", "[mta]") {
  CHECK(resolve_address("inet:25@127.0.0.1").value().front().family() == AF_INET);
  CHECK(resolve_address("inet:25").value().front().family() == AF_INET);
  CHECK(resolve_address("inet6:25@::1").value().front().family() == AF_INET6);
  CHECK(resolve_address("unix:/run/x").value().front().family() == AF_UNIX);
  CHECK(resolve_address("local:" + std::string(107, 'x')).has_value());
  for (const std::string& text : {"unix:"s, "unix:" + std::string(108, 'x'), "inet:25@no such host"s, "tcp:25"s, ""s}) {
    CAPTURE(text);
    CHECK(resolve_address(text).error().kind == Failure::Kind::Unreachable);
  }
}

TEST_CASE("mta/channel: connecting does not wait, and tells what came of it", "[mta]") {
  const Listener there(true);
  auto channel = Channel::begin(there.address());
  REQUIRE(channel);
  REQUIRE(becomes_ready(*channel, POLLOUT));
  CHECK(channel->finish());
  CHECK(channel->finish());  // Nothing more to tell.

  const Listener nobody(false);
  auto refused = Channel::begin(nobody.address());
  if (refused) {
    REQUIRE(becomes_ready(*refused, POLLOUT));
    const auto finished = refused->finish();
    REQUIRE(!finished);
    CHECK(finished.error().kind == Failure::Kind::Unreachable);
  } else {
    CHECK(refused.error().kind == Failure::Kind::Unreachable);
  }
}

TEST_CASE("mta/channel: without waiting, packets come out as they are complete", "[mta]") {
  Pair pair;
  CHECK(pair.mine.receive_some().value() == 0);
  CHECK(!pair.mine.next_packet().value());
  const std::string two = "\0\0\0\3cab\0\0\0\1s"s;
  for (const char octet : two) {
    REQUIRE(write(pair.other, &octet, 1) == 1);
    CHECK(pair.mine.receive_some().value() == 1);
    const auto packet = pair.mine.next_packet().value();
    if (packet) {
      CHECK((packet->command == 'c' ? packet->data == "ab" : packet->command == 's' && packet->data.empty()));
    }
  }
  CHECK(!pair.mine.next_packet().value());

  close(std::exchange(pair.other, -1));
  CHECK(pair.mine.receive_some().error().kind == Failure::Kind::Lost);
}

TEST_CASE("mta/channel: without waiting, at most kReadOctets are read at once", "[mta]") {
  Pair pair;
  const std::string much(kReadOctets + 1, 'x');
  REQUIRE(write(pair.other, much.data(), much.size()) == static_cast<ssize_t>(much.size()));
  CHECK(pair.mine.receive_some().value() == kReadOctets);
  CHECK(pair.mine.receive_some().value() == 1);
  CHECK(pair.mine.receive_some().value() == 0);
}

TEST_CASE("mta/channel: what the kernel has no room for is not sent, and not waited for", "[mta]") {
  Pair pair;
  const std::string block(1U << 20U, 'x');
  std::size_t sent = 0;
  while (const std::size_t more = pair.mine.send_some(block).value()) {
    sent += more;
    REQUIRE(sent < 1U << 28U);
  }
  CHECK(sent > 0);
  close(std::exchange(pair.other, -1));
  CHECK(pair.mine.send_some(block).error().kind == Failure::Kind::Lost);
}

TEST_CASE("mta/channel: a packet of the largest length is taken, a larger one breaks the protocol", "[mta]") {
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, kMaxReplyOctets, kMaxReplyOctets + 1}) {
    CAPTURE(length);
    Pair pair;
    std::string head;
    append_uint32(head, static_cast<std::uint32_t>(length));
    REQUIRE(write(pair.other, head.data(), head.size()) == 4);
    CHECK(pair.mine.receive_some().value() == 4);
    CHECK(pair.mine.next_packet().has_value() == (length >= 1 && length <= kMaxReplyOctets));
  }
}

}  // namespace assay::mta
