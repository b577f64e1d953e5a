#include <algorithm>
#include <string>

#include "resolver/settings.h"
#include "resolver/unbound_config.h"
#include "tests/fuzz/fuzz.h"
#include "verify/base/base64.h"
#include "verify/base/escape.h"
#include "verify/base/ip_address.h"
#include "verify/base/text.h"
#include "verify/dns/answer.h"

using namespace assay;

namespace {

void check_address(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) {
    fuzz::require(IpAddress::parse(address->to_string()) == *address && dns::is_askable(address->reverse_name()));
    const auto whole = IpNetwork::parse(address->to_string());
    fuzz::require(whole && whole->contains(*address));
  }
  if (const auto network = IpNetwork::parse(text)) {
    fuzz::require(network->contains(network->address) &&
                  network->prefix_bits <= (network->address.is_v4() ? 32U : 128U));
    const auto again = IpNetwork::parse(network->address.to_string() + "/" + std::to_string(network->prefix_bits));
    fuzz::require(again == *network);
  }
  if (const auto forwarder = resolver::parse_forwarder(text)) {
    fuzz::require(forwarder->port >= 1 && forwarder->port <= 65535);
    fuzz::require(resolver::parse_forwarder(resolver::to_unbound(*forwarder)) == *forwarder);
  }
}

void check_escape(std::string_view text, std::size_t most) {
  const std::string escaped = escape(text, most);
  fuzz::require(is_utf8(escaped) && std::none_of(escaped.begin(), escaped.end(), [](char c) { return is_control(c); }));
  fuzz::require(escaped.size() <= 4 * most + 3);
  std::string back;
  fuzz::require(unescape(escaped, back));
  if (text.size() <= most) {
    fuzz::require(back == text);
  } else {
    fuzz::require(back.ends_with("...") && text.starts_with(back.substr(0, back.size() - 3)) && may_be_cut(back, most));
  }
}

}  // namespace

/// Input: text of any kind.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::as_text(data, size);
  check_address(text);
  check_escape(text, text.size());
  check_escape(text, text.size() / 2 + 4);
  std::string any;
  if (unescape(text, any)) {
    fuzz::require(any.size() <= text.size());
  }
  if (const auto octets = decode_base64(text)) {
    const auto again = decode_base64(encode_base64(*octets));
    fuzz::require(again && *again == *octets && octets->size() <= text.size());
  }
  const auto encoded = encode_base64({data, size});
  const auto decoded = decode_base64(encoded);
  fuzz::require(decoded && std::equal(decoded->begin(), decoded->end(), data, data + size));

  // resolv.conf(5): never no server, and each is an address.
  const auto servers = resolver::servers_of_resolv_conf(text);
  fuzz::require(!servers.empty());
  for (const std::string& server : servers) {
    fuzz::require(server.find_first_of("\"\r\n ") == std::string::npos);
  }
  return 0;
}
