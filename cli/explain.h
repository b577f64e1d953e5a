#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/paint.h"
#include "observe/record.h"
#include "verify/dns/answer.h"
#include "verify/limits.h"
#include "verify/spf/outcome.h"

namespace assay::cli {

/// The DNS answers that an evaluation used, in order of first use.
using UsedAnswers = std::vector<std::pair<dns::Question, dns::AnswerPtr>>;

/// The story of one message for people: what DNS said, SPF term by term, each signature, the ARC chain, the DMARC walk
/// and alignment, the decision. The last line says what it amounts to. Text from mail and DNS is escaped.
[[nodiscard]] std::string explain(const observe::Record& record, const UsedAnswers& answers, const Limits& limits,
                                  const Paint& paint);

/// The story of one SPF evaluation; `identity` is "MAIL FROM" or "HELO".
[[nodiscard]] std::string explain(const spf::Outcome& outcome, const char* identity, const UsedAnswers& answers,
                                  const Limits& limits, const Paint& paint);

}  // namespace assay::cli
