#pragma once

#include <string>
#include <string_view>

namespace assay::cli {

/// An Authentication-Results value that stands on one line, as decision records hold it, in the lines that it has in
/// the message (authres::format): each result begins one, and none is longer than 78 octets where a word is not.
[[nodiscard]] std::string fold_field(std::string_view value);

}  // namespace assay::cli
