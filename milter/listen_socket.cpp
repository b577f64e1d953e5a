#include "milter/listen_socket.h"

#include <dirent.h>
#include <grp.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "verify/base/text.h"

namespace assay::milter {
namespace {

/// Connections that may wait to be accepted; the kernel's net.core.somaxconn caps it.
constexpr int kBacklog = 1024;
/// The same of an inherited socket, in which they wait while the daemon restarts: what systemd gives it, since
/// libmilter sets it anew (Backlog= in systemd.socket(5)).
constexpr int kInheritedBacklog = 4096;

/// The path of a unix socket in libmilter's notation; empty for other kinds.
std::string socket_path(const std::string& address) {
  for (const char* scheme : {"unix:", "local:"}) {
    if (istarts_with(address, scheme)) {
      return address.substr(std::strlen(scheme));
    }
  }
  return address.rfind('/', 0) == 0 ? address : std::string();
}

/// What the error number means, in words.
std::string words_of(int error) {
  return std::error_code(error, std::generic_category()).message();
}

std::string set_owner(const std::string& path, const config::Socket& settings) {
  if (!settings.group.empty()) {
    constexpr std::size_t kMaxEntryOctets = 65536;
    std::vector<char> buffer(kMaxEntryOctets);
    group entry{};
    group* found = nullptr;
    if (getgrnam_r(settings.group.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
      return "socket.group: there is no group named " + settings.group;
    }
    if (chown(path.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0) {
      return "cannot give " + path + " to group " + settings.group + ": " + words_of(errno) +
             " (the daemon's user must be a member of it)";
    }
  }
  if (chmod(path.c_str(), static_cast<mode_t>(settings.mode)) != 0) {
    return "cannot set the mode of " + path + ": " + words_of(errno);
  }
  return {};
}

/// Whether a process accepts connections on the socket at `path`. libmilter would take its place without asking.
bool is_served(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return false;
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the sockets API takes the general type.
  const bool connected = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const bool is_busy = !connected && errno == EAGAIN;  // Its queue of connections is full.
  if (probe >= 0) {
    close(probe);
  }
  return connected || is_busy;
}

/// libmilter writes each edit of a message as a small packet of its own; with Nagle's algorithm and the MTA's delayed
/// acknowledgements that costs 40 ms a message. Accepted connections inherit the option (tcp(7)).
void send_small_packets_at_once(int listener) {
  const int on = 1;
  static_cast<void>(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));  // Fails on unix sockets.
}

/// libmilter does not show its socket, so it is found among the open descriptors: it is the one that listens.
void for_each_listener(void (*call)(int)) {
  DIR* const directory = opendir("/proc/self/fd");
  if (directory == nullptr) {
    return;
  }
  while (const dirent* const entry = readdir(directory)) {  // NOLINT(concurrency-mt-unsafe): a stream of our own.
    const int descriptor = static_cast<int>(std::strtol(entry->d_name, nullptr, 10));
    int is_listening = 0;
    socklen_t size = sizeof is_listening;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0 && is_listening != 0) {
      call(descriptor);
    }
  }
  closedir(directory);
}

/// What an administrator can do about a socket that does not open; empty if nobody knows.
std::string fix_of(int error, const std::string& address) {
  const std::string path = socket_path(address);
  if (path.empty()) {
    if (error == EADDRINUSE) {
      return "another program serves there (`ss -ltnp` names it; 8893 is OpenDMARC's usual port, too): stop that "
             "program, or set `listen` to a free port and tell the MTA of it";
    }
    return error == EADDRNOTAVAIL ? "set `listen` to an address of this host" : "";
  }
  const std::string folder = std::filesystem::path(path).parent_path().string();
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    return "there is no folder " + folder +
           " that the daemon's user can reach: make it, or set `listen` to another path";
  }
  if (std::filesystem::exists(std::filesystem::symlink_status(path, ignored)) &&
      !std::filesystem::is_socket(std::filesystem::symlink_status(path, ignored))) {
    return "what stands there is no socket: move it away, or set `listen` to another path";
  }
  return "the daemon's user must be able to write to " + folder + ", and under systemd the unit must let it " +
         "(ReadWritePaths=" + folder + ')';
}

/// Empty text on success, else what is wrong and how to mend it.
std::string open_in_libmilter(std::string address, int backlog) {
  if (smfi_setconn(address.data()) != MI_SUCCESS) {
    return "listen: cannot use " + address;
  }
  static_cast<void>(smfi_setbacklog(backlog));
  const mode_t previous = umask(0177);
  errno = 0;
  const int opened = smfi_opensocket(true);
  const int why = errno;
  umask(previous);
  if (opened != MI_SUCCESS) {
    const std::string fix = fix_of(why, address);
    return "listen: cannot open " + address + (why != 0 ? ": " + words_of(why) : std::string()) +
           (fix.empty() ? "" : ": " + fix);
  }
  return {};
}

Parsed<std::string, std::string> serve_inherited(const InheritedSocket& socket) {
  // A word of Debian's libmilter; without that it says in syslog that it does not know it.
  if (std::string error = open_in_libmilter("fd:" + std::to_string(socket.descriptor), kInheritedBacklog);
      !error.empty()) {
    return failure(error + " (" + socket.address + ", which was passed; can this libmilter take an open socket?)");
  }
  send_small_packets_at_once(socket.descriptor);
  return socket.address;
}

}  // namespace

Parsed<std::string, std::string> open_listen_socket(const config::Socket& settings,
                                                    const std::optional<InheritedSocket>& inherited) {
  if (inherited) {
    return serve_inherited(*inherited);
  }
  std::string address = settings.address;
  if (istarts_with(address, "fd:")) {
    // Whatever has that number by now is the daemon's own.
    return failure("listen: " + address +
                   " is to be passed by whoever starts assayd (LISTEN_FDS and LISTEN_PID), and was not: start "
                   "assayd.socket, or name a socket for assayd to open");
  }
  const std::string path = socket_path(address);
  if (!path.empty() && path.size() + 5 != address.size()) {
    address = "unix:" + path;
  }
  if (!path.empty() && is_served(path)) {
    return failure("listen: cannot open " + address + ": another process serves on it");
  }
  if (std::string error = open_in_libmilter(address, kBacklog); !error.empty()) {
    return failure(std::move(error));
  }
  if (path.empty()) {
    for_each_listener(send_small_packets_at_once);
  } else if (std::string error = set_owner(path, settings); !error.empty()) {
    return failure(std::move(error));
  }
  return address;
}

}  // namespace assay::milter
