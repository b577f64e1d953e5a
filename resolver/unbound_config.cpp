#include "resolver/unbound_config.h"

#include <net/if.h>

#include <algorithm>
#include <chrono>

#include "resolver/unbound.h"
#include "verify/base/text.h"

namespace assay::resolver {
namespace {

using std::chrono::milliseconds;

/// The next word of `line`, taken off it.
std::string_view next_word(std::string_view& line) {
  line = trim_wsp(line);
  const std::string_view word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

/// ADDRESS or, for a link-local server, ADDRESS%INTERFACE, whose name libunbound wants as a number.
std::string server_address(std::string_view word) {
  const std::size_t percent = word.find('%');
  if (!IpAddress::parse(word.substr(0, percent))) {
    return {};
  }
  if (percent == std::string_view::npos) {
    return std::string(word);
  }
  const unsigned index = if_nametoindex(std::string(word.substr(percent + 1)).c_str());
  return index == 0 ? std::string{} : std::string(word.substr(0, percent + 1)) + std::to_string(index);
}

/// See unbound_config.
milliseconds packet_interval(milliseconds timeout) {
  constexpr int kShare = 6;
  constexpr milliseconds kMin{50};
  constexpr milliseconds kMax{2000};
  return std::clamp(timeout / kShare, kMin, kMax);
}

}  // namespace

std::vector<std::string> servers_of_resolv_conf(std::string_view text) {
  std::vector<std::string> servers;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (next_word(line) != "nameserver") {
      continue;
    }
    if (std::string address = server_address(next_word(line)); !address.empty()) {
      servers.push_back(std::move(address));
    }
  }
  if (servers.empty()) {
    servers.emplace_back("127.0.0.1");
  }
  return servers;
}

std::string to_unbound(const Forwarder& forwarder) {
  return forwarder.address.to_string() + "@" + std::to_string(forwarder.port);
}

std::size_t udp_sockets(std::size_t max_files) noexcept {
  constexpr std::size_t kShare = 4;
  constexpr std::size_t kMin = 16;
  return std::clamp(max_files / kShare, kMin, kMaxInFlight);
}

std::string unbound_config(const Settings& settings, const std::vector<std::string>& servers, std::size_t sockets) {
  std::string text = "server:\n";
  const auto option = [&text](std::string_view name, std::string_view value) {
    text.append("  ").append(name).append(": ").append(value).append("\n");
  };
  option("module-config", settings.dnssec ? "\"validator iterator\"" : "\"iterator\"");
  if (settings.dnssec) {
    option("trust-anchor-file", "\"" + settings.trust_anchor + "\"");
    // A zone that was mended is believed again soon.
    option("val-bogus-ttl", "5");
  }
  option("serve-expired", "no");
  // The order of records is the server's, not one that changes with each look.
  option("rrset-roundrobin", "no");
  option("outgoing-range", std::to_string(sockets));
  option("outgoing-num-tcp", "64");
  // A connection that brought an answer waits for the next question. A minute, the default, would hold up to 64 files
  // after one burst of large answers, and the next burst would ask over connections whose other end may be gone.
  option("tcp-reuse-timeout", "3000");
  option("num-queries-per-thread", "4096");
  if (servers.empty()) {
    // Whoever names 127.0.0.1 as the server of his zone does not get our own host asked.
    option("do-not-query-localhost", "yes");
    return text;
  }
  // A question goes out in pairs: libunbound waits twice as long as it thinks the server needs, then twice with that
  // time doubled unless other answers came meanwhile, outbound-msg-retry pairs in all. From a forwarder that knows most
  // answers at once it would think that 50 ms are enough, and give up before a forwarder that has to ask on is done.
  // So the least time is set here: six of them make our own time-out. Alone, packets go out at 0, 1, 2, 4, 6 and 10
  // units and the question is given up at 14.
  option("infra-cache-min-rtt", std::to_string(packet_interval(settings.timeout).count()));
  option("unknown-server-time-limit", std::to_string(packet_interval(settings.timeout).count()));
  option("outbound-msg-retry", "3");
  // A server that is silent often enough is not asked any more, and a forwarder is silent about a name, too, whose
  // servers are. What libunbound holds against it is forgotten after this many seconds, so that answers resume soon.
  // (A low infra-cache-max-rtt looks right and is not: a server that reaches it is not asked at all. What outlasts an
  // outage all the same, the long time-outs of the questions under way, goes with the context: Engine::start_afresh.)
  option("infra-keep-probing", "yes");
  option("infra-host-ttl", "3");
  // What private networks name is for the forwarder to say, not for a list inside libunbound.
  option("do-not-query-localhost", "no");
  option("unblock-lan-zones", "yes");
  option("insecure-lan-zones", "yes");
  option("local-zone", "\"test.\" nodefault");
  option("local-zone", "\"home.arpa.\" nodefault");
  text += "forward-zone:\n";
  option("name", "\".\"");
  for (const std::string& server : servers) {
    option("forward-addr", server);
  }
  // The one cache is ours: libunbound would hold a SERVFAIL for 5 s after the server is well again.
  option("forward-no-cache", "yes");
  return text;
}

}  // namespace assay::resolver
