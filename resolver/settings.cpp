#include "resolver/settings.h"

#include <charconv>
#include <system_error>

namespace assay::resolver {

Parsed<Forwarder> parse_forwarder(std::string_view text) {
  constexpr unsigned kMaxPort = 65535;
  const std::size_t at = text.find('@');
  const auto address = IpAddress::parse(text.substr(0, at));
  if (!address) {
    return failure(address.error());
  }
  Forwarder forwarder{*address};
  if (at == std::string_view::npos) {
    return forwarder;
  }
  const std::string_view digits = text.substr(at + 1);
  const char* const end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, forwarder.port);
  // from_chars takes no sign for an unsigned, no blanks and no base prefix; an overflow is an error.
  if (error != std::errc{} || stopped != end || forwarder.port == 0 || forwarder.port > kMaxPort) {
    return parse_error("port is not a number from 1 to 65535", at + 1);
  }
  return forwarder;
}

}  // namespace assay::resolver
