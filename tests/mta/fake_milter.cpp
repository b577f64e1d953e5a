#include "tests/mta/fake_milter.h"

#include <sys/socket.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace assay::mta {

FakeMilter::FakeMilter(Script script) : script_(std::move(script)) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::runtime_error("socketpair");
  }
  client_ = Channel(ends[0]);
  thread_ = std::thread([this, server = ends[1]] { serve(Channel(server)); });
}

FakeMilter::~FakeMilter() {
  client_ = Channel(-1);
  join();
}

Channel FakeMilter::take_channel() {
  return std::exchange(client_, Channel(-1));
}

void FakeMilter::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void FakeMilter::serve(Channel channel) {
  constexpr std::chrono::seconds kPatience{20};
  while (auto packet = channel.receive(kPatience)) {
    const std::string answer = script_(*packet);
    {
      const std::lock_guard lock(mutex_);
      received_.push_back(std::move(*packet));
    }
    if (answer == kHangUp || (!answer.empty() && !channel.send(answer, kPatience))) {
      return;
    }
  }
}

std::vector<Packet> FakeMilter::received() {
  const std::lock_guard lock(mutex_);
  return received_;
}

std::string FakeMilter::commands() {
  std::string out;
  for (const Packet& packet : received()) {
    if (packet.command != static_cast<char>(Command::Macro)) {
      out += packet.command;
    }
  }
  return out;
}

std::string reply(ReplyKind kind, std::string_view data) {
  std::string out;
  append_packet(out, static_cast<Command>(kind), data);
  return out;
}

std::string number(std::uint32_t value) {
  std::string out;
  append_uint32(out, value);
  return out;
}

std::string with_nul(std::string_view text) {
  return std::string(text) + '\0';
}

std::string negotiation(std::uint32_t actions, std::uint32_t steps, std::string_view lists) {
  return reply(ReplyKind::Negotiate, number(kProtocolVersion) + number(actions) + number(steps) + std::string(lists));
}

}  // namespace assay::mta
