#include "observe/paint.h"

#include <unistd.h>

#include <cstdlib>

namespace assay::observe {

bool obeys_escapes(int descriptor) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread changes the environment
  const char* const terminal = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && (terminal == nullptr || std::string_view(terminal) != "dumb");
}

bool wants_colour(int descriptor) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread changes the environment
  const char* const unwanted = std::getenv("NO_COLOR");
  return obeys_escapes(descriptor) && (unwanted == nullptr || *unwanted == '\0');
}

}  // namespace assay::observe
