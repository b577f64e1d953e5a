#include "milter/listen_socket.h"

#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "tests/support/catch.h"

namespace {

/// A port of the loopback interface that is free now.
int free_port() {
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(descriptor);
  return ntohs(address.sin_port);
}

/// The listening socket of this process on `port`; -1 if there is none.
int listener_on(int port) {
  constexpr int kDescriptorsSearched = 256;
  for (int descriptor = 0; descriptor < kDescriptorsSearched; ++descriptor) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    int listens = 0;
    socklen_t flag_size = sizeof listens;
    if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0 && address.sin_family == AF_INET &&
        ntohs(address.sin_port) == port &&
        getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &flag_size) == 0 && listens != 0) {
      return descriptor;
    }
  }
  return -1;
}

}  // namespace

TEST_CASE("milter/listen_socket: a TCP socket sends small packets at once, and connections inherit it", "[milter]") {
  std::string name = "assayd-test";
  smfiDesc description{};
  description.xxfi_name = name.data();
  description.xxfi_version = SMFI_VERSION;
  REQUIRE(smfi_register(description) == MI_SUCCESS);

  assay::config::Socket settings;
  const int port = free_port();
  settings.address = "inet:" + std::to_string(port) + "@127.0.0.1";
  const auto opened = assay::milter::open_listen_socket(settings, std::nullopt);
  REQUIRE(opened);
  CHECK(*opened == settings.address);
  const int listener = listener_on(port);
  REQUIRE(listener >= 0);

  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  const int accepted = accept(listener, nullptr, nullptr);
  REQUIRE(accepted >= 0);
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  REQUIRE(getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size) == 0);
  CHECK(no_delay != 0);
  close(accepted);
  close(client);
}
