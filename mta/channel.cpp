#include "mta/channel.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
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

tl::unexpected<Failure> unreachable(const char* call, int error) {
  return failure(Failure{Failure::Kind::Unreachable, std::string(call) + ": " + error_text(error), error});
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

}  // namespace

Result<Channel> Channel::begin(const Address& address) {
  const int descriptor = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) {
    return unreachable("socket", errno);
  }
  Channel channel(descriptor);
  if (address.family() != AF_UNIX) {
    const int on = 1;
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  channel.connecting_ = connect(descriptor, address.get(), address.length) != 0;
  if (channel.connecting_ && errno != EINPROGRESS && errno != EINTR) {
    return unreachable("connect", errno);
  }
  return channel;
}

Result<void> Channel::finish() {
  if (!std::exchange(connecting_, false)) {
    return {};
  }
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error != 0) {
    return unreachable("connect", error != 0 ? error : errno);
  }
  return {};
}

Result<Channel> Channel::open(std::string_view address, std::chrono::milliseconds timeout) {
  const auto addresses = resolve_address(address);
  if (!addresses) {
    return failure(addresses.error());
  }
  Result<Channel> result = fail(Failure::Kind::Unreachable, "no address");
  for (const Address& candidate : *addresses) {
    result = begin(candidate);
    if (result && result->connecting_ && !wait_for(result->descriptor_, POLLOUT, Clock::now() + timeout)) {
      result = fail(Failure::Kind::Unreachable, "connect: timed out");
    }
    if (!result) {
      continue;
    }
    auto finished = result->finish();
    if (finished) {
      return result;
    }
    result = failure(std::move(finished.error()));
  }
  return result;
}

Channel::Channel(int descriptor) : descriptor_(descriptor) {}

Channel::~Channel() {
  if (descriptor_ >= 0) {
    (void)close(descriptor_);
  }
}

Channel::Channel(Channel&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      connecting_(other.connecting_),
      buffer_(std::move(other.buffer_)) {}

Channel& Channel::operator=(Channel&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(connecting_, other.connecting_);
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

Result<std::size_t> Channel::send_some(std::string_view octets) {
  while (true) {
    const ssize_t sent = ::send(descriptor_, octets.data(), octets.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      return static_cast<std::size_t>(sent);
    }
    if (errno == EAGAIN) {
      return std::size_t{0};
    }
    if (errno != EINTR) {
      return fail(Failure::Kind::Lost, "send: " + error_text(errno));
    }
  }
}

Result<std::size_t> Channel::receive_some() {
  std::array<char, kReadOctets> block;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv() fills it.
  while (true) {
    const ssize_t got = recv(descriptor_, block.data(), block.size(), MSG_DONTWAIT);
    if (got > 0) {
      buffer_.append(block.data(), static_cast<std::size_t>(got));
      return static_cast<std::size_t>(got);
    }
    if (got == 0) {
      return fail(Failure::Kind::Lost, buffer_.empty() ? "the filter closed the connection"
                                                       : "the filter closed the connection within a packet");
    }
    if (errno == EAGAIN) {
      return std::size_t{0};
    }
    if (errno != EINTR) {
      return fail(Failure::Kind::Lost, "receive: " + error_text(errno));
    }
  }
}

Result<std::optional<Packet>> Channel::next_packet() {
  if (buffer_.size() < 4) {
    return std::optional<Packet>();
  }
  const std::size_t length = DataReader(buffer_).uint32();
  if (length == 0 || length > kMaxReplyOctets) {
    return fail(Failure::Kind::Protocol, "a packet of " + std::to_string(length) + " octets; 1 to " +
                                             std::to_string(kMaxReplyOctets) + " are allowed");
  }
  if (buffer_.size() < 4 + length) {
    return std::optional<Packet>();
  }
  Packet packet{buffer_[4], buffer_.substr(5, length - 1)};
  buffer_.erase(0, 4 + length);
  return std::optional<Packet>(std::move(packet));
}

Result<Packet> Channel::receive(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  while (true) {
    auto packet = next_packet();
    if (!packet) {
      return failure(std::move(packet.error()));
    }
    if (*packet) {
      return std::move(**packet);
    }
    const auto received = receive_some();
    if (!received) {
      return failure(received.error());
    }
    if (*received == 0 && !wait_for(descriptor_, POLLIN, deadline)) {
      return fail(Failure::Kind::TimedOut,
                  buffer_.empty() ? "no answer from the filter" : "an answer from the filter is not complete");
    }
  }
}

}  // namespace assay::mta
