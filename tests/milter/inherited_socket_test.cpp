#include "milter/inherited_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using assay::milter::inherited_socket;

namespace {

class Socket {
 public:
  Socket(int family, int type) : descriptor_(socket(family, type, 0)) { REQUIRE(descriptor_ >= 0); }
  ~Socket() { close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int descriptor() const { return descriptor_; }

  /// `name` as it stands in sun_path, without a NUL behind it.
  void bind_unix(const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(name.size() <= sizeof address.sun_path);
    std::copy(name.begin(), name.end(), &address.sun_path[0]);
    REQUIRE(bind(descriptor_, reinterpret_cast<sockaddr*>(&address),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())) == 0);
  }
  void start_listening() { REQUIRE(listen(descriptor_, 1) == 0); }

 private:
  int descriptor_;
};

std::string address_of(const Socket& socket) {
  const auto found = inherited_socket(socket.descriptor());
  REQUIRE(found);
  CHECK(found->descriptor == socket.descriptor());
  return found->address;
}

std::string error_of(int descriptor) {
  const auto found = inherited_socket(descriptor);
  REQUIRE_FALSE(found);
  const std::string prefix = "descriptor " + std::to_string(descriptor) + " ";
  REQUIRE(found.error().compare(0, prefix.size(), prefix) == 0);
  return found.error().substr(prefix.size());
}

}  // namespace

TEST_CASE("milter/inherited_socket: a socket that listens says where", "[milter]") {
  SECTION("IPv4") {
    const Socket socket(AF_INET, SOCK_STREAM);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(socket.descriptor(), 1) == 0);
    socklen_t size = sizeof address;
    REQUIRE(getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    CHECK(address_of(socket) == "inet:" + std::to_string(ntohs(address.sin_port)) + "@127.0.0.1");
  }
  SECTION("IPv6") {
    const Socket socket(AF_INET6, SOCK_STREAM);
    REQUIRE(listen(socket.descriptor(), 1) == 0);  // On a port that the kernel chooses, of all addresses.
    sockaddr_in6 address{};
    socklen_t size = sizeof address;
    REQUIRE(getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    CHECK(address_of(socket) == "inet6:" + std::to_string(ntohs(address.sin6_port)) + "@[::]");
  }
  SECTION("a path") {
    const assay::test::TemporaryFolder folder;
    Socket socket(AF_UNIX, SOCK_STREAM);
    socket.bind_unix(folder.path("socket"));
    socket.start_listening();
    CHECK(address_of(socket) == "unix:" + folder.path("socket"));
  }
  SECTION("a path of all octets that there are, which has no NUL at its end") {
    const assay::test::TemporaryFolder folder;
    std::string path = folder.path("s");
    path.resize(sizeof(sockaddr_un::sun_path), 's');
    Socket socket(AF_UNIX, SOCK_STREAM);
    socket.bind_unix(path);
    socket.start_listening();
    CHECK(address_of(socket) == "unix:" + path);
  }
  SECTION("an abstract name, whose octets may be any") {
    const std::string name = "assay-test-\n" + std::to_string(getpid());
    Socket socket(AF_UNIX, SOCK_STREAM);
    socket.bind_unix('\0' + name);
    socket.start_listening();
    CHECK(address_of(socket) == "unix:@assay-test-\\x0A" + std::to_string(getpid()));
  }
}

TEST_CASE("milter/inherited_socket: what cannot be served is told apart", "[milter]") {
  SECTION("not open") {
    const int free = dup(0);
    close(free);
    CHECK(error_of(free) == "is not open");
  }
  SECTION("a pipe") {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    CHECK(error_of(ends[0]) == "is no socket");
    close(ends[0]);
    close(ends[1]);
  }
  SECTION("datagrams") {
    const Socket socket(AF_INET, SOCK_DGRAM);
    CHECK(error_of(socket.descriptor()) ==
          "is a datagram socket (ListenDatagram=); an MTA connects to a stream socket (ListenStream=)");
  }
  SECTION("packets") {
    const Socket socket(AF_UNIX, SOCK_SEQPACKET);
    CHECK(error_of(socket.descriptor()) ==
          "is a socket for sequenced packets (ListenSequentialPacket=); an MTA connects to a stream socket "
          "(ListenStream=)");
  }
  SECTION("a connection") {
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    CHECK(error_of(ends[0]) ==
          "does not listen: a connection (Accept=yes) cannot be served, only the socket itself (Accept=no)");
    close(ends[0]);
    close(ends[1]);
  }
  SECTION("the kernel's own messages") {
    const Socket socket(AF_NETLINK, SOCK_RAW);
    CHECK(error_of(socket.descriptor()) == "is neither a TCP socket nor a unix one");
  }
}
