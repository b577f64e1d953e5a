#include "milter/internal_error.h"

#include <array>
#include <cstdio>
#include <exception>

#include "observe/log.h"

namespace assay::milter {

void report_internal_error(const char* where) noexcept {
  constexpr std::size_t kMaxOctets = 512;
  std::array<char, kMaxOctets> text{};
  try {
    throw;
  } catch (const std::exception& error) {
    static_cast<void>(std::snprintf(text.data(), text.size(), "internal error in %s: %s", where, error.what()));
  } catch (...) {
    static_cast<void>(std::snprintf(text.data(), text.size(), "internal error in %s", where));
  }
  observe::log_error(text.data());
}

}  // namespace assay::milter
