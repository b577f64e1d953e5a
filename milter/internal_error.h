#pragma once

namespace assay::milter {

/// Logs and counts the exception that is being handled: something broke in `where`. Call inside a catch block. Needs no
/// memory, since that may be what ended.
void report_internal_error(const char* where) noexcept;

}  // namespace assay::milter
