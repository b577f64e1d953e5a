#include <string>

#include "tests/fuzz/fuzz.h"
#include "verify/authres/encode.h"
#include "verify/authres/parse.h"
#include "verify/base/text.h"

using namespace assay;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  const std::string our_id = "mx.example.net";
  // A field that is read as ours is removed.
  if (const auto parsed = authres::parse(text); parsed && iequals(parsed->authserv_id, our_id)) {
    fuzz::require(authres::must_remove(text, {our_id}));
  }
  // Whatever is written stands in one property of one result.
  for (const auto charset : {authres::Charset::Ascii, authres::Charset::Utf8}) {
    const auto written = authres::parse(our_id + "; dkim=fail (" + authres::encode(text, charset) +
                                        ") header.i=" + authres::encode_identity(text, charset) +
                                        " header.s=" + authres::encode_value(text, charset) +
                                        " header.b=" + authres::encode_quoted(text, charset) + "; spf=none");
    fuzz::require(written && written->results.size() == 2 && written->results.front().properties.size() == 3);
  }
  return 0;
}
