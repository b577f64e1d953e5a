#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "verify/base/time.h"

namespace assay::observe {

/// What became of a reload.
enum class Reload : std::uint8_t {
  Done,     ///< What was read is in force.
  Partly,   ///< It is but for its log, which cannot be opened: the one before stays in use.
  Refused,  ///< What was read is invalid: the configuration before it stays in force.
  Failed,   ///< Something broke. The fingerprint tells which configuration is in force.
};
[[nodiscard]] constexpr const char* to_string(Reload outcome) noexcept {
  switch (outcome) {
    case Reload::Done: return "done";
    case Reload::Partly: return "partly";
    case Reload::Refused: return "refused";
    case Reload::Failed: return "failed";
  }
  return "";
}

/// The last attempt to read the configuration again.
struct LastReload {
  Time time{};
  Reload outcome = Reload::Done;
  std::vector<std::string> problems;  ///< In words with the remedy.
};

}  // namespace assay::observe
