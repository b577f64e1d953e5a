#include "mta/channel.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

namespace assay::mta {
namespace {

using Clock = std::chrono::steady_clock;

std::string error_text(int number) {
  return std::generic_category().message(number);
}

tl::unexpected<Failure> fail(Failure::Kind kind, std::string what) {
  return failure(Failure{kind, std::move(what)});
}

/// Waits until `events` or the deadline; a peer that hung up counts as ready, and the next call tells.
bool wait_for(int descriptor, short events, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd entry{descriptor, events, 0};
    const int ready = poll(&entry, 1, static_cast<int>(std::clamp<decltype(left)>(left, 0, 1'000'000'000)));
    if (ready > 0) {
      return true;
    }
    if (ready == 0 || errno != EINTR) {
      return false;
    }
  }
}

Result<Channel> connect_to(int family, const sockaddr* address, socklen_t length, std::chrono::milliseconds timeout) {
  const int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    return fail(Failure::Kind::Unreachable, "socket: " + error_text(errno));
  }
  Channel channel(descriptor);
  // Non-blocking from the start, so that neither connecting nor sending outlasts its timeout.
  if (fcntl(descriptor, F_SETFL, O_NONBLOCK) < 0) {
    return fail(Failure::Kind::Unreachable, "fcntl: " + error_text(errno));
  }
  if (family != AF_UNIX) {
    const int on = 1;
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (connect(descriptor, address, length) == 0) {
    return channel;
  }
  if (errno != EINPROGRESS && errno != EINTR) {
    return fail(Failure::Kind::Unreachable, "connect: " + error_text(errno));
  }
  if (!wait_for(descriptor, POLLOUT, Clock::now() + timeout)) {
    return fail(Failure::Kind::Unreachable, "connect: timed out");
  }
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error != 0) {
    return fail(Failure::Kind::Unreachable, "connect: " + error_text(error != 0 ? error : errno));
  }
  return channel;
}

Result<Channel> connect_unix(std::string_view path, std::chrono::milliseconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(Failure::Kind::Unreachable, "the path of a unix socket has 1 to 107 octets");
  }
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  return connect_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, timeout);
}

Result<Channel> connect_inet(int family, std::string_view place, std::chrono::milliseconds timeout) {
  const auto at = place.find('@');
  const std::string port(place.substr(0, at));
  const std::string host(at == std::string_view::npos ? (family == AF_INET ? "127.0.0.1" : "::1")
                                                      : place.substr(at + 1));
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return fail(Failure::Kind::Unreachable, host + ": " + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, &freeaddrinfo);
  Result<Channel> result = fail(Failure::Kind::Unreachable, host + ": no address");
  for (const addrinfo* entry = list.get(); entry != nullptr && !result; entry = entry->ai_next) {
    result = connect_to(entry->ai_family, entry->ai_addr, entry->ai_addrlen, timeout);
  }
  return result;
}

}  // namespace

Result<Channel> Channel::open(std::string_view address, std::chrono::milliseconds timeout) {
  const auto colon = address.find(':');
  const std::string_view kind = address.substr(0, colon);
  const std::string_view place = colon == std::string_view::npos ? std::string_view{} : address.substr(colon + 1);
  if (kind == "unix" || kind == "local") {
    return connect_unix(place, timeout);
  }
  if (kind == "inet") {
    return connect_inet(AF_INET, place, timeout);
  }
  if (kind == "inet6") {
    return connect_inet(AF_INET6, place, timeout);
  }
  return fail(Failure::Kind::Unreachable, "a socket is inet:PORT@HOST, inet6:PORT@HOST or unix:PATH");
}

Channel::Channel(int descriptor) : descriptor_(descriptor) {}

Channel::~Channel() {
  if (descriptor_ >= 0) {
    (void)close(descriptor_);
  }
}

Channel::Channel(Channel&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), buffer_(std::move(other.buffer_)) {}

Channel& Channel::operator=(Channel&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

Result<void> Channel::send(std::string_view octets, std::chrono::milliseconds timeout) {
  while (!octets.empty()) {
    // MSG_DONTWAIT: a descriptor that was handed to us may be a blocking one.
    const ssize_t sent = ::send(descriptor_, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      octets.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait_for(descriptor_, POLLOUT, Clock::now() + timeout)) {
        return fail(Failure::Kind::TimedOut, "the filter reads nothing");
      }
    } else if (errno != EINTR) {
      return fail(Failure::Kind::Lost, "send: " + error_text(errno));
    }
  }
  return {};
}

Result<void> Channel::fill(std::size_t octets, Clock::time_point deadline) {
  std::array<char, 16384> block{};
  while (buffer_.size() < octets) {
    const ssize_t got = recv(descriptor_, block.data(), block.size(), MSG_DONTWAIT);
    if (got > 0) {
      buffer_.append(block.data(), static_cast<std::size_t>(got));
    } else if (got == 0) {
      return fail(Failure::Kind::Lost, buffer_.empty() ? "the filter closed the connection"
                                                       : "the filter closed the connection within a packet");
    } else if (errno == EAGAIN) {
      if (!wait_for(descriptor_, POLLIN, deadline)) {
        return fail(Failure::Kind::TimedOut,
                    buffer_.empty() ? "no answer from the filter" : "an answer from the filter is not complete");
      }
    } else if (errno != EINTR) {
      return fail(Failure::Kind::Lost, "receive: " + error_text(errno));
    }
  }
  return {};
}

Result<Packet> Channel::receive(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  if (auto filled = fill(4, deadline); !filled) {
    return failure(std::move(filled.error()));
  }
  const std::size_t length = DataReader(buffer_).uint32();
  if (length == 0 || length > kMaxReplyOctets) {
    return fail(Failure::Kind::Protocol, "a packet of " + std::to_string(length) + " octets; 1 to " +
                                             std::to_string(kMaxReplyOctets) + " are allowed");
  }
  if (auto filled = fill(4 + length, deadline); !filled) {
    return failure(std::move(filled.error()));
  }
  Packet packet{buffer_[4], buffer_.substr(5, length - 1)};
  buffer_.erase(0, 4 + length);
  return packet;
}

}  // namespace assay::mta
