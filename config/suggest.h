#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::config {

/// The word among `known` that `word` was probably meant to be: the nearest by inserted, deleted, changed and swapped
/// letters, where letter case and '-' for '_' cost nothing; nullopt if none is near: at most a third of the letters
/// differ, or the shorter word (four letters or more) begins the longer. "no" is thus not taken for "on". The earlier
/// of two equally near.
[[nodiscard]] std::optional<std::string> suggest(std::string_view word, const std::vector<std::string>& known);

}  // namespace assay::config
