#pragma once

namespace assay::program {

/// Takes the place of standard input, output and error where whoever started the program closed them, so that reading
/// and writing fail. Else the next file or socket would get the number, and what is written to standard error would
/// reach an MTA, say. Call it first.
void hold_standard_files() noexcept;

}  // namespace assay::program
