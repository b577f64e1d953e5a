#pragma once

#include "policy/rules.h"
#include "policy/ruling.h"
#include "verify/verdict.h"

namespace assay::policy {

/// What holds of a message that no rule of the administrator's decides: by the From field itself, by a
/// trusted ARC chain, else by what the author's domain publishes. Of several authors the one decides who is judged most
/// severely (RFC 9989 section 11.5). `is_indirect`: there is evidence of an indirect flow.
[[nodiscard]] Ruling judge_published(const Verdict& verdict, const Rules& rules, bool is_indirect);

}  // namespace assay::policy
