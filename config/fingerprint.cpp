#include "config/fingerprint.h"

#include <cstddef>
#include <cstdint>

#include "config/load.h"
#include "verify/crypto/digest.h"

namespace assay::config {
namespace {

void add_digests(const std::vector<std::string>& digests, std::string& content) {
  for (const std::string& digest : digests) {
    content += "# " + digest + "\n";
  }
}

/// Adds the digests of the files that a condition refers to; its own text has their paths alone.
void add_digests(const policy::Condition& condition, std::string& content) {
  for (const policy::Condition& part : condition.parts) {
    add_digests(part, content);
  }
  if (const auto* const names = std::get_if<policy::NameList>(&condition.values)) {
    add_digests(names->digests(), content);
  } else if (const auto* const networks = std::get_if<policy::NetworkList>(&condition.values)) {
    add_digests(networks->digests, content);
  }
}

}  // namespace

std::string fingerprint(const Settings& settings) {
  constexpr std::size_t kOctets = 6;
  constexpr char kHex[] = "0123456789abcdef";
  std::string content = to_yaml(settings);
  add_digests(settings.local.domains.digests(), content);
  add_digests(settings.policy.trusted_sealers.digests(), content);
  for (const policy::Rule& rule : settings.policy.own) {
    add_digests(rule.when, content);
  }
  const crypto::DigestValue value = crypto::digest(crypto::Hash::Sha256, content);
  std::string text;
  for (const std::uint8_t octet : value.view().first(kOctets)) {
    text += kHex[octet >> 4U];
    text += kHex[octet & 0x0FU];
  }
  return text;
}

}  // namespace assay::config
