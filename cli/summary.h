#pragma once

#include <string>

#include "cli/paint.h"
#include "observe/record.h"
#include "verify/spf/outcome.h"

namespace assay::cli {

/// What `assay verify` prints by default: a line for each result, the decision, and the header field.
[[nodiscard]] std::string summary(const observe::Record& record, const Paint& paint);

/// What `assay spf` prints by default.
[[nodiscard]] std::string summary(const spf::Outcome& outcome, const Paint& paint);

/// The Authentication-Results field as it would stand in the message, each line after `indent`.
[[nodiscard]] std::string header_field(const std::string& value, const std::string& indent);

}  // namespace assay::cli
