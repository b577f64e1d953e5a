#include "observe/control_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include "verify/base/text.h"

namespace assay::observe {
namespace {

constexpr mode_t kMode = 0660;
constexpr int kBacklog = 16;
/// Of a client, for a daemon that takes no more connections: it may stand still.
constexpr std::chrono::seconds kConnectPatience{10};

std::string words_of(int error) {
  return std::error_code(error, std::generic_category()).message();
}

/// nullopt for a path that is longer than the address of a socket.
std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return std::nullopt;
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* general(const sockaddr_un& address) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the sockets API takes the general type.
  return reinterpret_cast<const sockaddr*>(&address);
}

std::string too_long(const std::string& path) {
  return path + ": the path of a socket has 1 to " + std::to_string(sizeof sockaddr_un{}.sun_path - 1) + " octets";
}

/// What connect(2) says: 0 if somebody serves there.
int try_connect(const sockaddr_un& address, int& descriptor) {
  descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    return errno;
  }
  // Where nobody takes those who wait already, this fails with EAGAIN.
  const timeval patience{kConnectPatience.count(), 0};
  static_cast<void>(::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience));
  if (::connect(descriptor, general(address), sizeof address) == 0) {
    return 0;
  }
  const int error = errno;
  ::close(descriptor);
  descriptor = -1;
  return error;
}

/// Takes away what an assayd that ended left. Words if something else is there.
std::string clear_away(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    return {};  // Nothing is there, or bind(2) tells better what is wrong.
  }
  if (!S_ISSOCK(status.st_mode)) {
    return "there is a file of that name that is no socket";
  }
  // Without waiting: one whose queue is full is served, too.
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const bool is_served = ::connect(probe, general(address), sizeof address) == 0 || errno == EAGAIN;
  const int error = is_served ? 0 : errno;
  if (probe >= 0) {
    ::close(probe);
  }
  if (is_served) {
    return "another process serves on it";
  }
  if (error != ECONNREFUSED) {
    return words_of(error);
  }
  return ::unlink(path.c_str()) == 0 || errno == ENOENT ? std::string() : words_of(errno);
}

/// The words for an error of bind(2), with what to do.
std::string words_of_bind(int error, const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (error == ENOENT) {
    return "there is no folder " + folder + ": make it (the unit does by RuntimeDirectory=)";
  }
  if (error == EACCES || error == EROFS) {
    return words_of(error) + ": the daemon's user must be able to write to " + folder;
  }
  return words_of(error);
}

}  // namespace

std::string control_path(std::string_view address) {
  constexpr std::string_view kScheme = "unix:";
  return std::string(istarts_with(address, kScheme) ? address.substr(kScheme.size()) : address);
}

Parsed<int, std::string> open_control_socket(const std::string& path) {
  const auto address = address_of(path);
  if (!address) {
    return failure(too_long(path));
  }
  if (const std::string problem = clear_away(path, *address); !problem.empty()) {
    return failure(path + ": " + problem);
  }
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    return failure(path + ": " + words_of(errno));
  }
  std::string problem;
  if (::bind(descriptor, general(*address), sizeof *address) != 0) {
    problem = words_of_bind(errno, path);
  } else if (::chmod(path.c_str(), kMode) != 0 || ::listen(descriptor, kBacklog) != 0) {
    // Until it listens nobody can connect, whatever mode it was made with.
    problem = words_of(errno);
    ::unlink(path.c_str());
  }
  if (!problem.empty()) {
    ::close(descriptor);
    return failure(path + ": " + problem);
  }
  return descriptor;
}

Parsed<int, std::string> connect_control_socket(const std::string& path) {
  const auto address = address_of(path);
  if (!address) {
    return failure(too_long(path));
  }
  int descriptor = -1;
  const int error = try_connect(*address, descriptor);
  if (error == 0) {
    return descriptor;
  }
  const std::string begin = "cannot reach assayd at " + path + ": " + words_of(error);
  if (error == ENOENT || error == ECONNREFUSED) {
    return failure(begin +
                   "; is it running, and `control` of its configuration not off? --socket names another socket");
  }
  if (error == EACCES) {
    return failure(begin + "; be root, or a member of the socket's group (assay)");
  }
  return failure(begin);
}

}  // namespace assay::observe
