#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay::resolver {

// A name in DNS wire format (RFC 1035 section 3.1) without compression, ASCII letters in lower case: each label after
// its length octet, then a zero octet. Two names are the same if and only if these octets are.

/// `name` as in dns::Question, and askable.
[[nodiscard]] std::string to_wire(std::string_view name);

/// The name as dns::Question has it; empty for the root. nullopt if a label holds a '.', which that form cannot say,
/// or if the octets are no name.
[[nodiscard]] std::optional<std::string> from_wire(std::string_view wire);

/// `wire` in lower case; label lengths are below 64 and so no letters.
[[nodiscard]] std::string fold_case(std::string_view wire);

/// The name above `wire`; empty for the root, which has none.
[[nodiscard]] std::string_view parent_of(std::string_view wire);

/// Whether `wire` is `ancestor` or below it. Both in lower case.
[[nodiscard]] bool is_within(std::string_view wire, std::string_view ancestor);

/// `name`, as in dns::Question, in the presentation format of RFC 1035 section 5.1: every octet but letters, digits,
/// '-' and '_' becomes \DDD, and the name ends in a dot.
[[nodiscard]] std::string to_presentation(std::string_view name);

}  // namespace assay::resolver
