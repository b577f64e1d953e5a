#include <span>

#include "tests/fuzz/fuzz.h"
#include "verify/dkim/key.h"

using namespace assay;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto key = dkim::parse_key(fuzz::as_text(data, size));
  fuzz::require(!key || key->key != nullptr);
  if (key) {
    static_cast<void>(
        key->key->verify(crypto::Hash::Sha256, crypto::digest(crypto::Hash::Sha256, "x"), std::span(data, size)));
  }
  return 0;
}
