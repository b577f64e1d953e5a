#pragma once

#include <string>

#include "policy/facts.h"
#include "verify/base/ip_address.h"
#include "verify/limits.h"
#include "verify/spf/outcome.h"
#include "verify/verdict.h"

namespace assay::cli {

// What would have been needed, in one sentence for an administrator. Pure; text from mail and DNS is escaped.

/// What would have made the message pass DMARC; of several ways the nearest: an aligned signature that only the body
/// spoils, one that its key or its time spoils, one whose header fields were changed, SPF for an aligned domain, an
/// identifier that passes and does not align; else a signature or an SPF record of the author's. Reads the traces
/// (Verification::Options::trace): without them only equal names count as aligned. Empty if it passed, or was not
/// verified at all.
[[nodiscard]] std::string advice(const Verdict& verdict, const policy::Facts& facts, const Limits& limits);

/// What would have made SPF pass. Empty if it did.
[[nodiscard]] std::string advice(const spf::Outcome& outcome, const IpAddress& client, const Limits& limits);

}  // namespace assay::cli
