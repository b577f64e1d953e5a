#include <random>
#include <string>

#include "config/load.h"
#include "tests/support/catch.h"

namespace assay::config {
namespace {

/// Makes arbitrary configurations that the loader accepts.
class Dice {
 public:
  unsigned below(unsigned count) { return static_cast<unsigned>(engine_() % count); }
  bool flip() { return below(2) == 1; }

  template <class T>
  T pick(const std::vector<T>& values) {
    return values[below(static_cast<unsigned>(values.size()))];
  }
  template <class T>
  std::vector<T> some(const std::vector<T>& values) {
    std::vector<T> chosen;
    for (unsigned i = below(3); i > 0; --i) {
      chosen.push_back(pick(values));
    }
    return chosen;
  }
  policy::NameList some_sealers() {
    policy::NameList names;
    for (const std::string& name : some<std::string>({"lists.example.org", "a_b.c"})) {
      REQUIRE(names.add(name));
    }
    return names;
  }
  policy::Action action() { return static_cast<policy::Action>(below(5)); }
  std::size_t between(std::size_t least, std::size_t most) { return least + engine_() % (most - least + 1); }

  Settings settings() {
    Settings s;
    const std::vector<std::string> ids{"mx.example.net", "MX", "a+b", "xn--bcher-kva.example"};
    s.authserv_id = pick(ids);
    s.authserv_aliases = some(ids);
    s.listen.address = pick<std::string>({"inet:8893@127.0.0.1", "inet6:1@[::1]", "unix:/run/a b/\"c\\d", "fd:3"});
    s.listen.mode = below(01000);
    s.listen.group = pick<std::string>({"", "postfix"});
    if (flip()) {
      s.dns.forward = some<resolver::Forwarder>(
          {{IpAddress::parse("192.0.2.1").value(), 53}, {IpAddress::parse("2001:db8::1").value(), 5353}});
    }
    s.dns.timeout = std::chrono::milliseconds(between(10, 60'000));
    s.dns.message_deadline = std::chrono::milliseconds(between(10, 240'000));
    s.dns.dnssec = flip();
    s.dns.cache_octets = static_cast<std::size_t>(between(1 << 20, 1 << 30));
    s.dns.zones = some<std::string>({"a.zone", "/x y/\"\\", "off", "bücher", "# no comment", "t\tb"});
    const std::vector<IpNetwork> networks{IpNetwork::parse("192.0.2.1").value(), IpNetwork::parse("10.1.2.3/8").value(),
                                          IpNetwork::parse("2001:db8::/32").value(), IpNetwork::parse("::/0").value()};
    s.local.networks = some(networks);
    s.local.skip_authenticated = flip();
    s.local.trusted_authserv = some(networks);
    s.local.domains = some_sealers();
    s.policy.trusted_sealers = some_sealers();
    s.messages = between(1, 100'000);
    s.limits.signatures = between(1, 50);
    s.limits.arc_sets = between(1, 50);
    s.limits.header_octets = between(1024, 16U << 20U);
    s.limits.author_domains = between(1, 100);
    s.limits.rsa_bits_min = static_cast<unsigned>(between(1024, 4096));
    s.limits.rsa_bits_max = static_cast<unsigned>(between(4096, 16384));
    s.policy.mode = flip() ? policy::Mode::Enforce : policy::Mode::Monitor;
    s.policy.allow_discard = true;
    s.policy.mixed_recipients = flip() ? policy::MixedRecipients::Strictest : policy::MixedRecipients::MostLenient;
    s.policy.published = {action(), action(), action()};
    s.policy.indirect = action();
    s.policy.bad_from = action();
    s.policy.temperror = flip() ? policy::Action::Accept : policy::Action::TempFail;
    s.policy.exceeded =
        pick<policy::Action>({policy::Action::Accept, policy::Action::Reject, policy::Action::TempFail});
    s.policy.quarantine.how = static_cast<policy::QuarantineHow>(below(4));
    s.policy.quarantine.name = pick<std::string>({"X-Spam-Flag", "X-\"Odd\"\\#"});
    s.policy.quarantine.value = pick<std::string>({"YES", "off", "null", "0x1F", "a: b # c", "\"\\'{}[]*&!%@`"});
    if (s.policy.quarantine.how == policy::QuarantineHow::Redirect) {
      s.policy.quarantine.to = pick<std::string>({"q@example.net", "a'b{c}@x"});
    }
    s.log.format = flip() ? Log::Format::Text : Log::Format::Json;
    s.log.level = pick<std::string>({"debug", "info", "warn", "error"});
    s.log.target = pick<std::string>({"stderr", "syslog", "journald", "/var/log/\"a\\b: c"});
    s.dmarc.compare_psl = flip();
    s.metrics_listen = pick<std::string>({"", "127.0.0.1:9893", "[::1]:1"});
    s.control = pick<std::string>({"", "unix:/run/assay/control.sock"});
    s.stop_timeout = std::chrono::seconds(between(0, 600));
    return s;
  }

 private:
  std::mt19937 engine_{2045};
};

}  // namespace

TEST_CASE("config/to_yaml: what is written loads as the same settings", "[config][to_yaml][property]") {
  Dice dice;
  for (int i = 0; i < 500; ++i) {
    Settings settings = dice.settings();
    const std::string text = to_yaml(settings);
    CAPTURE(text);
    const Loaded loaded = load_text(text, "f", "other.example");
    REQUIRE(loaded);
    settings.fingerprint = loaded->fingerprint;
    REQUIRE(*loaded == settings);
    REQUIRE(to_yaml(*loaded) == text);
  }
}

TEST_CASE("config/to_yaml: the text of the defaults", "[config][to_yaml][golden]") {
  CHECK(to_yaml(*load_text("", "f", "mx.example.net")) == R"(authserv_id: mx.example.net
authserv_aliases: []
listen: inet:8893@127.0.0.1
socket:
  mode: 0660
  group: off
mode: enforce
dns:
  forward: resolv.conf
  timeout: 5s
  message_deadline: 20s
  dnssec: off
  cache: 16MiB
  zones: []
local:
  networks: [127.0.0.0/8, "::1/128"]
  authenticated: skip
  trusted_authserv: []
  domains: []
arc:
  trusted_sealers: []
dmarc:
  compare_psl: false
limits:
  messages: 1000
  signatures: 8
  arc_sets: 50
  header_bytes: 1MiB
  author_domains: 5
  rsa_bits: [1024, 4096]
  exceeded: reject
policy:
  published:
    reject: reject
    quarantine: quarantine
    none: accept
  indirect: quarantine
  temperror: accept
  bad_from: reject
  quarantine:
    how: header
    name: X-Spam-Flag
    value: "YES"
  allow_discard: false
  mixed_recipients: strictest
  rules: []
log:
  format: text
  level: info
  target: stderr
  redact: off
  sample: 1
metrics:
  listen: 127.0.0.1:9893
control: unix:/run/assay/control.sock
stop_timeout: 30s
)");
}

}  // namespace assay::config
