#pragma once

#include <memory>
#include <string>

#include "verify/base/parsed.h"
#include "verify/dmarc/public_suffixes.h"

namespace assay::resolver {

/// The list of Debian's package publicsuffix, which its updates keep current. The one that is built into libpsl is as
/// old as libpsl, so it is never taken in its place.
inline constexpr const char* kPublicSuffixFile = "/usr/share/publicsuffix/public_suffix_list.dafsa";

/// Reads a public suffix list: the text of publicsuffix.org, or its compiled form (DAFSA). Both of its parts count, the
/// suffixes of registries and those of private companies, as other implementations of RFC 7489 have it; a name whose
/// top level is not on the list is below a public suffix of one label. The error says in words what is wrong and how to
/// mend it; a file without the suffix "com" is not taken for a list.
[[nodiscard]] Parsed<std::shared_ptr<const dmarc::PublicSuffixes>, std::string> load_public_suffixes(
    const std::string& path = kPublicSuffixFile);

}  // namespace assay::resolver
