#include "cli/paint.h"

#include <unistd.h>

#include <cstdlib>

namespace assay::cli {

bool wants_colour() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread changes the environment
  const char* const unwanted = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (unwanted == nullptr || *unwanted == '\0');
}

}  // namespace assay::cli
