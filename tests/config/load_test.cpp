#include "config/load.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "config/node.h"
#include "tests/support/catch.h"

namespace assay::config {
namespace {

Settings load(const std::string& text) {
  const Loaded loaded = load_text(text, "test.yaml", "mx.example.net");
  if (!loaded) {
    for (const Problem& problem : loaded.error()) {
      FAIL_CHECK(to_string(problem));
    }
    return {};
  }
  return *loaded;
}

IpNetwork network(const char* text) {
  return IpNetwork::parse(text).value();
}

std::vector<std::string> problems(const Loaded& loaded) {
  std::vector<std::string> lines;
  if (!loaded) {
    for (const Problem& problem : loaded.error()) {
      lines.push_back(to_string(problem));
    }
  }
  return lines;
}

}  // namespace

TEST_CASE("config/load: an empty file gives the defaults", "[config][load]") {
  const Settings settings = load("");
  Settings expected;
  expected.authserv_id = "mx.example.net";
  expected.local.networks = {network("127.0.0.0/8"), network("::1")};
  expected.fingerprint = settings.fingerprint;
  CHECK(settings == expected);
  for (const char* nothing : {"\n", "# a comment\n", "---\n", "---\n# a comment\n...\n", "\xEF\xBB\xBF", "{}"}) {
    CAPTURE(nothing);
    CHECK(load(nothing) == settings);
  }
}

TEST_CASE("config/load: every key reaches its setting", "[config][load]") {
  const Settings settings = load(R"(
authserv_id: In.Example.NET
authserv_aliases: [mail.example.net, old]
listen: unix:/var/spool/postfix/assay/assay.sock
socket: {mode: 0600, group: postfix}
mode: monitor
dns: {forward: [192.0.2.53, "2001:db8::53@5353"], timeout: 750ms, message_deadline: 1m, dnssec: on, cache: 2MiB,
      zones: [a.zone, /b]}
local: {networks: [192.0.2.0/24], authenticated: verify, trusted_authserv: ["2001:db8::/32", 192.0.2.7],
        domains: [Example.NET, "*.example.com"]}
arc: {trusted_sealers: [Lists.Example.org]}
limits: {messages: 5, signatures: 3, arc_sets: 7, header_bytes: 64KiB, author_domains: 2, rsa_bits: [2048, 8192], exceeded: tempfail}
policy:
  published: {reject: tempfail, quarantine: discard, none: quarantine}
  indirect: accept
  temperror: tempfail
  bad_from: quarantine
  allow_discard: true
  mixed_recipients: most_lenient
  quarantine: {how: redirect, name: X-Held, value: "by: policy", to: quarantine@example.net}
  rules: []
log: {format: json, level: debug, target: /var/log/assay.log}
metrics: {listen: "[::1]:9000"}
control: unix:/tmp/control.sock
stop_timeout: 2m
)");
  CHECK(settings.authserv_id == "In.Example.NET");
  CHECK(settings.authserv_aliases == std::vector<std::string>{"mail.example.net", "old"});
  CHECK(settings.listen.address == "unix:/var/spool/postfix/assay/assay.sock");
  CHECK(settings.listen.mode == 0600);
  CHECK(settings.listen.group == "postfix");
  CHECK(settings.policy.mode == policy::Mode::Monitor);
  REQUIRE(settings.dns.forward);
  CHECK(*settings.dns.forward == std::vector<resolver::Forwarder>{{IpAddress::parse("192.0.2.53").value(), 53},
                                                                  {IpAddress::parse("2001:db8::53").value(), 5353}});
  CHECK(settings.dns.timeout == std::chrono::milliseconds(750));
  CHECK(settings.dns.message_deadline == std::chrono::seconds(60));
  CHECK(settings.dns.dnssec);
  CHECK(settings.dns.cache_octets == 2U << 20U);
  CHECK(settings.dns.zones == std::vector<std::string>{"a.zone", "/b"});
  CHECK(settings.local.networks == std::vector<IpNetwork>{network("192.0.2.0/24")});
  CHECK_FALSE(settings.local.skip_authenticated);
  CHECK(settings.local.trusted_authserv == std::vector<IpNetwork>{network("2001:db8::/32"), network("192.0.2.7/32")});
  CHECK(settings.local.domains.contains(Domain::parse("example.net").value()));
  CHECK(settings.local.domains.contains(Domain::parse("a.example.com").value()));
  CHECK_FALSE(settings.local.domains.contains(Domain::parse("example.com").value()));
  CHECK(settings.policy.trusted_sealers.written() == std::vector<std::string>{"Lists.Example.org"});
  CHECK(settings.policy.trusted_sealers.contains(Domain::parse("lists.example.org").value()));
  CHECK(settings.messages == 5);
  CHECK(settings.limits.signatures == 3);
  CHECK(settings.limits.arc_sets == 7);
  CHECK(settings.limits.header_octets == 65536);
  CHECK(settings.limits.author_domains == 2);
  CHECK(settings.limits.rsa_bits_min == 2048);
  CHECK(settings.limits.rsa_bits_max == 8192);
  CHECK(settings.policy.exceeded == policy::Action::TempFail);
  CHECK(settings.policy.published ==
        policy::Published{policy::Action::TempFail, policy::Action::Discard, policy::Action::Quarantine});
  CHECK(settings.policy.indirect == policy::Action::Accept);
  CHECK(settings.policy.temperror == policy::Action::TempFail);
  CHECK(settings.policy.bad_from == policy::Action::Quarantine);
  CHECK(settings.policy.quarantine ==
        policy::Quarantine{policy::QuarantineHow::Redirect, "X-Held", "by: policy", "quarantine@example.net"});
  CHECK(settings.log == Log{Log::Format::Json, "debug", "/var/log/assay.log"});
  CHECK(settings.metrics_listen == "[::1]:9000");
  CHECK(settings.control == "unix:/tmp/control.sock");
  CHECK(settings.stop_timeout == std::chrono::seconds(120));
}

TEST_CASE("config/load: words that YAML readers like to turn into other things stay words", "[config][load]") {
  CHECK_FALSE(load("dns: {dnssec: off}").dns.dnssec);
  CHECK_FALSE(load("dns: {dnssec: \"off\"}").dns.dnssec);
  CHECK(load("dns: {dnssec: on}").dns.dnssec);
  CHECK_FALSE(load("dmarc: {compare_psl: false}").dmarc.compare_psl);
  CHECK(load("dmarc: {compare_psl: true}").dmarc.compare_psl);
  CHECK(load("metrics: off").metrics_listen.empty());
  CHECK(load("metrics: {listen: off}").metrics_listen.empty());
  CHECK(load("control: off").control.empty());
  CHECK(load("socket: {group: off}").listen.group.empty());
  CHECK(load("policy: {quarantine: {value: YES}}").policy.quarantine.value == "YES");
  CHECK(load("socket: {mode: 0640}").listen.mode == 0640);
  CHECK(load("socket: {mode: \"0640\"}").listen.mode == 0640);
  CHECK(load("local: {networks: [::1]}").local.networks == std::vector<IpNetwork>{network("::1")});
}

TEST_CASE("config/load: no servers, those of resolv.conf, and none named are three different things",
          "[config][load]") {
  CHECK_FALSE(load("").dns.forward);
  CHECK_FALSE(load("dns: {forward: resolv.conf}").dns.forward);
  const auto forward = load("dns: {forward: []}").dns.forward;
  REQUIRE(forward);
  CHECK(forward->empty());
  CHECK(load("local: {networks: []}").local.networks.empty());
}

TEST_CASE("config/load: authserv_id is the host's name unless given, in A-labels", "[config][load]") {
  CHECK(load("").authserv_id == "mx.example.net");
  CHECK(load("authserv_id: bücher.example").authserv_id == "xn--bcher-kva.example");
  CHECK(load("authserv_id: mx.example.org.").authserv_id == "mx.example.org");
  CHECK(load("authserv_aliases: [bücher.example]").authserv_aliases ==
        std::vector<std::string>{"xn--bcher-kva.example"});
  CHECK(
      problems(load_text("", "f", "not a name")) ==
      std::vector<std::string>{"f: authserv_id: the name of this host, \"not a name\", cannot stand for it: it is not "
                               "a host name such as mx.example.net; set authserv_id"});
  CHECK(problems(load_text("authserv_id: mx", "f", "not a name")).empty());
}

TEST_CASE("config/load: every bound at its ends", "[config][load][bounds]") {
  struct Row {
    const char* accepted;
    const char* refused;
  };
  const Row rows[] = {
      {"limits: {messages: 1}", "limits: {messages: 0}"},
      {"limits: {messages: 100000}", "limits: {messages: 100001}"},
      {"limits: {signatures: 1}", "limits: {signatures: 0}"},
      {"limits: {signatures: 50}", "limits: {signatures: 51}"},
      {"limits: {arc_sets: 1}", "limits: {arc_sets: 0}"},
      {"limits: {arc_sets: 50}", "limits: {arc_sets: 51}"},
      {"dns: {cache: 1MiB}", "dns: {cache: 1048575B}"},
      {"dns: {cache: 1GiB}", "dns: {cache: 1073741825B}"},
      {"limits: {header_bytes: 1024B}", "limits: {header_bytes: 1023B}"},
      {"limits: {header_bytes: 16MiB}", "limits: {header_bytes: 16777217B}"},
      {"limits: {author_domains: 1}", "limits: {author_domains: 0}"},
      {"limits: {author_domains: 100}", "limits: {author_domains: 101}"},
      {"limits: {rsa_bits: [1024, 4096]}", "limits: {rsa_bits: [1023, 4096]}"},
      {"limits: {rsa_bits: [2048, 16384]}", "limits: {rsa_bits: [2048, 16385]}"},
      {"limits: {rsa_bits: [2048, 2048]}", "limits: {rsa_bits: [2049, 2048]}"},
      {"dns: {timeout: 10ms}", "dns: {timeout: 9ms}"},
      {"dns: {timeout: 60s}", "dns: {timeout: 60001ms}"},
      {"dns: {message_deadline: 10ms}", "dns: {message_deadline: 9ms}"},
      {"dns: {message_deadline: 4m}", "dns: {message_deadline: 240001ms}"},
      {"stop_timeout: 0s", "stop_timeout: 500ms"},
      {"stop_timeout: 600s", "stop_timeout: 601s"},
      {"socket: {mode: 0777}", "socket: {mode: 01777}"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.refused) {
      CHECK(problems(load_text(row.accepted, "f", "mx")).empty());
      CHECK(problems(load_text(row.refused, "f", "mx")).size() == 1);
    }
  }
}

TEST_CASE("config/load: the size of the text is bounded", "[config][load][bounds]") {
  const std::string start = "mode: monitor\n#";
  const std::string largest = start + std::string(kMaxConfigOctets - start.size(), 'x');
  CHECK(problems(load_text(largest, "f", "mx")).empty());
  CHECK(problems(load_text(largest + "x", "f", "mx")) ==
        std::vector<std::string>{"f: the file is larger than 1 MiB: is it the right one?"});
}

TEST_CASE("config/load: the fingerprint follows the meaning, not the layout", "[config][load]") {
  const std::string plain = load("").fingerprint;
  CHECK(plain.size() == 12);
  CHECK(plain.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(load("# comment\ndns:\n  timeout: 5000ms\nlimits: {header_bytes: 1024KiB}\n").fingerprint == plain);
  CHECK(load("dns: {timeout: 6s}").fingerprint != plain);
  CHECK(load("mode: monitor").fingerprint != plain);
}

TEST_CASE("config/load: files", "[config][load]") {
  namespace fs = std::filesystem;
  std::string name = (fs::temp_directory_path() / "assay-config-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  const fs::path folder = name;
  const std::string path = (folder / "assay.yaml").string();

  SECTION("a good file is as its text") {
    std::ofstream(path) << "mode: monitor\n";
    const Loaded loaded = load_file(path, "mx.example.net");
    REQUIRE(loaded);
    CHECK(*loaded == load("mode: monitor"));
  }
  SECTION("problems name the file") {
    std::ofstream(path) << "mode: monitr\n";
    CHECK(
        problems(load_file(path, "mx")) ==
        std::vector<std::string>{path + ":1:7: mode: \"monitr\" is not enforce or monitor; did you mean \"monitor\"?"});
  }
  SECTION("a file that is too large is not read on") {
    std::ofstream(path) << std::string(kMaxConfigOctets + 1, '#');
    CHECK(problems(load_file(path, "mx")) ==
          std::vector<std::string>{path + ": the file is larger than 1 MiB: is it the right one?"});
  }
  SECTION("no file") {
    const std::string absent = (folder / "absent.yaml").string();
    CHECK(problems(load_file(absent, "mx")) ==
          std::vector<std::string>{absent + ": cannot be read: No such file or directory"});
  }
  SECTION("a folder") {
    CHECK(problems(load_file(folder.string(), "mx")) ==
          std::vector<std::string>{folder.string() + ": cannot be read: Is a directory"});
  }
  SECTION("an endless file") {
    CHECK(problems(load_file("/dev/zero", "mx")) ==
          std::vector<std::string>{"/dev/zero: the file is larger than 1 MiB: is it the right one?"});
  }
  fs::remove_all(folder);
}

}  // namespace assay::config
