#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/input.h"
#include "verify/verdict.h"

namespace assay::cli {

/// One file of --dump-canonical, or a signature of which nothing was hashed.
struct DumpLine {
  std::string name;  ///< "dkim-1.body", "arc-2-ams.header", "arc-2-seal.header": never from the mail.
  std::size_t octets = 0;
  std::string sha256;  ///< Base64, as in bh=; empty if nothing was written.
  std::string note;    ///< Whether bh= says the same, or why there is no file. Escaped.
};

/// A folder that takes the octets that were hashed: new (it is made, for its owner alone), or empty.
[[nodiscard]] Input<std::string> open_dump_folder(const std::string& path);

/// Writes the octets that each signature's hashes cover: header fields as canonicalized for b= (of a seal, the ARC
/// sets), and the canonical body as far as l= goes. `verdict` carries traces; `body` is the message's. Signatures are
/// numbered as in the verdict, ARC sets by instance. No file is ever overwritten.
[[nodiscard]] Input<std::vector<DumpLine>> dump_canonical(const std::string& folder, const Verdict& verdict,
                                                          std::string_view body);

/// The index for people, a line for each DumpLine.
[[nodiscard]] std::string to_text(const std::vector<DumpLine>& lines, const std::string& folder);

}  // namespace assay::cli
