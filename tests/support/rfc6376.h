#pragma once

#include <string>
#include <string_view>

namespace assay::test {

// The canonical forms of RFC 6376 section 3.4, of a whole text at once and in the steps in which the RFC tells them:
// what the engine's, which work on a stream, are compared with.

/// Sections 3.4.3 and 3.4.4.
[[nodiscard]] std::string simple_body(const std::string& body);
[[nodiscard]] std::string relaxed_body(const std::string& body);

/// Section 3.4.2, without the CRLF at the end. Section 3.4.1, simple, is the field as it is.
[[nodiscard]] std::string relaxed_field(std::string_view name, std::string_view value);

}  // namespace assay::test
