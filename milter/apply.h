#pragma once

#include <cstdint>
#include <vector>

#include "milter/editor.h"
#include "milter/forged_fields.h"
#include "milter/negotiation.h"
#include "observe/record.h"

namespace assay::milter {

/// What the MTA shall do next, in the milter protocol's words.
enum class Step : std::uint8_t { Continue, Reject, TempFail, Discard, Skip };

/// Answers a command with `reply` and the step that fits its code.
[[nodiscard]] Step refuse(const policy::Reply& reply, Editor& editor);

/// Carries out `record.decision` on the message at its end: removes the `forged` fields (those of one name ascend),
/// adds those of the rules and stamps `record.authentication_results` on top, unless the message is refused or
/// discarded; quarantines if decided. What the MTA does not offer falls back to the quarantine header, and a note
/// in the record says so. If a forged field cannot be removed, or one of ours cannot be set, the message is deferred:
/// it must not pass with a header that lies. The record's decision then says that.
[[nodiscard]] Step apply(observe::Record& record, const std::vector<ForgedField>& forged, const Capabilities& agreed,
                         Editor& editor);

}  // namespace assay::milter
