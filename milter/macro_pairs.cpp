#include "milter/macro_pairs.h"

#include <dlfcn.h>
#include <sys/time.h>

#include <algorithm>

/// "Read a command": the octets after it, allocated by malloc, or null; `size` is how many. The same in every libmilter
/// since 8.11.
extern "C" char* mi_rd_cmd(int socket, timeval* timeout, char* command, std::size_t* size, char* name);

namespace assay::milter {
namespace {

constexpr char kMacros = 'D';  // SMFIC_MACRO

}  // namespace

std::size_t octets_in_pairs(std::string_view packet) noexcept {
  if (std::count(packet.begin() + (packet.empty() ? 0 : 1), packet.end(), '\0') % 2 == 0) {
    return packet.size();
  }
  // Back over the last NUL to the one before, which ends a value; the first octet is the stage, whatever it is.
  const auto last = packet.rfind('\0');
  const auto before = last == 0 ? std::string_view::npos : packet.rfind('\0', last - 1);
  return before == std::string_view::npos || before == 0 ? 1 : before + 1;
}

bool reads_macros_in_pairs() noexcept {
  return dlsym(RTLD_NEXT, "mi_rd_cmd") != nullptr &&
         dlsym(RTLD_DEFAULT, "mi_rd_cmd") == reinterpret_cast<void*>(&mi_rd_cmd);  // NOLINT(*-reinterpret-cast)
}

}  // namespace assay::milter

extern "C" __attribute__((visibility("default"))) char* mi_rd_cmd(int socket, timeval* timeout, char* command,
                                                                  std::size_t* size, char* name) {
  static const auto read = reinterpret_cast<decltype(&mi_rd_cmd)>(dlsym(RTLD_NEXT, "mi_rd_cmd"));  // NOLINT
  char* const packet = read(socket, timeout, command, size, name);
  if (packet != nullptr && *command == assay::milter::kMacros) {
    *size = assay::milter::octets_in_pairs({packet, *size});
  }
  return packet;
}
