#include "cli/paint.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace assay::cli {

bool obeys_escapes() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread changes the environment
  const char* const terminal = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && (terminal == nullptr || std::string_view(terminal) != "dumb");
}

bool wants_colour() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread changes the environment
  const char* const unwanted = std::getenv("NO_COLOR");
  return obeys_escapes() && (unwanted == nullptr || *unwanted == '\0');
}

}  // namespace assay::cli
