#include <string>

#include "tests/fuzz/fuzz.h"
#include "verify/authres/encode.h"
#include "verify/authres/parse.h"
#include "verify/base/domain.h"
#include "verify/base/text.h"

using namespace assay;

/// Input: the value of an Authentication-Results field, or text that goes into one.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  const std::string our_id = "mx.example.net";
  const bool is_removed = authres::must_remove(text, {our_id});
  if (const auto parsed = authres::parse(text)) {
    fuzz::require(parsed->version == 1 && parsed->results.size() <= 100);
    // A field that is read as ours is removed; one that is kept names somebody else, who may remove it.
    fuzz::require(is_removed || !iequals(parsed->authserv_id, our_id));
    fuzz::require(!Domain::parse(parsed->authserv_id) || authres::must_remove(text, {parsed->authserv_id}));
    for (const authres::Result& result : parsed->results) {
      fuzz::require(!result.method.empty() && result.method == to_lower(result.method) &&
                    result.result == to_lower(result.result) && result.properties.size() <= 20);
    }
  }
  // Who has more names removes no less; results behind the name do not save a field that is ours.
  fuzz::require(!is_removed || authres::must_remove(text, {"other.example", our_id}));
  fuzz::require(authres::must_remove(our_id + ";" + std::string(text), {our_id}));
  fuzz::require(authres::must_remove(our_id + "\t1 ;" + std::string(text), {our_id}));
  // Whatever is written stands in one property of one result.
  for (const auto charset : {authres::Charset::Ascii, authres::Charset::Utf8}) {
    const std::string encoded = authres::encode(text, charset);
    fuzz::require(encoded.size() <= authres::kMaxValueOctets && authres::encode(encoded, charset) == encoded);
    fuzz::require(encoded.find_first_of("\"\\;=()\r\n") == std::string::npos);
    const auto written =
        authres::parse(our_id + "; dkim=fail (" + encoded + ") header.i=" + authres::encode_identity(text, charset) +
                       " header.s=" + authres::encode_value(text, charset) +
                       " header.b=" + authres::encode_quoted(text, charset) + "; spf=none");
    fuzz::require(written && written->results.size() == 2 && written->results.front().properties.size() == 3);
    fuzz::require(written->results.front().result == "fail" && written->results.back().method == "spf");
  }
  return 0;
}
