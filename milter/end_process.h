#pragma once

namespace assay::milter {

/// Ends the process where it stands, with no destructor run: threads of libmilter may still be inside a callback. What
/// the log holds must have been written. A build with the address sanitizer looks for leaks first, since its check at
/// exit does not see this end; a leak makes the status that of the sanitizer's exit code.
[[noreturn]] void end_process(int status);

}  // namespace assay::milter
