#pragma once

#include "milter/callback_ages.h"
#include "milter/session.h"

namespace assay::milter {

/// Registers the callbacks with libmilter. They only translate: C arguments to a call of the Session, its Step to a
/// libmilter code. No exception passes them: one shared barrier catches and logs it, marks the message failed, and
/// answers TempFail where an answer is due. `ages` tells since when they run. `services` and `ages` must outlive
/// smfi_main(). False if libmilter refuses.
[[nodiscard]] bool register_callbacks(Services services, CallbackAges& ages);

}  // namespace assay::milter
