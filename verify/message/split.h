#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "verify/base/parsed.h"

namespace assay::message {

/// A stored message cut in header fields and body, for tools that read files. Fields are (name, value): name with the
/// WSP that may stand before the colon (an MTA drops that), value with its leading space, folds as CRLF.
struct SplitMessage {
  struct Field {
    std::string name;
    std::string value;
  };
  std::vector<Field> fields;
  std::string body;  ///< CRLF line ends.
};

/// Turns every line end (CRLF or LF) into CRLF and cuts at the first empty line. A leading mbox "From " line is
/// skipped. A line in the header that is no field ends the header as Postfix would: the rest is body.
[[nodiscard]] SplitMessage split(std::string_view text);

}  // namespace assay::message
