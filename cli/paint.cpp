#include "cli/paint.h"

#include <unistd.h>

namespace assay::cli {

bool obeys_escapes() {
  return observe::obeys_escapes(STDOUT_FILENO);
}

bool wants_colour() {
  return observe::wants_colour(STDOUT_FILENO);
}

}  // namespace assay::cli
