#pragma once

#include <string>

#include "policy/names.h"
#include "verify/verdict.h"

namespace assay::milter {

/// Whether DMARC fails for an author in a domain of this site: one that `domains` names (local.domains), or the
/// Organizational Domain that our name in Authentication-Results lies in.
[[nodiscard]] bool fails_as_own(const Verdict& verdict, const policy::NameList& domains,
                                const std::string& authserv_id);

}  // namespace assay::milter
