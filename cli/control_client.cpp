#include "cli/control_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "observe/control_server.h"
#include "observe/control_socket.h"
#include "observe/record_reader.h"

namespace assay::cli {
namespace {

/// How long the daemon may take for an answer. It answers between two waits, in microseconds.
constexpr std::chrono::seconds kAnswerTime{10};
/// A record is the longest line.
constexpr std::size_t kMaxLineOctets = observe::kMaxRecordOctets;
constexpr std::size_t kChunkOctets = 64U << 10U;

}  // namespace

Input<ControlClient> ControlClient::connect(const std::optional<std::string>& address) {
  const auto descriptor =
      observe::connect_control_socket(observe::control_path(address.value_or(observe::kDefaultControl)));
  if (!descriptor) {
    return failure(descriptor.error());
  }
  return ControlClient(*descriptor);
}

ControlClient::ControlClient(ControlClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), buffer_(std::move(other.buffer_)), begin_(other.begin_) {}

ControlClient::~ControlClient() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

Input<std::string> ControlClient::ask(const std::string& request) {
  std::string octets = request + '\n';
  if (octets.size() > observe::kMaxControlLineOctets) {
    return failure("the request is too long: assayd takes " + std::to_string(observe::kMaxControlLineOctets) +
                   " octets");
  }
  // What cannot be sent may have been answered before it was read: too many clients.
  static_cast<void>(::send(descriptor_, octets.data(), octets.size(), MSG_NOSIGNAL));
  auto line = next_line(kAnswerTime);
  if (!line) {
    return line;
  }
  const auto json = nlohmann::json::parse(*line, nullptr, false);
  if (!json.is_object()) {
    return failure(std::string("assayd's answer is no JSON object: is it assayd that serves there?"));
  }
  if (const auto error = json.find("error"); error != json.end()) {
    return failure("assayd says: " + (error->is_string() ? error->get<std::string>() : error->dump()));
  }
  return line;
}

Input<std::string> ControlClient::next_line(std::optional<std::chrono::milliseconds> patience) {
  std::size_t searched = begin_;
  for (;;) {
    if (const auto end = buffer_.find('\n', searched); end != std::string::npos) {
      std::string line = buffer_.substr(begin_, end - begin_);
      begin_ = end + 1;
      return line;
    }
    buffer_.erase(0, begin_);
    begin_ = 0;
    searched = buffer_.size();
    if (buffer_.size() > kMaxLineOctets) {
      return failure(std::string("assayd sent a line that is too long"));
    }
    pollfd entry{descriptor_, POLLIN, 0};
    const int ready = ::poll(&entry, 1, patience ? static_cast<int>(patience->count()) : -1);
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    if (ready == 0) {
      return failure("assayd did not answer within " +
                     std::to_string(std::chrono::floor<std::chrono::seconds>(*patience).count()) + " s");
    }
    std::array<char, kChunkOctets> chunk{};
    const ssize_t count = ::recv(descriptor_, chunk.data(), chunk.size(), 0);
    if (count <= 0) {
      return failure(std::string("assayd closed the connection"));
    }
    buffer_.append(chunk.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace assay::cli
