#pragma once

#include <string_view>
#include <vector>

#include "policy/decision.h"
#include "policy/facts.h"
#include "verify/verdict.h"

namespace assay::policy {

/// Looks for evidence that a message whose DMARC check fails came by an indirect way: the "other knowledge and
/// analysis" that RFC 9989 section 7.4 asks for before a message is rejected on p=reject. In a fixed order, without
/// repetition. A forger can imitate each of them and gains no more than quarantine: none of it ever leads to
/// acceptance.
[[nodiscard]] std::vector<Indirect> find_indirect(const Verdict& verdict, const Facts& facts);

/// The tag of the Sender Rewriting Scheme and its separator at the start of a reverse-path: "SRS0=", "srs1+"; empty if
/// it was not rewritten. SRS0 or SRS1, in any case since some hosts fold it. The local part may be quoted (RFC 5321
/// section 4.1.2), which changes nothing.
[[nodiscard]] std::string_view srs_tag(std::string_view mail_from) noexcept;

}  // namespace assay::policy
