#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace assay::test {

/// One case as spf_compare.py writes it, one JSON object a line. Text from mail is JSON text whose characters U+0000 to
/// U+00FF stand for octets.
struct SpfCase {
  std::string client;
  std::string helo;
  std::optional<std::string> mail_from;  ///< Without angle brackets; absent for the HELO identity.
  std::string receiver;
  std::string zone;  ///< As FakeResolver reads it.
};

/// Throws on anything but such an object.
[[nodiscard]] SpfCase read_spf_case(const std::string& line);

/// JSON text in which U+0000 to U+00FF stand for the octets.
[[nodiscard]] std::string octets_as_text(const std::string& octets);

}  // namespace assay::test
