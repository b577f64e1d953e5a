#include "tests/fuzz/fuzz.h"
#include "verify/arc/set.h"
#include "verify/limits.h"

using namespace assay;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  if (const auto results = arc::parse_results(text)) {
    fuzz::require(results->instance >= 1 && results->instance <= arc::kMaxInstance);
  }
  const auto tags = dkim::TagList::parse(text, Limits{}.tags);
  static_cast<void>(arc::read_chain_validation(tags));
  if (const auto instance = arc::read_instance(tags)) {
    fuzz::require(*instance >= 1 && *instance <= arc::kMaxInstance);
  }
  return 0;
}
