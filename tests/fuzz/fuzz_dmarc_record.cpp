#include <algorithm>
#include <string>

#include "tests/fuzz/fuzz.h"
#include "verify/base/text.h"
#include "verify/dmarc/record.h"

using namespace assay;

namespace {

bool is_same(const dmarc::Record& a, const dmarc::Record& b) {
  return a.policy == b.policy && a.subdomain_policy == b.subdomain_policy &&
         a.nonexistent_policy == b.nonexistent_policy && a.has_invalid_policy == b.has_invalid_policy &&
         a.percent == b.percent && a.strict_dkim == b.strict_dkim && a.strict_spf == b.strict_spf &&
         a.public_suffix == b.public_suffix && a.testing == b.testing && a.aggregate_uris == b.aggregate_uris &&
         a.failure_uris == b.failure_uris;
}

}  // namespace

/// Input: a record, with or without its version.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::as_text(data, size));
  const auto as_is = dmarc::parse_record(text);
  // RFC 9989 section 4.8: the version is in that letter case, the name of its tag need not be.
  fuzz::require(!as_is || text.find("DMARC1") != std::string::npos);
  const auto record = dmarc::parse_record("v=DMARC1;" + text);
  fuzz::require(record && record->notes.size() <= 10 && record->text == "v=DMARC1;" + text);
  fuzz::require(record->percent.value_or(0) <= 100);
  fuzz::require(!record->has_invalid_subdomain_policy || record->has_invalid_policy);
  fuzz::require(record->failure_options == to_lower(record->failure_options));
  // Of a repeated tag the first counts, and what is unknown says nothing.
  const auto repeated = dmarc::parse_record("v=DMARC1;" + text + ";" + text + ";zz=1");
  fuzz::require(repeated && is_same(*repeated, *record));
  // Several records are none (section 4.10.1).
  dns::Answer answer;
  answer.status = dns::Status::Found;
  answer.texts = {text, "junk"};
  fuzz::require(dmarc::records_of(answer).records == (as_is ? 1U : 0U) &&
                dmarc::records_of(answer).only.has_value() == as_is.has_value());
  dns::Answer two = answer;
  two.texts.push_back("v=DMARC1; p=none");
  fuzz::require(dmarc::records_of(two).only.has_value() == !as_is.has_value());
  return 0;
}
