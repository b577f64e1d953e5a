#include "tests/fuzz/fuzz.h"
#include "verify/dkim/header_hash.h"
#include "verify/dkim/signature.h"
#include "verify/dkim/verify.h"
#include "verify/dns/answer.h"

using namespace assay;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  message::HeaderBlock headers;
  headers.add("From", " a@example.com");
  headers.add("DKIM-Signature", fuzz::as_text(data, size));
  if (const auto signature = dkim::parse_signature(headers[1].value, Limits{})) {
    fuzz::require(dns::is_askable(dkim::key_question(*signature).name));
    fuzz::require(signature->domain->label_count() > 1 && signature->identity_domain->is_within(*signature->domain));
    static_cast<void>(dkim::header_hash(*signature, headers, 1));
  }
  return 0;
}
