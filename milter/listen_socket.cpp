#include "milter/listen_socket.h"

#include <dirent.h>
#include <grp.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

#include "verify/base/text.h"

namespace assay::milter {
namespace {

/// Pending connections; the kernel's net.core.somaxconn caps it.
constexpr int kBacklog = 1024;

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
/// acknowledgements that costs 40 ms a message. Accepted connections inherit the option (tcp(7)). libmilter does not
/// show its socket, so it is found among the open descriptors: it is the one that listens.
void send_small_packets_at_once() {
  DIR* const directory = opendir("/proc/self/fd");
  if (directory == nullptr) {
    return;
  }
  while (const dirent* const entry = readdir(directory)) {  // NOLINT(concurrency-mt-unsafe): a stream of our own.
    const int descriptor = static_cast<int>(std::strtol(entry->d_name, nullptr, 10));
    int is_listening = 0;
    socklen_t size = sizeof is_listening;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0 && is_listening != 0) {
      const int on = 1;
      static_cast<void>(setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));  // Fails on unix sockets.
    }
  }
  closedir(directory);
}

}  // namespace

std::string open_listen_socket(const config::Socket& settings) {
  const bool inherited = sd_listen_fds(1) > 0;
  std::string address = inherited ? "fd:" + std::to_string(SD_LISTEN_FDS_START) : settings.address;
  const std::string path = inherited ? std::string() : socket_path(address);
  if (!path.empty() && path.size() + 5 != address.size()) {
    address = "unix:" + path;
  }
  if (!path.empty() && is_served(path)) {
    return "listen: cannot open " + address + ": another process serves on it";
  }
  if (smfi_setconn(address.data()) != MI_SUCCESS) {
    return "listen: cannot use " + address;
  }
  static_cast<void>(smfi_setbacklog(kBacklog));
  const mode_t previous = umask(0177);
  errno = 0;
  const int opened = smfi_opensocket(true);
  const int why = errno;
  umask(previous);
  if (opened != MI_SUCCESS) {
    return "listen: cannot open " + address + (why != 0 ? ": " + words_of(why) : std::string());
  }
  if (path.empty()) {
    send_small_packets_at_once();
    return {};
  }
  return set_owner(path, settings);
}

}  // namespace assay::milter
