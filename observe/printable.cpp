#include "observe/printable.h"

#include "verify/base/escape.h"

namespace assay::observe {

std::string printable(std::string_view text, std::size_t max_octets) {
  const std::string escaped = escape(text, max_octets);
  std::string line;
  line.reserve(escaped.size());
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    line += escaped[i];
    if (escaped[i] == '\\' && i + 1 < escaped.size() && escaped[i + 1] == '\\') {
      ++i;
    }
  }
  return line;
}

}  // namespace assay::observe
