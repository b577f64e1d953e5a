#pragma once

#include <optional>
#include <string>

#include "verify/base/parsed.h"

namespace assay::milter {

/// A listening socket that was open before the daemon started, and stays open when it ends: connections wait in it
/// meanwhile.
struct InheritedSocket {
  int descriptor = -1;
  std::string address;  ///< Where it listens, in libmilter's notation.
};

/// The socket that systemd, or another that speaks its protocol (sd_listen_fds(3)), passed to this process; nullopt if
/// there is none. Takes it out of the environment: call once, in the process that was started, before any thread
/// exists. The error says in words why what was passed cannot be served: more than one, or no socket that listens for
/// streams.
[[nodiscard]] Parsed<std::optional<InheritedSocket>, std::string> take_inherited_socket();

/// The open socket with that number, of whoever's making. The error says what it is instead of one that listens for
/// streams.
[[nodiscard]] Parsed<InheritedSocket, std::string> inherited_socket(int descriptor);

}  // namespace assay::milter
