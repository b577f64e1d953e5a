#include <algorithm>
#include <string>

#include "tests/fuzz/fuzz.h"
#include "verify/base/text.h"
#include "verify/dkim/header_hash.h"
#include "verify/dkim/signature.h"
#include "verify/dkim/tag_list.h"
#include "verify/dkim/verify.h"
#include "verify/dns/answer.h"

using namespace assay;

/// Input: the value of a DKIM-Signature field.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Limits limits;
  message::HeaderBlock headers;
  headers.add("From", " a@example.com");
  headers.add("DKIM-Signature", fuzz::as_text(data, size));
  const std::string value(headers[1].value);
  const auto signature = dkim::parse_signature(value, limits);
  if (!signature) {
    fuzz::require(signature.error().reason != dkim::Reason::None);
    return 0;
  }
  fuzz::require(dns::is_askable(dkim::key_question(*signature).name));
  fuzz::require(signature->domain->label_count() > 1 && signature->identity_domain->is_within(*signature->domain));
  fuzz::require(!signature->signature.empty() && !signature->body_hash.empty());
  fuzz::require(signature->signed_headers.size() <= limits.signed_header_names);
  fuzz::require(std::any_of(signature->signed_headers.begin(), signature->signed_headers.end(),
                            [](const std::string& name) { return iequals(name, "From"); }));

  std::string hashed;
  const auto hash = dkim::header_hash(*signature, headers, 1, &hashed);
  fuzz::require(hash == crypto::digest(signature->hash, hashed) && !hashed.ends_with("\r\n"));
  // RFC 6376 section 3.7: what is signed does not depend on the signature ...
  const auto tags = dkim::TagList::parse(value, limits.tags);
  const auto b = tags.find("b").value();
  const auto offset = static_cast<std::size_t>(b.data() - value.data());
  message::HeaderBlock others;
  others.add("From", " a@example.com");
  others.add("DKIM-Signature", value.substr(0, offset) + " QUFB\r\n QUFB " + value.substr(offset + b.size()));
  const auto other = dkim::parse_signature(others[1].value, limits);
  fuzz::require(other && dkim::header_hash(*other, others, 1) == hash);
  // ... nor on a field of which h= says nothing, and on From always.
  headers.add("X-Nobody-Signs-This", " x");
  fuzz::require(dkim::header_hash(*signature, headers, 1) == hash ||
                std::any_of(signature->signed_headers.begin(), signature->signed_headers.end(),
                            [](const std::string& name) { return iequals(name, "X-Nobody-Signs-This"); }));
  message::HeaderBlock forged;
  forged.add("From", " b@example.com");
  forged.add("DKIM-Signature", value);
  fuzz::require(dkim::header_hash(*signature, forged, 1) != hash);
  return 0;
}
