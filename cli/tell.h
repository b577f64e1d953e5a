#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/explain.h"
#include "cli/teller.h"
#include "verify/arc/outcome.h"
#include "verify/dkim/outcome.h"
#include "verify/dmarc/outcome.h"
#include "verify/limits.h"
#include "verify/spf/outcome.h"
#include "verify/verdict.h"

namespace assay::cli {

// The chapters of the story that `--explain` tells. Text from mail and DNS is escaped, and lists are bounded.

/// The questions and answers; the first `needed` of them made the verdict, the rest was asked for the story alone.
void tell_dns(Teller& teller, const UsedAnswers& answers, std::size_t needed);
/// "found", "no such name (NXDOMAIN)" ... with why.
[[nodiscard]] std::string status_words(dns::Status status, const std::string& detail);

/// One identity ("MAIL FROM" or "HELO"), term by term.
void tell_spf(Teller& teller, const char* identity, const spf::Outcome& outcome, const Limits& limits);

/// Every signature: its tags, its key, and each check on its own. `canonical`: the octets that the header hash covers.
void tell_dkim(Teller& teller, const std::vector<dkim::Outcome>& outcomes, bool canonical);
/// Every set of the chain.
void tell_arc(Teller& teller, const arc::Outcome& outcome, bool canonical);

/// One author: the walk, the policy, and how each identifier stands to it.
void tell_dmarc(Teller& teller, const dmarc::Outcome& outcome, const Verdict& verdict);

}  // namespace assay::cli
