#include "milter/end_process.h"

#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace assay::milter {

void end_process(int status) {
#if defined(__SANITIZE_ADDRESS__)
  // Reports what no thread, global or register refers to; the sanitizer's own _exit turns a status of 0 into its code
  // then.
  static_cast<void>(__lsan_do_recoverable_leak_check());
#endif
  _exit(status);
}

}  // namespace assay::milter
