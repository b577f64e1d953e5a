#include <string>

#include "config/load.h"
#include "tests/fuzz/fuzz.h"

using namespace assay;

/// What is before the first NUL is the configuration, the rest every file that it refers to.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = fuzz::as_text(data, size);
  const auto end = input.find('\0');
  const std::string text(input.substr(0, end));
  const std::string names(end == std::string_view::npos ? std::string_view() : input.substr(end + 1));
  const auto read = [&names](const std::string& /*path*/, std::size_t most) -> Parsed<std::string> {
    return names.substr(0, most + 1);
  };
  const auto loaded = config::load_text(text, "/etc/assay/assay.yaml", "mx.example.net", read);
  if (!loaded) {
    for (const config::Problem& problem : loaded.error()) {
      static_cast<void>(config::to_string(problem));
    }
    return 0;
  }
  // What is accepted can be printed, and means the same then.
  const auto again = config::load_text(config::to_yaml(*loaded), "/etc/assay/assay.yaml", "mx.example.net", read);
  fuzz::require(again && *again == *loaded);
  return 0;
}
