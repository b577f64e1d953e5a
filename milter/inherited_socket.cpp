#include "milter/inherited_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>

#include "verify/base/escape.h"

namespace assay::milter {
namespace {

std::optional<int> option(int descriptor, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? std::optional(value) : std::nullopt;
}

/// What the error number means, in words.
std::string words_of(int error) {
  return std::error_code(error, std::generic_category()).message();
}

std::string type_in_words(int type) {
  switch (type) {
    case SOCK_STREAM: return "a stream socket";
    case SOCK_DGRAM: return "a datagram socket (ListenDatagram=)";
    case SOCK_SEQPACKET: return "a socket for sequenced packets (ListenSequentialPacket=)";
    default: return "a socket of another type";
  }
}

template <class Address>
Address as(const sockaddr_storage& storage) {
  Address address{};
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

std::string inet(const char* scheme, int family, const void* octets, in_port_t port) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, octets, text.data(), text.size());
  const std::string host = family == AF_INET6 ? "[" + std::string(text.data()) + "]" : text.data();
  return scheme + std::to_string(ntohs(port)) + "@" + host;
}

/// The path of a unix socket, which need not end in a NUL; an abstract name begins with one, written as "@".
std::string unix_path(const sockaddr_un& address, std::size_t size) {
  constexpr std::size_t kBegin = offsetof(sockaddr_un, sun_path);
  std::string path(&address.sun_path[0], std::min(size - std::min(size, kBegin), sizeof address.sun_path));
  if (!path.empty() && path.front() == '\0') {
    return "@" + path.substr(1);
  }
  return path.substr(0, path.find('\0'));
}

/// nullopt for a family that is neither of the internet nor of this host.
std::optional<std::string> notation(const sockaddr_storage& storage, std::size_t size) {
  switch (storage.ss_family) {
    case AF_INET: {
      const auto address = as<sockaddr_in>(storage);
      return inet("inet:", AF_INET, &address.sin_addr, address.sin_port);
    }
    case AF_INET6: {
      const auto address = as<sockaddr_in6>(storage);
      return inet("inet6:", AF_INET6, &address.sin6_addr, address.sin6_port);
    }
    case AF_UNIX: return "unix:" + escape(unix_path(as<sockaddr_un>(storage), size));
    default: return std::nullopt;
  }
}

}  // namespace

Parsed<InheritedSocket, std::string> inherited_socket(int descriptor) {
  const std::string name = "descriptor " + std::to_string(descriptor);
  const auto type = option(descriptor, SO_TYPE);
  if (!type) {
    const int why = errno;
    return failure(name + (why == EBADF ? " is not open" : why == ENOTSOCK ? " is no socket" : ": " + words_of(why)));
  }
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the sockets API takes the general type.
  const bool is_named = getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) == 0;
  const auto address = is_named ? notation(storage, size) : std::nullopt;
  if (!address) {
    return failure(name + " is neither a TCP socket nor a unix one");
  }
  if (*type != SOCK_STREAM) {
    return failure(name + " is " + type_in_words(*type) + "; an MTA connects to a stream socket (ListenStream=)");
  }
  if (option(descriptor, SO_ACCEPTCONN).value_or(0) == 0) {
    return failure(name +
                   " does not listen: a connection (Accept=yes) cannot be served, only the socket itself "
                   "(Accept=no)");
  }
  return InheritedSocket{descriptor, *address};
}

Parsed<std::optional<InheritedSocket>, std::string> take_inherited_socket() {
  const int count = sd_listen_fds(1);
  if (count < 0) {
    return failure("LISTEN_FDS and LISTEN_PID in the environment cannot be taken at their word (" + words_of(-count) +
                   "): sd_listen_fds(3) tells how a socket is passed");
  }
  if (count == 0) {
    return std::optional<InheritedSocket>();
  }
  if (count > 1) {
    return failure("LISTEN_FDS: " + std::to_string(count) +
                   " sockets were passed, but assayd serves one: leave one ListenStream= in its socket unit, and start "
                   "an instance of assayd@.service for each further socket");
  }
  auto socket = inherited_socket(SD_LISTEN_FDS_START);
  if (!socket) {
    return failure("LISTEN_FDS: " + socket.error());
  }
  return std::optional(*std::move(socket));
}

}  // namespace assay::milter
