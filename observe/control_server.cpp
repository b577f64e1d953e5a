#include "observe/control_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <deque>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace assay::observe {
namespace {

using Clock = std::chrono::steady_clock;
using Line = std::shared_ptr<const std::string>;

/// How long the server lets connections wait where the system has no descriptor or memory for one.
constexpr std::chrono::seconds kNap{1};
/// Octets that are read, and handed on, at once.
constexpr std::size_t kChunkOctets = 64U << 10U;

std::string error_line(const std::string& what) {
  return R"({"error":")" + what + "\"}\n";  // Words of our own, which need no quoting.
}

/// Readable once somebody wrote to it.
int make_wake() {
  const int descriptor = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (descriptor < 0) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  return descriptor;
}

Line lost_line(std::uint64_t count) {
  return std::make_shared<const std::string>(R"({"lost":)" + std::to_string(count) + "}\n");
}

/// What waits for a client that follows. Guarded by the server's mutex.
struct Tail {
  RecordFilter filter;
  std::deque<Line> lines;
  std::size_t octets = 0;
  std::uint64_t lost = 0;  ///< Since the last line that waits.

  [[nodiscard]] bool has_room(std::size_t more) const {
    return lines.size() < kMaxTailLines && octets + more <= kMaxTailOctets;
  }
  void push(Line line) {
    octets += line->size();
    lines.push_back(std::move(line));
  }
};

/// One connection. The thread alone touches it, but for `tail`.
struct Client {
  int descriptor = -1;
  std::string input;   ///< What came of a request.
  std::string output;  ///< What is being written.
  std::size_t written = 0;
  bool hears_no_more = false;  ///< It closed its side, or shall be closed once all is written.
  Clock::time_point last_request;
  Clock::time_point last_progress;
  std::optional<Tail> tail;

  [[nodiscard]] bool has_output() const { return written < output.size(); }
};

}  // namespace

class ControlServer::Work {
 public:
  Work(int descriptor, Answer answer, Patience patience)
      : listener_(descriptor), wake_(make_wake()), answer_(std::move(answer)), patience_(patience), thread_([this] {
          run();
        }) {}
  ~Work() {
    stopped_ = true;
    wake();
    thread_.join();
    for (const Client& client : clients_) {
      ::close(client.descriptor);
    }
    ::close(listener_);
    ::close(wake_);
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  void publish(const Record& record);
  /// A record could not be handed over.
  void lose() noexcept { lost_.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] bool has_tails() const noexcept { return tails_.load(std::memory_order_relaxed) != 0; }
  [[nodiscard]] Counts counts() const {
    return {client_count_.load(std::memory_order_relaxed), tails_.load(std::memory_order_relaxed),
            lost_.load(std::memory_order_relaxed)};
  }

 private:
  void wake() const {
    const std::uint64_t one = 1;
    static_cast<void>(::write(wake_, &one, sizeof one) == sizeof one);  // Full: it is awake.
  }

  void run();
  void turn();
  [[nodiscard]] std::vector<pollfd> entries(Clock::time_point now);
  [[nodiscard]] std::optional<Clock::time_point> deadline(const Client& client) const;
  [[nodiscard]] int wait_time(Clock::time_point now) const;
  void take_connections(Clock::time_point now);
  /// Each returns false if the client is to be closed.
  [[nodiscard]] bool serve(Client& client, short events, Clock::time_point now);
  [[nodiscard]] bool read(Client& client, Clock::time_point now);
  [[nodiscard]] bool answer_requests(Client& client, Clock::time_point now);
  [[nodiscard]] bool write(Client& client, Clock::time_point now);
  void answer(Client& client, std::string_view request);
  void refill(Client& client);
  std::list<Client>::iterator drop(std::list<Client>::iterator client);

  const int listener_;
  const int wake_;
  const Answer answer_;
  const Patience patience_;
  std::list<Client> clients_;  ///< Changed by the thread alone, under the mutex; so are their tails.
  std::mutex mutex_;
  Clock::time_point accept_again_{};
  std::atomic<std::size_t> client_count_{0};
  std::atomic<std::size_t> tails_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<bool> stopped_{false};
  std::thread thread_;  ///< Last: it uses all of the above.
};

void ControlServer::Work::publish(const Record& record) {
  bool is_wanted = false;
  {
    const std::lock_guard lock(mutex_);
    for (Client& client : clients_) {
      if (client.tail && client.tail->filter.matches(record)) {
        // Where no line fits any more nothing is written for it.
        if (client.tail->has_room(0)) {
          is_wanted = true;
        } else {
          ++client.tail->lost;
          lose();
        }
      }
    }
  }
  if (!is_wanted) {
    return;
  }
  const Line line = std::make_shared<const std::string>(to_json(record) + '\n');
  {
    const std::lock_guard lock(mutex_);
    for (Client& client : clients_) {
      if (!client.tail || !client.tail->has_room(0) || !client.tail->filter.matches(record)) {
        continue;
      }
      Tail& tail = *client.tail;
      if (!tail.has_room(line->size())) {
        ++tail.lost;
        lose();
        continue;
      }
      if (tail.lost != 0) {
        tail.push(lost_line(std::exchange(tail.lost, 0)));
      }
      tail.push(line);
    }
  }
  wake();
}

void ControlServer::Work::run() {
  while (!stopped_) {
    try {
      turn();
    } catch (...) {
      std::this_thread::sleep_for(kNap);  // No memory: mail needs it more.
    }
  }
}

/// The listener, the eventfd, and each client in its order.
std::vector<pollfd> ControlServer::Work::entries(Clock::time_point now) {
  std::vector<pollfd> entries;
  entries.push_back({now >= accept_again_ ? listener_ : -1, POLLIN, 0});
  entries.push_back({wake_, POLLIN, 0});
  for (Client& client : clients_) {
    refill(client);
    // While it has not taken its answer it is not heard.
    const int events = client.has_output() ? POLLOUT : client.hears_no_more ? 0 : POLLIN;
    entries.push_back({client.descriptor, static_cast<short>(events), 0});
  }
  return entries;
}

/// When the client is to be closed if nothing comes of it.
std::optional<Clock::time_point> ControlServer::Work::deadline(const Client& client) const {
  if (client.has_output()) {
    return client.last_progress + patience_.stall;
  }
  return client.tail ? std::nullopt : std::optional(client.last_request + patience_.idle);
}

int ControlServer::Work::wait_time(Clock::time_point now) const {
  std::optional<Clock::time_point> next;
  const auto consider = [&next](Clock::time_point time) { next = next ? std::min(*next, time) : time; };
  if (now < accept_again_) {
    consider(accept_again_);
  }
  for (const Client& client : clients_) {
    if (const auto its = deadline(client)) {
      consider(*its);
    }
  }
  if (!next) {
    return -1;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - now).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::chrono::milliseconds(kControlStall).count()));
}

void ControlServer::Work::turn() {
  std::vector<pollfd> polled = entries(Clock::now());
  if (::poll(polled.data(), polled.size(), wait_time(Clock::now())) < 0 && errno != EINTR) {
    std::this_thread::sleep_for(kNap);
    return;
  }
  const auto now = Clock::now();
  std::uint64_t ignored = 0;
  static_cast<void>(::read(wake_, &ignored, sizeof ignored) == sizeof ignored);
  std::size_t index = 2;
  for (auto client = clients_.begin(); client != clients_.end(); ++index) {
    bool stays = false;
    try {
      stays = serve(*client, polled.at(index).revents, now);
    } catch (...) {
      // No memory for its answer: another client may need less.
    }
    const auto its_deadline = deadline(*client);
    client = stays && (!its_deadline || now < *its_deadline) ? std::next(client) : drop(client);
  }
  if ((polled.front().revents & POLLIN) != 0) {
    take_connections(now);
  }
}

void ControlServer::Work::take_connections(Clock::time_point now) {
  for (;;) {
    // Not accept(2), which the daemon bounds for the MTA's connections.
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        accept_again_ = now + kNap;
      }
      return;
    }
    if (clients_.size() >= kMaxControlClients) {
      const std::string line = error_line("too many clients: " + std::to_string(kMaxControlClients) + " are connected");
      static_cast<void>(::send(descriptor, line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
      ::close(descriptor);
      continue;
    }
    Client client;
    client.descriptor = descriptor;
    client.last_request = client.last_progress = now;
    try {
      const std::lock_guard lock(mutex_);
      clients_.push_back(std::move(client));
    } catch (...) {
      ::close(descriptor);
      throw;
    }
    client_count_ = clients_.size();
  }
}

std::list<Client>::iterator ControlServer::Work::drop(std::list<Client>::iterator client) {
  ::close(client->descriptor);
  const std::lock_guard lock(mutex_);
  tails_ -= client->tail ? 1U : 0U;
  const auto next = clients_.erase(client);
  client_count_ = clients_.size();
  return next;
}

bool ControlServer::Work::serve(Client& client, short events, Clock::time_point now) {
  if ((events & (POLLERR | POLLNVAL)) != 0) {
    return false;
  }
  if (client.has_output()) {
    // POLLHUP: it is gone, and takes nothing.
    return (events & POLLHUP) == 0 && ((events & POLLOUT) == 0 || (write(client, now) && answer_requests(client, now)));
  }
  if ((events & POLLIN) != 0) {
    return read(client, now);
  }
  return (events & POLLHUP) == 0;
}

bool ControlServer::Work::read(Client& client, Clock::time_point now) {
  std::array<char, kMaxControlLineOctets + 1> buffer{};
  const ssize_t count = ::recv(client.descriptor, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0) {
    return errno == EAGAIN || errno == EINTR;
  }
  if (count == 0) {
    // A shell's `echo ... | nc` closes its side, and still wants the answer, or to follow.
    client.hears_no_more = true;
    return client.tail.has_value();
  }
  if (client.tail) {
    return false;  // Whoever follows has nothing to ask.
  }
  client.input.append(buffer.data(), static_cast<std::size_t>(count));
  return answer_requests(client, now);
}

bool ControlServer::Work::answer_requests(Client& client, Clock::time_point now) {
  while (!client.has_output() && !client.tail) {
    const auto end = client.input.find('\n');
    if (std::min(end, client.input.size()) > kMaxControlLineOctets) {
      client.output = error_line("a request has " + std::to_string(kMaxControlLineOctets) + " octets at most");
      client.hears_no_more = true;
      return write(client, now);
    }
    if (end == std::string::npos) {
      return true;
    }
    answer(client, std::string_view(client.input).substr(0, end));
    client.input.erase(0, end + 1);
    client.last_request = now;
    if (!write(client, now)) {
      return false;
    }
  }
  return true;
}

void ControlServer::Work::answer(Client& client, std::string_view request) {
  ControlReply reply = answer_(request);
  client.output = std::move(reply.line) + '\n';
  if (reply.tail) {
    const std::lock_guard lock(mutex_);
    client.tail.emplace().filter = *std::move(reply.tail);
    ++tails_;
  }
}

/// Takes over what waits for a client that has taken all before.
void ControlServer::Work::refill(Client& client) {
  if (client.has_output() || !client.tail) {
    return;
  }
  client.output.clear();
  client.written = 0;
  const std::lock_guard lock(mutex_);
  Tail& tail = *client.tail;
  while (!tail.lines.empty() && client.output.size() < kChunkOctets) {
    client.output += *tail.lines.front();
    tail.octets -= tail.lines.front()->size();
    tail.lines.pop_front();
  }
  if (tail.lines.empty() && tail.lost != 0) {
    client.output += *lost_line(std::exchange(tail.lost, 0));
  }
  if (client.has_output()) {
    client.last_progress = Clock::now();
  }
}

bool ControlServer::Work::write(Client& client, Clock::time_point now) {
  while (client.has_output()) {
    const ssize_t count = ::send(client.descriptor, client.output.data() + client.written,
                                 client.output.size() - client.written, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return errno == EAGAIN;
    }
    client.written += static_cast<std::size_t>(count);
    client.last_progress = now;
  }
  client.output.clear();
  client.written = 0;
  return client.tail || !client.hears_no_more;
}

ControlServer::ControlServer(int descriptor, Answer answer, Patience patience)
    : work_(std::make_unique<Work>(descriptor, std::move(answer), patience)) {}

ControlServer::~ControlServer() = default;

void ControlServer::publish(const Record& record) noexcept {
  if (!work_->has_tails()) {
    return;
  }
  try {
    work_->publish(record);
  } catch (...) {
    work_->lose();  // No memory for the line.
  }
}

ControlServer::Counts ControlServer::counts() const {
  return work_->counts();
}

}  // namespace assay::observe
