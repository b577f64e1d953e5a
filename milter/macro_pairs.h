#pragma once

#include <cstddef>
#include <string_view>

namespace assay::milter {

/// Of a packet of macros (its octets after the command: a stage, then texts that each end in a NUL), how many octets
/// are the stage and whole pairs of a name and a value.
[[nodiscard]] std::size_t octets_in_pairs(std::string_view packet) noexcept;

/// Whether libmilter reads its packets through the function of macro_pairs.cpp, which leaves out a last name without a
/// value.
///
/// libmilter (8.17.1) looks for a macro in steps of two through a list that ends in a null pointer. After an odd number
/// of texts it steps over that end, and what it finds there ends the process: one packet of whoever may connect is
/// enough. It reads each packet with mi_rd_cmd(), a function of its own that it exports and calls by name; the function
/// of that name in macro_pairs.cpp takes its place and calls it. Where a libmilter calls it otherwise this is false.
[[nodiscard]] bool reads_macros_in_pairs() noexcept;

}  // namespace assay::milter
