#include "observe/target.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <system_error>
#include <utility>

namespace assay::observe {
namespace {

constexpr int kFacilityMail = 2 << 3;
constexpr mode_t kFileMode = 0640;
constexpr const char* kIdentifier = "assayd";

std::string error_text(int number) {
  return std::generic_category().message(number);
}

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

/// The time that one line may wait. After a line was lost to waiting, the next ones do not wait at all.
class Patience {
 public:
  void start(std::chrono::milliseconds most) {
    until_ = Clock::now() + (exhausted_ ? std::chrono::milliseconds(0) : most);
  }
  /// Whether `descriptor` takes octets before the time is over.
  [[nodiscard]] bool wait_writable(int descriptor) {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - Clock::now());
      pollfd entry{descriptor, POLLOUT, 0};
      const int ready = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
      if (ready < 0 && errno == EINTR) {
        continue;
      }
      exhausted_ = ready == 0;
      return ready > 0;
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point until_{};
  bool exhausted_ = false;
};

/// Whether the last system call may succeed when it is made again.
bool is_transient(int number) {
  return number == EINTR || number == EAGAIN || number == EWOULDBLOCK;
}

/// A file in memory that holds `octets` and cannot be changed any more. Not open: there is no room for it.
Descriptor sealed_file(std::string_view octets) {
  Descriptor file(::memfd_create("assayd-log", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  while (file.is_open() && !octets.empty()) {
    const ssize_t written = ::write(file.get(), octets.data(), octets.size());
    if (written <= 0) {
      return {};
    }
    octets.remove_prefix(static_cast<std::size_t>(written));
  }
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): fcntl(2) is variadic
  if (!file.is_open() || ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)) {
    return {};
  }
  return file;
}

/// Sends a datagram without octets that carries `file`.
ssize_t send_file(int socket, int file) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof file);
  std::memcpy(CMSG_DATA(head), &file, sizeof file);
  return ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

class StreamTarget final : public Target {
 public:
  explicit StreamTarget(int borrowed) : borrowed_(borrowed) { look_at(borrowed); }
  StreamTarget(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {
    look_at(file_.get());
  }

  [[nodiscard]] bool write_within(std::chrono::milliseconds patience, Severity /*severity*/,
                                  std::string_view line) override {
    patience_.start(patience);
    std::string octets;
    octets.reserve(line.size() + 2);
    if (torn_) {
      octets += '\n';  // what stands of the line that was cut off becomes a line of its own
    }
    octets += line;
    octets += '\n';
    std::size_t done = 0;
    while (done < octets.size()) {
      const auto written = write_some(std::string_view(octets).substr(done));
      if (written < 0) {
        torn_ = torn_ || done > 0;
        return false;
      }
      done += static_cast<std::size_t>(written);
    }
    torn_ = false;
    return true;
  }

  [[nodiscard]] bool reopen(std::string& error) override {
    if (path_.empty()) {
      return true;
    }
    Descriptor file = open_file(path_, error);
    if (!file.is_open()) {
      return false;
    }
    file_ = std::move(file);
    look_at(file_.get());
    return true;
  }

  static Descriptor open_file(const std::string& path, std::string& error) {
    // Without O_NONBLOCK a FIFO that nobody reads would hold up the start.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): open(2) is variadic
    Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, kFileMode));
    if (!file.is_open()) {
      error = "cannot open the log file " + path + ": " + error_text(errno);
    }
    return file;
  }

 private:
  [[nodiscard]] int descriptor() const noexcept { return file_.is_open() ? file_.get() : borrowed_; }

  void look_at(int descriptor) {
    struct stat status {};
    const bool known = ::fstat(descriptor, &status) == 0;
    is_file_ = known && S_ISREG(status.st_mode);
    is_socket_ = known && S_ISSOCK(status.st_mode);
    // A process that was killed, or a disk that was full, may have left a part of a line.
    torn_ = is_file_ && !path_.empty() && status.st_size > 0 && !is_line_end_at(path_, status.st_size - 1);
  }

  /// Whether that octet of the file is a line end. False as well where it cannot be read: an empty line does no harm.
  static bool is_line_end_at(const std::string& path, off_t offset) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): open(2) is variadic
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    char octet = '\0';
    return file.is_open() && ::pread(file.get(), &octet, 1, offset) == 1 && octet == '\n';
  }

  /// Writes what fits without blocking; -1 if nothing can be written, in time or at all.
  ssize_t write_some(std::string_view octets) {
    for (;;) {
      if (!is_file_ && !patience_.wait_writable(descriptor())) {
        return -1;
      }
      // A pipe that poll calls writable takes PIPE_BUF octets at once. A file is never waited for, and one call keeps
      // its lines whole between processes.
      const std::size_t size = is_file_ ? octets.size() : std::min<std::size_t>(octets.size(), PIPE_BUF);
      const ssize_t written = is_socket_ ? ::send(descriptor(), octets.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL)
                                         : ::write(descriptor(), octets.data(), size);
      if (written > 0) {
        return written;
      }
      if (written == 0 || !is_transient(errno)) {
        return -1;
      }
    }
  }

  std::string path_;
  Descriptor file_;
  int borrowed_ = -1;
  bool is_file_ = false;
  bool is_socket_ = false;
  bool torn_ = false;
  Patience patience_;
};

class DatagramTarget final : public Target {
 public:
  DatagramTarget(Datagram protocol, std::string path) : protocol_(protocol), path_(std::move(path)) {}

  [[nodiscard]] bool takes_fields() const noexcept override { return protocol_ == Datagram::Journal; }

  [[nodiscard]] bool write_within(std::chrono::milliseconds patience, Severity severity,
                                  std::string_view line) override {
    const std::string frame =
        protocol_ == Datagram::Syslog ? syslog_frame(severity, line) : journal_frame(severity, line);
    patience_.start(patience);
    bool connected_again = false;
    Descriptor file;  // Open: what is too long for a datagram is in it.
    for (;;) {
      const ssize_t sent = file.is_open()
                               ? send_file(socket_.get(), file.get())
                               : ::send(socket_.get(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent >= 0) {
        return true;
      }
      // The length of a record is the sender's choice. The journal's native protocol takes a file in memory then.
      if ((errno == EMSGSIZE || errno == ENOBUFS) && protocol_ == Datagram::Journal && !file.is_open()) {
        file = sealed_file(frame);
        if (!file.is_open()) {
          return false;
        }
        continue;
      }
      if (is_transient(errno)) {
        if (!patience_.wait_writable(socket_.get())) {
          return false;
        }
        continue;
      }
      std::string error;
      if (errno == EMSGSIZE || connected_again || !reopen(error)) {
        return false;
      }
      connected_again = true;
    }
  }

  [[nodiscard]] bool reopen(std::string& error) override {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) {
      error = path_ + ": the path of a socket is too long";
      return false;
    }
    std::memcpy(address.sun_path, path_.data(), path_.size());
    Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the sockets API takes the general type
    if (!socket.is_open() ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      error = "cannot reach " + path_ + ": " + error_text(errno);
      return false;
    }
    // So that most records fit one datagram; the system's own bound (net.core.wmem_max) applies if it is lower.
    constexpr int kSendBufferOctets = 8 << 20;
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &kSendBufferOctets, sizeof kSendBufferOctets);
    socket_ = std::move(socket);
    return true;
  }

 private:
  /// "<22>Nov 22 14:25:46 assayd[123]: text", local time.
  static std::string syslog_frame(Severity severity, std::string_view line) {
    const std::time_t now = std::time(nullptr);
    std::tm local{};
    (void)::localtime_r(&now, &local);
    constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 32> stamp{};
    const int written = std::snprintf(stamp.data(), stamp.size(), "%s %2d %02d:%02d:%02d",
                                      kMonths.at(static_cast<std::size_t>(local.tm_mon)), local.tm_mday, local.tm_hour,
                                      local.tm_min, local.tm_sec);
    std::string frame = '<' + std::to_string(kFacilityMail + static_cast<int>(severity)) + '>';
    frame.append(stamp.data(), static_cast<std::size_t>(written));
    frame += std::string(" ") + kIdentifier + '[' + std::to_string(::getpid()) + "]: ";
    frame += line;
    return frame;
  }

  static std::string journal_frame(Severity severity, std::string_view line) {
    std::string frame = "PRIORITY=" + std::to_string(static_cast<int>(severity)) + "\nSYSLOG_FACILITY=2\n";
    frame += std::string("SYSLOG_IDENTIFIER=") + kIdentifier + "\nMESSAGE=";
    frame += line;  // holds no line end but that before its fields: see log.cpp
    return frame.ends_with('\n') ? frame : frame + '\n';
  }

  Datagram protocol_;
  std::string path_;
  Descriptor socket_;
  Patience patience_;
};

}  // namespace

std::unique_ptr<Target> make_stream_target(int descriptor) {
  return std::make_unique<StreamTarget>(descriptor);
}

std::unique_ptr<Target> make_file_target(const std::string& path, std::string& error) {
  Descriptor file = StreamTarget::open_file(path, error);
  if (!file.is_open()) {
    return nullptr;
  }
  return std::make_unique<StreamTarget>(path, std::move(file));
}

std::unique_ptr<Target> make_datagram_target(Datagram protocol, const std::string& path, std::string& error) {
  auto target = std::make_unique<DatagramTarget>(protocol, path);
  if (!target->reopen(error)) {
    return nullptr;
  }
  return target;
}

}  // namespace assay::observe
