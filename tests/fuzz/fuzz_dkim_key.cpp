#include <span>
#include <string>

#include "tests/fuzz/fuzz.h"
#include "verify/base/base64.h"
#include "verify/dkim/key.h"
#include "verify/dkim/tag_list.h"

using namespace assay;

/// Input: the text of a key record.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::as_text(data, size));
  const auto key = dkim::parse_key(text);
  // Several records at one selector: those that are keys are kept, up to the bound.
  const auto keys = dkim::parse_keys({text, "junk", text, text, text});
  if (!key) {
    fuzz::require(key.error().reason == dkim::Reason::KeySyntax || key.error().reason == dkim::Reason::KeyRevoked ||
                  key.error().reason == dkim::Reason::KeyMismatch);
    fuzz::require(keys.records.empty() && keys.error.reason != dkim::Reason::None);
    return 0;
  }
  fuzz::require(keys.records.size() == Limits::kKeyRecords);
  fuzz::require(key->key != nullptr);  // Its h= may allow no hash that we know (RFC 6376 section 3.6.1).
  const auto tags = dkim::TagList::parse(text, Limits::kKeyTags);
  fuzz::require(!tags.error() && !decode_base64(tags.find("p").value()).value().empty());
  // No octets are a signature of a key whose owner signed nothing.
  fuzz::require(
      !key->key->verify(crypto::Hash::Sha256, crypto::digest(crypto::Hash::Sha256, "x"), std::span(data, size)));
  fuzz::require(!key->key->verify(crypto::Hash::Sha256, crypto::digest(crypto::Hash::Sha256, "x"), {}));
  return 0;
}
