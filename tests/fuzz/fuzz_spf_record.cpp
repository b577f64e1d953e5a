#include <string>

#include "tests/fuzz/fuzz.h"
#include "verify/spf/macro.h"
#include "verify/spf/record.h"

using namespace assay;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  if (const auto record = spf::parse_record("v=spf1 " + std::string(text))) {
    fuzz::require(record->directives.size() <= spf::kMaxTerms);
  }
  spf::MacroValues values;
  values.sender = values.local_part = values.helo = text;
  values.domain = values.sender_domain = "example.com";
  if (const auto spec = spf::parse_domain_spec(text)) {
    static_cast<void>(spf::expand_domain(*spec, values));
  }
  if (const auto explanation = spf::parse_macro_string(text, spf::MacroPlace::Explanation)) {
    fuzz::require(spf::expand_text(*explanation, values, 500).size() <= 500);
  }
  return 0;
}
