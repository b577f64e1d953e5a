#include "tests/differential/spf_case.h"

#include <stdexcept>

namespace assay::test {
namespace {

/// The reverse of octets_as_text: of UTF-8, only one octet, or two that begin with C2 or C3.
std::string text_as_octets(const std::string& text) {
  std::string octets;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      octets += text[i];
    } else if ((c == 0xC2 || c == 0xC3) && i + 1 < text.size()) {
      octets += static_cast<char>(((c & 0x03U) << 6U) | (static_cast<unsigned char>(text[++i]) & 0x3FU));
    } else {
      throw std::invalid_argument("a character above U+00FF stands for no octet");
    }
  }
  return octets;
}

}  // namespace

SpfCase read_spf_case(const std::string& line) {
  const auto json = nlohmann::json::parse(line);
  SpfCase spf_case;
  spf_case.client = json.at("client");
  spf_case.helo = text_as_octets(json.at("helo"));
  if (!json.at("mail_from").is_null()) {
    spf_case.mail_from = text_as_octets(json.at("mail_from"));
  }
  spf_case.receiver = json.at("receiver");
  spf_case.zone = json.at("zone");
  return spf_case;
}

std::string octets_as_text(const std::string& octets) {
  std::string text;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xC0U | (octet >> 6U));
      text += static_cast<char>(0x80U | (octet & 0x3FU));
    }
  }
  return text;
}

}  // namespace assay::test
