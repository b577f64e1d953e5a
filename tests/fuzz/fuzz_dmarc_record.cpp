#include <string>

#include "tests/fuzz/fuzz.h"
#include "verify/dmarc/record.h"

using namespace assay;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  static_cast<void>(dmarc::parse_record(text));
  const auto record = dmarc::parse_record("v=DMARC1;" + std::string(text));
  fuzz::require(record && record->notes.size() <= 10);
  return 0;
}
