#pragma once

#include <string>

#include "cli/paint.h"
#include "observe/record.h"

namespace assay::cli {

/// One message on one line for people: time of day, queue id and action in columns, then what the log's text says. Text
/// from mail is escaped.
[[nodiscard]] std::string record_line(const observe::Record& record, const Paint& paint);

}  // namespace assay::cli
