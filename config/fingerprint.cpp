#include "config/fingerprint.h"

#include <cstddef>
#include <cstdint>

#include "config/load.h"
#include "verify/crypto/digest.h"

namespace assay::config {

std::string fingerprint(const Settings& settings) {
  constexpr std::size_t kOctets = 6;
  constexpr char kHex[] = "0123456789abcdef";
  const crypto::DigestValue value = crypto::digest(crypto::Hash::Sha256, to_yaml(settings));
  std::string text;
  for (const std::uint8_t octet : value.view().first(kOctets)) {
    text += kHex[octet >> 4U];
    text += kHex[octet & 0x0FU];
  }
  return text;
}

}  // namespace assay::config
