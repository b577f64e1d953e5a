#pragma once

#include <string>
#include <string_view>

#include "observe/paint.h"
#include "observe/record.h"

namespace assay::observe {

// Lines for people at a terminal, in the same columns. Text from mail is escaped.

/// One message on one line for people: time of day, queue id and action in columns, then what the log's text says.
[[nodiscard]] std::string record_line(const Record& record, const Paint& paint);
/// What the program itself tells, at a level ("info", "warning", "error" ...). `text` is printable.
[[nodiscard]] std::string program_line(Time time, std::string_view level, std::string_view text, const Paint& paint);

}  // namespace assay::observe
