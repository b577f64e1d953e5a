#include "mta/wire.h"

#include <sys/socket.h>

#include <array>
#include <string>

#include "mta/channel.h"
#include "tests/support/catch.h"

using namespace std::chrono_literals;
using namespace std::string_literals;

namespace assay::mta {

TEST_CASE("mta/wire: a packet is its length, a command and data, big endian", "[mta]") {
  std::string out;
  append_packet(out, Command::Helo, "mx\0"s);
  CHECK(out == "\0\0\0\4Hmx\0"s);
}

TEST_CASE("mta/wire: a string of the protocol ends at the first NUL of the text", "[mta]") {
  std::string out;
  append_string(out, "a\0b"s);
  CHECK(out == "a\0"s);
}

TEST_CASE("mta/wire: what is cut off at any octet is noticed, and nothing after it is read", "[mta]") {
  const std::string whole = "\0\0\1\2name\0value\0"s;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    CAPTURE(size);
    const std::string data = whole.substr(0, size);
    DataReader reader(data);
    const auto value = reader.uint32();
    const auto name = reader.string();
    const auto text = reader.string();
    CHECK(reader.ok() == (size == whole.size()));
    CHECK(value == (size >= 4 ? 258U : 0U));
    CHECK(name == (size >= 9 ? "name" : ""));
    CHECK(text == (size >= 15 ? "value" : ""));
  }
}

TEST_CASE("mta/wire: only replies that an MTA can pass on are valid", "[mta]") {
  struct Row {
    std::string text;
    bool valid;
  };
  const std::array<Row, 18> rows{{
      {"550 5.7.1 no", true},
      {"451 later", true},
      {"550 ", true},
      {"550-5.7.1 a\r\n550 5.7.1 b", true},
      {"550", false},
      {"550-5.7.1 a", false},
      {"550 5.7.1 a\r\n550 5.7.1 b", false},
      {"550-a\r\n", false},
      {"250 2.0.0 fine", false},
      {"354 go on", false},
      {"550 4.7.1 class differs", false},
      {"5a0 x", false},
      {"550 a\nb", false},
      {"550 a\rb", false},
      {"550 a\0b"s, false},
      {"", false},
      {"550-a\r\n\r\n550 b", false},
      {"55\xff x", false},
  }};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(is_smtp_reply(row.text) == row.valid);
  }
}

namespace {

/// A channel and the raw descriptor of its peer.
struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    near = Channel(ends[0]);
    far = ends[1];
  }
  ~Pair() { hang_up(); }
  void write(const std::string& octets) const {
    REQUIRE(send(far, octets.data(), octets.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(octets.size()));
  }
  void hang_up() {
    const Channel closes(far);
    far = -1;
  }
  Channel near{-1};
  int far = -1;
};

}  // namespace

TEST_CASE("mta/channel: a packet of 0 octets or above the bound is a protocol failure", "[mta]") {
  struct Row {
    std::uint32_t length;
    bool refused;
  };
  const auto limit = static_cast<std::uint32_t>(kMaxReplyOctets);
  for (const Row& row : {Row{0, true}, Row{limit + 1, true}, Row{0xFFFFFFFFU, true}, Row{limit, false}}) {
    CAPTURE(row.length);
    Pair pair;
    std::string head;
    append_uint32(head, row.length);
    pair.write(head + "c");
    const auto packet = pair.near.receive(50ms);
    REQUIRE(!packet);
    CHECK(packet.error().kind == (row.refused ? Failure::Kind::Protocol : Failure::Kind::TimedOut));
  }
}

TEST_CASE("mta/channel: a packet cut off at any octet is a lost connection, and whole ones come one by one", "[mta]") {
  const std::string whole = "\0\0\0\5habcd\0\0\0\1c"s;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    CAPTURE(size);
    Pair pair;
    pair.write(whole.substr(0, size));
    pair.hang_up();
    const auto first = pair.near.receive(1s);
    REQUIRE(first.has_value() == (size >= 9));
    if (!first) {
      CHECK(first.error().kind == Failure::Kind::Lost);
      continue;
    }
    CHECK(first->command == 'h');
    CHECK(first->data == "abcd");
    CHECK(pair.near.receive(1s).has_value() == (size == whole.size()));
  }
}

TEST_CASE("mta/channel: silence and a peer that reads nothing end in a time-out", "[mta]") {
  Pair pair;
  const auto packet = pair.near.receive(20ms);
  REQUIRE(!packet);
  CHECK(packet.error().kind == Failure::Kind::TimedOut);
  const auto sent = pair.near.send(std::string(10'000'000, 'x'), 20ms);
  REQUIRE(!sent);
  CHECK(sent.error().kind == Failure::Kind::TimedOut);
}

TEST_CASE("mta/channel: an address that cannot be used is reported, not thrown", "[mta]") {
  for (const std::string& address : {"unix:/nonexistent/socket"s, "unix:"s, "unix:" + std::string(108, 'a'),
                                     "inet:1@127.0.0.1"s, "inet:x@127.0.0.1"s, "tcp:1@127.0.0.1"s, ""s}) {
    CAPTURE(address);
    const auto channel = Channel::open(address, 1s);
    REQUIRE(!channel);
    CHECK(channel.error().kind == Failure::Kind::Unreachable);
    CHECK(!channel.error().what.empty());
  }
}

}  // namespace assay::mta
