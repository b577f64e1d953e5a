#pragma once

#include <string>

#include "observe/record.h"

namespace assay::test {

/// The first member that policy::decide may read, or that a replay prints, in which two records differ; empty if none.
[[nodiscard]] std::string first_difference(const observe::Record& a, const observe::Record& b);

}  // namespace assay::test
