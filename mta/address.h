#pragma once

#include <sys/socket.h>

#include <string_view>
#include <vector>

#include "mta/wire.h"

namespace assay::mta {

/// A socket address, ready to connect to.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] int family() const { return storage.ss_family; }
  [[nodiscard]] const sockaddr* get() const;
};

/// The addresses that `text` means, at least one, to be tried in turn. It is in libmilter's notation: inet:PORT@HOST,
/// inet6:PORT@HOST, unix:PATH (or local:PATH). A host name is looked up.
[[nodiscard]] Result<std::vector<Address>> resolve_address(std::string_view text);

}  // namespace assay::mta
