#include "resolver/parsed_octets.h"

#include <algorithm>
#include <string_view>

#include "verify/base/text.h"

namespace assay::resolver {
namespace {

// Measured with glibc's malloc and OpenSSL 3.0, rounded up; tests/resolver/parsed_octets_test.cpp measures again, and
// tries what costs most for its length.
constexpr std::size_t kSpfNode = 256;    ///< The memo's node, which also tells that there is no record.
constexpr std::size_t kSpfError = 128;   ///< What is wrong with the record, in words.
constexpr std::size_t kSpfTerm = 80;     ///< A directive in its vector.
constexpr std::size_t kSpfTarget = 160;  ///< The macro-string of a term that has one, with its text.
constexpr std::size_t kSpfMacro = 128;   ///< A macro and the text behind it, where the vector is half empty.
constexpr std::size_t kDmarcNode = 256;  ///< As kSpfNode.
constexpr std::size_t kDmarcItem = 112;  ///< A URI, or a note about a tag, where the vector is half empty.
constexpr std::size_t kKeySet = 256;     ///< The memo's node, the vector, what is wrong with a record.
constexpr std::size_t kKey = 1100;       ///< A key of no bits, with its context.
/// Octets of OpenSSL's numbers for one octet of base64: modulus, the same in Montgomery's form and its square.
constexpr std::size_t kKeyPerOctet = 3;

std::size_t count(std::string_view text, char c) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), c));
}

std::size_t spf_octets(std::string_view text) {
  const std::size_t targets = count(text, ':') + count(text, '=');
  return kSpfError + text.size() + kSpfTerm * count(text, ' ') + kSpfTarget * targets + kSpfMacro * count(text, '%');
}

std::size_t dmarc_octets(std::string_view text) {
  // Each URI and each tag has text of its own, besides the text of the whole.
  return 2 * text.size() + kDmarcItem * (1 + count(text, ',') + count(text, ';'));
}

std::size_t key_octets(std::string_view text) {
  return kKey + kKeyPerOctet * text.size();
}

}  // namespace

std::size_t parsed_octets(const dns::Question& question, const dns::Answer& answer) noexcept {
  if (question.type != dns::Type::TXT || answer.status != dns::Status::Found) {
    return 0;
  }
  const bool holds_keys = question.name.find("._domainkey.") != std::string::npos;
  const bool holds_policy = question.name.starts_with("_dmarc.");
  // An SPF record may stand anywhere: an include may lead to any name.
  std::size_t octets = kSpfNode + (holds_policy ? kDmarcNode : 0) + (holds_keys ? kKeySet : 0);
  for (const std::string& text : answer.texts) {
    octets += istarts_with(text, "v=spf1") ? spf_octets(text) : 0;
    octets += holds_policy && istarts_with(text, "v") ? dmarc_octets(text) : 0;
    octets += holds_keys ? key_octets(text) : 0;
  }
  return octets;
}

}  // namespace assay::resolver
