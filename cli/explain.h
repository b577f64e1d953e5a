#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/paint.h"
#include "observe/record.h"
#include "verify/base/ip_address.h"
#include "verify/dns/answer.h"
#include "verify/limits.h"
#include "verify/spf/outcome.h"

namespace assay::cli {

/// The DNS answers that an evaluation used, in order of first use.
using UsedAnswers = std::vector<std::pair<dns::Question, dns::AnswerPtr>>;

/// The story of one message for people: what DNS said, SPF term by term, each check of each signature, the ARC chain,
/// the DMARC walks and how each identifier aligns, the decision. The last lines say what it amounts to, and what would
/// have made it pass. `canonical` adds the octets that each header hash covers. Text from mail and DNS is escaped, and
/// what mail can repeat is bounded. Of a record without traces (Verification::Options::trace) there is less to tell.
[[nodiscard]] std::string explain(const observe::Record& record, const UsedAnswers& answers, const Limits& limits,
                                  const Paint& paint, bool canonical = false);

/// As above, of what a decision record says, as observe::RecordReader reads it with Depth::Everything: what no record
/// holds (DNS answers, SPF terms, the checks of each signature, walks) is left out, never made up.
[[nodiscard]] std::string explain_recorded(const observe::Record& record, const Paint& paint);

/// The story of one SPF evaluation; `identity` is "MAIL FROM" or "HELO".
[[nodiscard]] std::string explain(const spf::Outcome& outcome, const char* identity, const IpAddress& client,
                                  const UsedAnswers& answers, const Limits& limits, const Paint& paint);

}  // namespace assay::cli
