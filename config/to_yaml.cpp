#include <string_view>

#include "config/load.h"
#include "config/units.h"
#include "verify/base/text.h"

namespace assay::config {
namespace {

/// A text in double quotes. What a file can hold needs two escapes alone: control characters other than HTAB are
/// refused when it is read.
std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
    }
    quoted += c == '\t' ? std::string("\\t") : std::string(1, c);
  }
  return quoted + '"';
}

std::string quote_or_off(std::string_view text) {
  return text.empty() ? "off" : quote(text);
}

template <class T, class Format>
std::string list(const std::vector<T>& values, Format format) {
  std::string text = "[";
  for (const T& value : values) {
    text += (text.size() > 1 ? ", " : "") + format(value);
  }
  return text + "]";
}

std::string format_network(const IpNetwork& network) {
  return quote(network.address.to_string() + "/" + std::to_string(network.prefix_bits));
}

std::string format_server(const resolver::Forwarder& server) {
  constexpr unsigned kUsualPort = 53;
  const std::string address = server.address.to_string();
  return quote(server.port == kUsualPort ? address : address + "@" + std::to_string(server.port));
}

std::string format_mode(unsigned mode) {
  constexpr unsigned kPermissions = 0777;
  constexpr int kOctal = 8;
  std::string digits;
  for (unsigned shift = 9; shift > 0; shift -= 3) {
    digits += static_cast<char>('0' + (((mode & kPermissions) >> (shift - 3)) % kOctal));
  }
  return "0" + digits;
}

}  // namespace

std::string to_yaml(const Settings& s) {
  using policy::to_string;
  const policy::Rules& rules = s.policy;
  std::string text;
  const auto line = [&text](std::string_view key, const std::string& value) {
    text += key;
    text += value.empty() ? ":\n" : ": " + value + "\n";
  };
  line("authserv_id", quote(s.authserv_id));
  line("authserv_aliases", list(s.authserv_aliases, quote));
  line("listen", quote(s.listen.address));
  line("socket", "");
  line("  mode", format_mode(s.listen.mode));
  line("  group", quote_or_off(s.listen.group));
  line("mode", rules.mode == policy::Mode::Enforce ? "enforce" : "monitor");
  line("dns", "");
  line("  forward", s.dns.forward ? list(*s.dns.forward, format_server) : "resolv.conf");
  line("  timeout", format_duration(s.dns.timeout));
  line("  message_deadline", format_duration(s.dns.message_deadline));
  line("  dnssec", s.dns.dnssec ? "on" : "off");
  line("  zones", list(s.dns.zones, quote));
  line("local", "");
  line("  networks", list(s.local.networks, format_network));
  line("  authenticated", s.local.skip_authenticated ? "skip" : "verify");
  line("  trusted_authserv", list(s.local.trusted_authserv, format_network));
  line("arc", "");
  line("  trusted_sealers", list(s.trusted_sealers, [](const Domain& domain) { return quote(domain.str()); }));
  line("dmarc", "");
  line("  compare_psl", s.dmarc.compare_psl ? "true" : "false");
  line("limits", "");
  line("  signatures", std::to_string(s.limits.signatures));
  line("  arc_sets", std::to_string(s.limits.arc_sets));
  line("  header_bytes", format_size(s.limits.header_octets));
  line("  author_domains", std::to_string(s.limits.author_domains));
  line("  rsa_bits", "[" + std::to_string(s.limits.rsa_bits_min) + ", " + std::to_string(s.limits.rsa_bits_max) + "]");
  line("  exceeded", to_string(rules.exceeded));
  line("policy", "");
  line("  published", "");
  line("    reject", to_string(rules.published.reject));
  line("    quarantine", to_string(rules.published.quarantine));
  line("    none", to_string(rules.published.none));
  line("  indirect", to_string(rules.indirect));
  line("  temperror", to_string(rules.temperror));
  line("  bad_from", to_string(rules.bad_from));
  line("  quarantine", "");
  line("    how", to_string(rules.quarantine.how));
  line("    name", quote(rules.quarantine.name));
  line("    value", quote(rules.quarantine.value));
  if (rules.quarantine.how == policy::QuarantineHow::Redirect) {
    line("    to", quote(rules.quarantine.to));
  }
  line("  rules", "[]");
  line("log", "");
  line("  format", s.log.format == Log::Format::Json ? "json" : "text");
  line("  level", s.log.level);
  line("  target", quote(s.log.target));
  line("metrics", "");
  line("  listen", quote_or_off(s.metrics_listen));
  line("control", quote_or_off(s.control));
  line("stop_timeout", format_duration(s.stop_timeout));
  return text;
}

}  // namespace assay::config
