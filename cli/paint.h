#pragma once

#include "observe/paint.h"

namespace assay::cli {

using observe::Paint;

/// Whether standard output is a terminal that does what escape sequences say.
[[nodiscard]] bool obeys_escapes();
/// Whether it is one that may be coloured.
[[nodiscard]] bool wants_colour();

}  // namespace assay::cli
