#include "program/standard_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

namespace assay::program {

void hold_standard_files() noexcept {
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // NOLINTBEGIN(cppcoreguidelines-pro-type-vararg): fcntl(2) and open(2) are variadic
    if (::fcntl(standard, F_GETFD) < 0 && errno == EBADF) {
      // The lowest number that is free, which is this one. For the other direction, so that the program hears of it.
      static_cast<void>(::open("/dev/null", standard == STDIN_FILENO ? O_WRONLY : O_RDONLY));
    }
    // NOLINTEND(cppcoreguidelines-pro-type-vararg)
  }
}

}  // namespace assay::program
