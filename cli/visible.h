#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::cli {

/// Octets made visible, a line for each line of them: CR, LF and HTAB as \r, \n and \t, a space that is easily
/// overlooked (at either end of a line, or beside white space) as \x20, a backslash as \\, and all else that escape()
/// changes as it changes it. What comes out tells every octet that went in.
[[nodiscard]] std::vector<std::string> visible_lines(std::string_view octets);

}  // namespace assay::cli
