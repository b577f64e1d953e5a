#pragma once

#include <string>

#include "verify/verdict.h"

namespace assay::test {

/// A Verdict with every member written, so that two can be compared; but for dmarc::Outcome::rfc7489.
[[nodiscard]] std::string write(const Verdict& verdict);

}  // namespace assay::test
