#include "config/migrate.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "config/load.h"
#include "config/migrate_lines.h"
#include "config/migrate_options.h"
#include "tests/support/catch.h"

namespace assay::config {
namespace {

using policy::Action;

PeerFile dkim(const std::string& text) {
  return {Peer::OpenDkim, "/etc/opendkim.conf", text};
}
PeerFile dmarc(const std::string& text) {
  return {Peer::OpenDmarc, "/etc/opendmarc.conf", text};
}
PeerFile arc(const std::string& text) {
  return {Peer::OpenArc, "/etc/openarc.conf", text};
}
PeerFile spf(const std::string& text) {
  return {Peer::PolicydSpf, "/etc/policyd-spf.conf", text};
}
PeerFile hosts(const std::string& text, const std::string& name = "/etc/ignore.hosts") {
  return {Peer::Hosts, name, text};
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Lines that are neither empty nor comments, counted apart from the code under test.
std::size_t count_lines(const std::vector<PeerFile>& files) {
  std::size_t count = 0;
  for (const PeerFile& file : files) {
    std::istringstream lines(file.text);
    for (std::string line; std::getline(lines, line);) {
      const bool is_milter = file.peer != Peer::PolicydSpf && file.peer != Peer::Hosts;  // config.c cuts at CR.
      line = line.substr(0, line.find_first_of(is_milter ? "#\r" : "#"));
      count += line.find_first_not_of(" \t\r\v\f") == std::string::npos ? 0U : 1U;
    }
  }
  return count;
}

/// Whether the result keeps what migrate() promises of any input: it loads; it is ASCII; each line of the files is
/// told; what has no key has a reason.
bool is_sound(const std::vector<PeerFile>& files, const Migration& migration) {
  const Loaded loaded = load_text(migration.yaml, "migrated", "mx.example.net");
  if (!loaded) {
    UNSCOPED_INFO(to_string(loaded.error().front()) << '\n' << migration.yaml);
    return false;
  }
  const bool is_plain = std::all_of(migration.yaml.begin(), migration.yaml.end(),
                                    [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); });
  const bool is_told = std::all_of(migration.lines.begin(), migration.lines.end(), [](const MigratedLine& line) {
    if (line.status == LineStatus::Migrated ? line.key.empty() : line.why.empty() || !line.key.empty()) {
      UNSCOPED_INFO(line.file << ':' << line.line << ' ' << line.option << ' ' << line.value << " is "
                              << to_string(line.status) << " without a word");
      return false;
    }
    return true;
  });
  std::istringstream yaml(migration.yaml);
  std::vector<std::string> comments;
  for (std::string line; std::getline(yaml, line);) {
    if (holds(line, "# ")) {
      comments.push_back(line);
    }
  }
  // What a person reads, not the list alone: each line by its place and its option.
  const bool is_readable = std::all_of(migration.lines.begin(), migration.lines.end(), [&](const MigratedLine& line) {
    const std::string name = line.option.empty() ? line.file : line.file.substr(line.file.rfind('/') + 1);
    const std::string place = comment_text(name) + ":" + std::to_string(line.line) + " " +
                              comment_text(line.option.empty() ? line.value : line.option);
    if (std::none_of(comments.begin(), comments.end(), [&](const std::string& comment) {
          return holds(comment, "# " + place) || holds(comment, "#   " + place);
        })) {
      UNSCOPED_INFO(place << " is in no comment of\n" << migration.yaml);
      return false;
    }
    return true;
  });
  const bool has_rules = holds(migration.yaml, "- {name: ");
  const bool is_true = std::all_of(migration.lines.begin(), migration.lines.end(),
                                   [&](const MigratedLine& line) { return line.key != "policy.rules" || has_rules; });
  return is_plain && is_told && is_readable && is_true && migration.lines.size() == count_lines(files);
}

Migration migrated(const std::vector<PeerFile>& files) {
  auto migration = migrate(files);
  REQUIRE(migration);
  REQUIRE(is_sound(files, *migration));
  return *std::move(migration);
}

Settings settings(const std::vector<PeerFile>& files) {
  return *load_text(migrated(files).yaml, "migrated", "mx.example.net");
}

std::vector<std::string> networks(const std::vector<PeerFile>& files) {
  std::vector<std::string> texts;
  for (const IpNetwork& network : settings(files).local.networks) {
    texts.push_back(network.address.to_string() + "/" + std::to_string(network.prefix_bits));
  }
  return texts;
}

/// The line whose option it is; of several the first.
MigratedLine line_of(const Migration& migration, const std::string& option) {
  const auto found = std::find_if(migration.lines.begin(), migration.lines.end(),
                                  [&](const MigratedLine& line) { return line.option == option; });
  REQUIRE(found != migration.lines.end());
  return *found;
}

std::string read(const std::string& path) {
  std::ifstream file(path);
  REQUIRE(file);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("config/migrate: RejectFailures and HoldQuarantinedMessages as opendmarc.c enacts them",
          "[config][migrate]") {
  struct Row {
    const char* name;
    const char* text;
    Action reject;
    Action quarantine;
    Action temperror;
    policy::QuarantineHow how;
  };
  // mlfi_eom(): p=reject is refused if RejectFailures; p=quarantine is held only if both are set.
  const Row rows[] = {
      {"neither", "", Action::Accept, Action::Accept, Action::Accept, policy::QuarantineHow::Header},
      {"false", "RejectFailures no\n", Action::Accept, Action::Accept, Action::Accept, policy::QuarantineHow::Header},
      {"hold alone", "HoldQuarantinedMessages 1\n", Action::Accept, Action::Accept, Action::Accept,
       policy::QuarantineHow::Header},
      {"reject", "RejectFailures true\n", Action::Reject, Action::Accept, Action::TempFail,
       policy::QuarantineHow::Header},
      {"both", "rejectfailures Yes\nHoldQuarantinedMessages true\n", Action::Reject, Action::Quarantine,
       Action::TempFail, policy::QuarantineHow::Hold},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const policy::Rules rules = settings({dmarc(row.text)}).policy;
      CHECK(rules.published.reject == row.reject);
      CHECK(rules.published.quarantine == row.quarantine);
      CHECK(rules.published.none == Action::Accept);
      CHECK(rules.indirect == row.reject);
      CHECK(rules.temperror == row.temperror);
      CHECK(rules.quarantine.how == row.how);
    }
  }
}

TEST_CASE("config/migrate: an opendmarc.conf that is silent about RejectFailures is told to be", "[config][migrate]") {
  const Migration migration = migrated({dmarc("Syslog true\n")});
  CHECK(holds(migration.yaml, "# opendmarc.conf does not set RejectFailures: false is the default of OpenDMARC"));
  CHECK(std::any_of(migration.silent.begin(), migration.silent.end(), [](const SilentDefault& silent) {
    return silent.option == "RejectFailures" && silent.key == "policy.published" && silent.value == "false";
  }));
}

TEST_CASE("config/migrate: without an opendmarc.conf nothing is refused by DMARC", "[config][migrate]") {
  const policy::Rules rules = settings({spf("HELO_reject = Fail\n")}).policy;
  CHECK(rules.published.reject == Action::Accept);
  CHECK(rules.published.quarantine == Action::Accept);
  CHECK(rules.indirect == Action::Accept);
}

TEST_CASE("config/migrate: what OpenDMARC makes of From fields", "[config][migrate]") {
  CHECK(settings({dmarc("")}).policy.bad_from == Action::Accept);
  CHECK(settings({dmarc("RequiredHeaders true\n")}).policy.bad_from == Action::Reject);
  CHECK(settings({dkim("RequiredHeaders yes\n"), dmarc("")}).policy.bad_from == Action::Reject);
  const Settings several = settings({dmarc("RejectMultiValueFrom true\n")});
  CHECK(several.policy.bad_from == Action::Reject);
  CHECK(several.limits.author_domains == 1);
  CHECK(line_of(migrated({dmarc("RejectMultiValueFrom false\n")}), "RejectMultiValueFrom").status ==
        LineStatus::NoEqual);
}

TEST_CASE("config/migrate: clients that logged in, and trusted sealers", "[config][migrate]") {
  CHECK_FALSE(settings({dmarc("")}).local.skip_authenticated);
  CHECK(settings({dmarc("IgnoreAuthenticatedClients true\n")}).local.skip_authenticated);
  CHECK(settings({dkim("")}).local.skip_authenticated);
  const Migration migration = migrated({dmarc("DomainWhitelist lists.example.org, bad..name, Example.com\n")});
  CHECK(holds(migration.yaml, "trusted_sealers: [\"lists.example.org\", \"example.com\"]"));
  CHECK(holds(line_of(migration, "DomainWhitelist").why, "bad..name"));
}

TEST_CASE("config/migrate: of names that differ OpenDMARC's is taken, the others become aliases", "[config][migrate]") {
  const std::vector<PeerFile> files{dkim("AuthservID dkim.example.net\n"),
                                    dmarc("AuthservID mx.example.org\nTrustedAuthservIDs HOSTNAME, up.example.net\n"),
                                    arc("AuthservID MX.example.org\n")};
  const Migration migration = migrated(files);
  const Settings result = settings(files);
  CHECK(result.authserv_id == "mx.example.org");
  CHECK(result.authserv_aliases == std::vector<std::string>{"dkim.example.net", "up.example.net"});
  CHECK(holds(migration.lines[0].why, "differs from opendmarc.conf:1 AuthservID mx.example.org"));
  CHECK(migration.lines[3].status == LineStatus::Default);

  const Settings host = settings({dmarc("AuthservID HOSTNAME\n"), dkim("AuthservID a.example\n")});
  CHECK(host.authserv_id == "mx.example.net");
  CHECK(host.authserv_aliases == std::vector<std::string>{"a.example"});
  CHECK(line_of(migrated({dkim("AuthservID a b\n")}), "AuthservID").status == LineStatus::NoEqual);
}

TEST_CASE("config/migrate: a TCP socket is taken over, once, and never from a signer", "[config][migrate]") {
  CHECK(settings({dmarc("Socket inet:8893@[::1]\n")}).listen.address ==
        "inet:8893@127.0.0.1");  // wrong family: refused
  CHECK(settings({dmarc("Socket inet6:8894@[::1]\n")}).listen.address == "inet6:8894@[::1]");
  const Migration both = migrated({dkim("Mode v\nSocket inet:8891@localhost\n"), dmarc("Socket inet:8890\n")});
  CHECK(holds(both.yaml, "listen: \"inet:8890\""));
  CHECK(both.lines[1].status == LineStatus::NoEqual);
  CHECK(settings({dkim("Mode v\nSocket inet:8891@localhost\n")}).listen.address == "inet:8891@localhost");
  const Migration signer = migrated({dkim("Mode sv\nSocket inet:8891@localhost\n")});
  CHECK(line_of(signer, "Socket").status == LineStatus::Signing);
  CHECK_FALSE(holds(signer.yaml, "listen: "));
  const Migration unix_socket = migrated({dmarc("Socket local:/run/opendmarc/opendmarc.sock\n")});
  CHECK(line_of(unix_socket, "Socket").status == LineStatus::NoEqual);
  CHECK_FALSE(holds(unix_socket.yaml, "listen: "));
}

TEST_CASE("config/migrate: DNS", "[config][migrate]") {
  using std::chrono::seconds;
  const Settings result = settings({dkim("Nameservers 192.0.2.1, 2001:db8::1,x\nDNSTimeout 3\nMode v\n"
                                         "TrustAnchorFile /usr/share/dns/root.key\n"),
                                    dmarc("DNSTimeout 7\n"), spf("Lookup_Time = 30\n")});
  REQUIRE(result.dns.forward);
  CHECK(result.dns.forward->size() == 2);
  CHECK(result.dns.timeout == seconds(7));
  CHECK(result.dns.message_deadline == seconds(30));
  CHECK(result.dns.dnssec);
  CHECK(settings({dmarc("DNSTimeout 0\n")}).dns.timeout == seconds(60));
  CHECK(settings({dmarc("DNSTimeout 60\n")}).dns.timeout == seconds(60));
  CHECK(settings({dmarc("DNSTimeout 61\n")}).dns.timeout == seconds(60));
  CHECK(settings({dmarc("DNSTimeout -1\n")}).dns.timeout == seconds(5));
  CHECK(settings({spf("Lookup_Time = 240\n")}).dns.message_deadline == seconds(240));
  CHECK(settings({spf("Lookup_Time = 241\n")}).dns.message_deadline == seconds(240));
}

TEST_CASE("config/migrate: the log", "[config][migrate]") {
  CHECK(settings({dkim("Syslog yes\n")}).log.target == "syslog");
  CHECK(settings({dkim("Syslog no\n")}).log.target == "stderr");
  CHECK(settings({spf("debugLevel = 2\n")}).log.level == "debug");
  CHECK(settings({spf("debugLevel = 1\n")}).log.level == "info");
  CHECK(settings({spf("debugLevel = -1\n")}).log.level == "error");
}

TEST_CASE("config/migrate: the milters' bounds on the header", "[config][migrate]") {
  struct Row {
    std::vector<PeerFile> files;
    std::size_t octets;
    Action exceeded;
  };
  const Row rows[] = {
      {{dmarc("")}, std::size_t{1} << 20U, Action::Reject},  // OpenDMARC has none: assayd's own.
      {{dkim("")}, 65536, Action::TempFail},                 // On-Security is tempfail by default.
      {{arc("")}, 65536, Action::Reject},                    // ResponseUnwilling is reject by default.
      {{dkim("MaximumHeaders 0\nOn-Security reject\n")}, std::size_t{16} << 20U, Action::Reject},
      {{dkim("MaximumHeaders 1024\n")}, 1024, Action::TempFail},
      {{dkim("MaximumHeaders 1023\n")}, 1024, Action::TempFail},
      {{dkim("MaximumHeaders 16777216\n")}, 16777216, Action::TempFail},
      {{dkim("MaximumHeaders 16777217\nOn-Security q\n")}, 16777216, Action::TempFail},
      {{dkim("MaximumHeaders 100000\n"), arc("MaximumHeaders 90000\nResponseUnwilling accept\n")},
       90000,
       Action::Accept},
  };
  for (const Row& row : rows) {
    CAPTURE(row.files.front().text);
    const Settings result = settings(row.files);
    CHECK(result.limits.header_octets == row.octets);
    CHECK(result.policy.exceeded == row.exceeded);
  }
}

TEST_CASE("config/migrate: the number of signatures and the least key", "[config][migrate]") {
  CHECK(settings({dkim("")}).limits.signatures == 3);
  CHECK(settings({dkim("MaximumSignaturesToVerify 50\n")}).limits.signatures == 50);
  CHECK(settings({dkim("MaximumSignaturesToVerify 51\n")}).limits.signatures == 50);
  CHECK(settings({dkim("MaximumSignaturesToVerify 0\n")}).limits.signatures == 50);
  CHECK(settings({dkim("MinimumKeyBits 0\n")}).limits.rsa_bits_min == 1024);
  CHECK(settings({dkim("MinimumKeyBits 2048\n"), arc("MinimumKeySizeRSA 1536\n")}).limits.rsa_bits_min == 2048);
  CHECK(settings({dkim("MinimumKeyBits 8192\n")}).limits.rsa_bits_max == 8192);
}

TEST_CASE("config/migrate: hosts are local if every program lets them through", "[config][migrate]") {
  using Texts = std::vector<std::string>;
  const Texts loopback{"127.0.0.0/8", "::1/128"};
  CHECK(networks({dkim(""), dmarc("")}) == loopback);
  CHECK(networks({dkim("InternalHosts 10.0.0.0/8, [192.0.2.1]\n")}) == Texts{"10.0.0.0/8", "192.0.2.1/32"});
  // OpenDMARC is silent: loopback alone.
  CHECK(networks({dkim("InternalHosts 127.0.0.1, 10.0.0.0/8\n"), dmarc("")}) == Texts{"127.0.0.1/32"});
  CHECK(networks({dkim("InternalHosts csl:10.0.0.0/8\n"), dmarc("IgnoreHosts /etc/ignore.hosts\n"),
                  hosts("10.1.0.0/16\n192.0.2.0/24\n")}) == Texts{"10.1.0.0/16"});
  // OpenARC has no say against the others.
  CHECK(networks({dkim("InternalHosts 10.0.0.0/8\n"), arc("")}) == Texts{"10.0.0.0/8"});
  // What no option names holds for all.
  CHECK(networks({dmarc(""), hosts("192.0.2.0/24\n")}) == Texts{"127.0.0.0/8", "::1/128", "192.0.2.0/24"});
  // Nor does a program that only signs.
  CHECK(networks({dkim("Mode s\nInternalHosts 10.0.0.0/8\n"), dmarc("")}) == loopback);
}

TEST_CASE("config/migrate: hosts that one program alone lets through are left out of its rules", "[config][migrate]") {
  const Migration migration =
      migrated({dmarc("IgnoreHosts /x/ignore.hosts\n"), spf("Whitelist = 192.0.2.0/24\nskip_addresses = 127.0.0.0/8\n"),
                hosts("127.0.0.1\n198.51.100.0/24\n.example.org\n")});
  CHECK(holds(migration.yaml, "networks: [\"127.0.0.1\"]"));
  CHECK(holds(migration.yaml,
              "when: {spf: fail, not: {any: [{client_ip: [\"127.0.0.0/8\", \"192.0.2.0/24\"]}, "
              "{authenticated: true}]}}, then: reject}"));
  CHECK(holds(migration.yaml,
              "{name: opendmarc-ignore-hosts, when: {any: [{client_ip: [\"198.51.100.0/24\"]}, "
              "{client_name: [\"*.example.org\"], iprev: pass}]}, then: accept}"));
  CHECK(line_of(migration, "Whitelist").status == LineStatus::Migrated);
}

TEST_CASE("config/migrate: an option that is not set keeps its default, whatever the others say", "[config][migrate]") {
  using Texts = std::vector<std::string>;
  // DEFINTERNAL of OpenDKIM is loopback; PeerList and Whitelist add to what is let through.
  const PeerFile peers = dkim("PeerList 10.0.0.0/8\nMode v\nOn-NoSignature reject\n");
  CHECK(networks({peers}) == Texts{"127.0.0.0/8", "::1/128", "10.0.0.0/8"});
  CHECK(networks({arc("PeerList 10.0.0.0/8\n")}) == Texts{"127.0.0.0/8", "::1/128", "10.0.0.0/8"});
  CHECK(networks({spf("Whitelist = 192.0.2.1\n")}) == Texts{"127.0.0.0/8", "::1/128", "192.0.2.1/32"});
  CHECK(networks({spf("skip_addresses =\nWhitelist = 192.0.2.1\n")}) == Texts{"192.0.2.1/32"});
  CHECK(networks({spf("skip_addresses = 10.0.0.0/8\nWhitelist = 192.0.2.1\n")}) == Texts{"10.0.0.0/8", "192.0.2.1/32"});
  CHECK(networks({dkim("InternalHosts 10.0.0.0/8\n")}) == Texts{"10.0.0.0/8"});
  const Migration both = migrated({peers, dmarc("")});
  CHECK(networks({peers, dmarc("")}) == Texts{"127.0.0.0/8", "::1/128"});
  CHECK(holds(both.yaml, "when: {dkim: none, not: {any: [{client_ip: [\"10.0.0.0/8\"]}, {authenticated: true}]}}"));
  // Where the others verify loopback, it is left out of the program's own rules.
  CHECK(
      holds(migrated({peers}).yaml, "# opendkim.conf does not set InternalHosts: loopback is the default of OpenDKIM"));
  CHECK(holds(
      migrated({dkim("Mode v\nOn-NoSignature reject\n"), dmarc("IgnoreHosts f\n"), hosts("10.0.0.0/8\n", "f")}).yaml,
      "when: {dkim: none, not: {any: [{client_ip: [\"127.0.0.0/8\", \"::1\"]}, {authenticated: true}]}}"));
}

TEST_CASE("config/migrate: what is said to be in a rule is in one", "[config][migrate]") {
  const char* const idle[] = {"HELO_reject = False\nMail_From_reject = No_Check\n", "Mock = True\n",
                              "Prospective = x\n"};
  for (const char* const text : idle) {
    CAPTURE(text);
    const Migration migration =
        migrated({spf(text + std::string("TestOnly = 0\nNo_Mail = True\nDomain_Whitelist_PTR = example.org\n"
                                         "Whitelist = 192.0.2.1\n")),
                  dmarc("")});
    CHECK_FALSE(holds(migration.yaml, "- {name: "));
    for (const MigratedLine& line : migration.lines) {
      CAPTURE(line.option);
      CHECK(line.status != LineStatus::Migrated);
    }
  }
  // With a rule, all of them are in it, and the hosts of OpenDMARC's own rule are named above it.
  const Migration ruled =
      migrated({spf("No_Mail = True\nWhitelist = 192.0.2.1\n"), dmarc("IgnoreHosts h\n"), hosts("192.0.2.7\n", "h")});
  CHECK(line_of(ruled, "No_Mail").key == "policy.rules");
  CHECK(line_of(ruled, "Whitelist").key == "policy.rules");
  CHECK(line_of(ruled, "IgnoreHosts").key == "policy.rules");
  CHECK(holds(ruled.yaml, "    # h:1 192.0.2.7\n"));
}

TEST_CASE("config/migrate: what has an exception is verified", "[config][migrate]") {
  using Texts = std::vector<std::string>;
  CHECK(networks({dkim("InternalHosts 10.0.0.0/8, !10.0.0.1, 192.0.2.0/24\n")}) == Texts{"192.0.2.0/24"});
  CHECK(networks({dkim("InternalHosts 10.0.0.0/8, !bad.example.org\n")}).empty());
  CHECK(networks({dkim("InternalHosts 0.0.0.0/0, 10.0.0.0/8\n")}) == Texts{"10.0.0.0/8"});
}

TEST_CASE("config/migrate: a file of hosts that was not given is asked for", "[config][migrate]") {
  for (const char* const value : {"/etc/hosts.list", "refile:/etc/hosts.list", "file:hosts.list", "dsn:mysql://x/y"}) {
    CAPTURE(value);
    const Migration migration = migrated({dkim("InternalHosts " + std::string(value) + "\n")});
    CHECK(migration.lines[0].status == LineStatus::NoEqual);
    CHECK(holds(migration.lines[0].why, "verified"));
  }
}

TEST_CASE("config/migrate: the hosts file of one program is never taken for that of another", "[config][migrate]") {
  const PeerFile k = dkim("InternalHosts refile:/etc/opendkim/hosts\n");
  const PeerFile d = dmarc("IgnoreHosts /etc/opendmarc/hosts\nRejectFailures true\n");
  const std::string wide = "127.0.0.1\n192.0.2.0/24\n";
  const std::string narrow = "127.0.0.1\n";
  const auto is_read = [](const Migration& migration, const char* option) {
    return !holds(line_of(migration, option).why, "was not read");
  };
  SECTION("names that fit both are nobody's") {
    const std::vector<PeerFile> files{k, d, hosts(wide, "k/hosts"), hosts(narrow, "d/hosts")};
    const Migration migration = migrated(files);
    CHECK(networks(files).empty());
    CHECK_FALSE(is_read(migration, "InternalHosts"));
    CHECK_FALSE(is_read(migration, "IgnoreHosts"));
    CHECK(std::all_of(migration.lines.begin() + 3, migration.lines.end(), [](const MigratedLine& line) {
      return line.status == LineStatus::NoEqual && holds(line.why, "not certain");
    }));
  }
  SECTION("a longer end in common decides") {
    const std::vector<PeerFile> files{k, d, hosts(wide, "/old/opendkim/hosts"), hosts(narrow, "/old/opendmarc/hosts")};
    const Migration migration = migrated(files);
    CHECK(networks(files) == std::vector<std::string>{"127.0.0.1/32"});
    CHECK(holds(line_of(migration, "InternalHosts").why, "/old/opendkim/hosts"));
    CHECK(holds(line_of(migration, "IgnoreHosts").why, "/old/opendmarc/hosts"));
  }
  SECTION("a file satisfies the option that names it, and no other") {
    const Migration migration = migrated({k, d, hosts(wide, "/etc/opendkim/hosts")});
    CHECK(is_read(migration, "InternalHosts"));
    CHECK_FALSE(is_read(migration, "IgnoreHosts"));
    CHECK_FALSE(is_read(migrated({k, d, hosts(wide, "k/hosts")}), "IgnoreHosts"));
    CHECK_FALSE(is_read(migrated({k, d, hosts(wide, "k/hosts")}), "InternalHosts"));
  }
  SECTION("two options may name one file, and a copy of it in another folder is that file") {
    const PeerFile same = dmarc("IgnoreHosts /etc/opendkim/hosts\n");
    CHECK(networks({k, same, hosts(wide, "copy/hosts")}) == std::vector<std::string>{"127.0.0.1/32", "192.0.2.0/24"});
  }
  SECTION("a file is given once") {
    CHECK_FALSE(migrate({k, hosts(wide, "h"), hosts(wide, "h")}).has_value());
    CHECK(migrate({k, hosts(wide, "h"), hosts(wide, "i")}).has_value());
  }
}

TEST_CASE("config/migrate: the words of policyd-spf become rules on SPF (_get_resultcodes())", "[config][migrate]") {
  const auto yaml = [](const std::string& text) { return migrated({spf(text)}).yaml; };
  const std::string silent = yaml("");
  CHECK(holds(silent, "{name: policyd-spf-helo, when: {spf_helo: fail, not: {authenticated: true}}, then: reject}"));
  CHECK(holds(silent, "{name: policyd-spf-mail-from, when: {spf: fail, not: {authenticated: true}}, then: reject}"));
  CHECK(holds(yaml("Mail_From_reject = Softfail\n"), "{spf: [fail, softfail], not"));
  CHECK(holds(yaml("HELO_reject = SPF_Not_Pass\n"), "{spf_helo: [fail, softfail, neutral], not"));
  const std::string off = yaml("HELO_reject = No_Check\nMail_From_reject = False\nPermError_reject = True\n");
  CHECK_FALSE(holds(off, "spf_helo:"));
  CHECK_FALSE(holds(off, "spf:"));
  const std::string errors = yaml("HELO_reject = False\nPermError_reject = True\nTempError_Defer = True\n");
  CHECK(holds(errors, "{spf: [fail, permerror], not"));
  CHECK(holds(errors, "{spf: temperror, not: {authenticated: true}}, then: tempfail}"));
  CHECK_FALSE(holds(errors, "spf_helo:"));
  CHECK(holds(yaml("Reject_Not_Pass_Domains = aol.example,b.example\n"),
              "{mail_from_domain: [\"aol.example\", \"b.example\"], spf: [fail, softfail, neutral], not"));
  CHECK(holds(yaml("Domain_Whitelist_PTR = example.org\n"),
              "{client_name: [\"example.org\", \"*.example.org\"], iprev: pass}, {authenticated: true}]"));
  CHECK(line_of(migrated({spf("HELO_reject = fail\n")}), "HELO_reject").status == LineStatus::Unknown);
  CHECK(line_of(migrated({spf("HELO_reject = Null\n")}), "HELO_reject").status == LineStatus::NoEqual);
}

TEST_CASE("config/migrate: test operation observes", "[config][migrate]") {
  const std::string alone = migrated({spf("TestOnly = 0\n")}).yaml;
  CHECK(holds(alone, "then: reject, observe: true}"));
  CHECK(holds(alone, "\nmode: monitor\n"));
  const std::string beside = migrated({spf("defaultSeedOnly = 0\n"), dmarc("RejectFailures true\n")}).yaml;
  CHECK(holds(beside, "then: reject, observe: true}"));
  CHECK_FALSE(holds(beside, "mode:"));
  CHECK_FALSE(holds(migrated({spf("TestOnly = 1\n")}).yaml, "observe: true}"));
  CHECK(holds(migrated({spf("No_Mail = True\n")}).yaml, "then: reject, observe: true}"));
  CHECK_FALSE(holds(migrated({spf("Mock = True\n")}).yaml, "then:"));
}

TEST_CASE("config/migrate: the handlings of OpenDKIM become rules on DKIM", "[config][migrate]") {
  const auto yaml = [](const std::string& text) { return migrated({dkim(text)}).yaml; };
  // By default OpenDKIM defers on an error of DNS, and accepts all else.
  const std::string silent = yaml("");
  CHECK(holds(silent, "when: {dkim: temperror, not: {authenticated: true}}, then: tempfail}"));
  CHECK_FALSE(holds(silent, "opendkim-bad-signature"));
  CHECK(holds(yaml("On-BadSignature r\n"),
              "{name: opendkim-bad-signature, when: {dkim: [fail, permerror, neutral, policy], not: {any: "
              "[{authenticated: true}, "
              "{dkim_testing: true}, {reason: [no_key, key_too_large, unsigned_body]}]}}, then: reject}"));
  CHECK(holds(yaml("On-NoSignature quarantine\n"), "then: {quarantine: {how: hold}}}"));
  CHECK(holds(yaml("RedirectFailuresTo bad@example.org\n"),
              "then: {quarantine: {how: redirect, to: \"bad@example.org\"}}}"));
  const std::string all = yaml("On-Default reject\nOn-NoSignature accept\nOn-KeyNotFound reject\n");
  CHECK(holds(all, "when: {dkim: temperror, not: {authenticated: true}}, then: reject}"));
  CHECK(holds(all, "opendkim-key-not-found"));
  CHECK_FALSE(holds(all, "opendkim-no-signature"));
  CHECK_FALSE(holds(yaml("Mode s\nOn-BadSignature reject\n"), "opendkim-"));
  CHECK(line_of(migrated({dkim("On-BadSignature sometimes\n")}), "On-BadSignature").status == LineStatus::Unknown);
}

TEST_CASE("config/migrate: of a repeated option the last line counts (config_get())", "[config][migrate]") {
  const std::vector<PeerFile> files{dmarc("RejectFailures true\nrejectfailures false\n")};
  const Migration migration = migrated(files);
  CHECK(settings(files).policy.published.reject == Action::Accept);
  CHECK(migration.lines[0].status == LineStatus::NoEqual);
  CHECK(holds(migration.lines[0].why, "line 2"));
  // A value that the program refuses replaces nothing.
  CHECK(settings({dmarc("RejectFailures true\nRejectFailures maybe\n")}).policy.published.reject == Action::Reject);
}

TEST_CASE("config/migrate: what a program cannot read is listed", "[config][migrate]") {
  const Migration migration = migrated({dmarc("RejectFailure true\nRejectFailures\nDNSTimeout 5s\n"),
                                        spf("testOnly = 0\nTestOnly\na = b = c\nLookup_Time = x\n")});
  for (const MigratedLine& line : migration.lines) {
    CAPTURE(line.option);
    CHECK(line.status == LineStatus::Unknown);
  }
  CHECK(holds(migration.lines[0].why, "is it RejectFailures?"));
  CHECK(holds(migration.lines[3].why, "is it TestOnly?"));
}

TEST_CASE("config/migrate: a CR ends a line of the milters (config_load_level())", "[config][migrate]") {
  const Migration migration = migrated({dmarc("RejectFailures true\rfalse\n\rSyslog true\n")});
  REQUIRE(migration.lines.size() == 1);
  CHECK(migration.lines[0].value == "true");
}

TEST_CASE("config/migrate: a byte order mark is named, not printed", "[config][migrate]") {
  const std::string mark = "\xEF\xBB\xBF";
  for (const PeerFile& file : {dkim(mark + "Syslog yes\nMode v\n"), dmarc(mark + "# x\nSyslog yes\n"),
                               spf(mark + "TestOnly = 0\nNo_Mail = False\n"), hosts(mark + "192.0.2.1\n10.0.0.1\n")}) {
    CAPTURE(file.text);
    const std::vector<PeerFile> files =
        file.peer == Peer::Hosts ? std::vector<PeerFile>{dmarc(""), file} : std::vector<PeerFile>{file};
    const auto migration = migrate(files);
    REQUIRE(migration);
    REQUIRE(migration->lines.size() == 2);
    CHECK(migration->lines[0].status == LineStatus::Unknown);
    CHECK(holds(migration->lines[0].why, "byte order mark"));
    CHECK_FALSE(holds(migration->lines[0].option + migration->lines[0].value, mark));
    CHECK(migration->lines[1].status != LineStatus::Unknown);
    CHECK_FALSE(holds(migration->yaml, "192.0.2.1\"]"));
  }
}

TEST_CASE("config/migrate: several authors and the null sender fare otherwise, and it is said", "[config][migrate]") {
  const auto silent = [](const std::string& text) {
    const Migration migration = migrated({dmarc(text)});
    return std::any_of(migration.silent.begin(), migration.silent.end(),
                       [](const SilentDefault& entry) { return entry.option == "RejectMultiValueFrom"; });
  };
  CHECK(silent(""));
  CHECK_FALSE(silent("RejectMultiValueFrom true\n"));
  const auto helo = [](const std::string& text) { return line_of(migrated({spf(text)}), "HELO_reject"); };
  CHECK(holds(helo("HELO_reject = False\nMail_From_reject = Fail\n").why, "null sender"));
  CHECK(holds(helo("HELO_reject = False\n").why, "null sender"));
  CHECK(helo("HELO_reject = False\nMail_From_reject = False\n").status == LineStatus::Default);
}

TEST_CASE("config/migrate: passwords are not copied", "[config][migrate]") {
  const Migration migration =
      migrated({dkim("LDAPBindPassword hunter2\nldapbindpassword hunter2\nSigningTable dsn:mysql://u:hunter2@h/d\n"
                     "InternalHosts dsn:mysql://u:hunter2@h/d\nLDAPBindPasswort hunter2\n")});
  CHECK_FALSE(holds(migration.yaml, "hunter2"));
  // A data base with a login is a data base: OpenDKIM lets through what it lists, not loopback, and nobody knows that
  // here.
  const MigratedLine hosts_line = line_of(migration, "InternalHosts");
  CHECK(hosts_line.status == LineStatus::NoEqual);
  CHECK(holds(hosts_line.why, "reads no data base"));
  CHECK(settings({dkim("InternalHosts dsn:mysql://u:hunter2@h/d\n")}).local.networks.empty());
  for (const MigratedLine& line : migration.lines) {
    CHECK_FALSE(holds(line.value + line.why + line.option, "hunter2"));
  }
}

TEST_CASE("config/migrate: nothing leaves a comment", "[config][migrate]") {
  // CR, NEL and the separators of Unicode are line ends to some readers of YAML.
  const std::string odd = "a\rmode: monitor\v\f\x01\x1b[31m\xC2\x85mode: monitor\xE2\x80\xA8mode: monitor\xFF\\\"'";
  const std::vector<PeerFile> files{{Peer::OpenDkim, "/etc/" + odd, "Domain " + odd + "\n" + odd + " x\n"},
                                    dmarc("AuthservID " + odd + "\nTrustedAuthservIDs " + odd + "\nIgnoreHosts " + odd),
                                    spf("Authserv_Id = " + odd + "\nWhitelist = " + odd + "\n"),
                                    hosts(odd)};
  const Migration migration = migrated(files);
  CHECK(settings(files).policy.mode == policy::Mode::Enforce);
  CHECK(comment_text("a\n\xC2\x85\\", 2) == "a\\x0A...");
}

TEST_CASE("config/migrate: bounds on files, lines and values", "[config][migrate]") {
  const auto fits = [](const std::vector<PeerFile>& files) { return migrate(files).has_value(); };
  CHECK(fits({dkim("#" + std::string(kMaxPeerFileOctets - 1, 'x'))}));
  CHECK_FALSE(fits({dkim("#" + std::string(kMaxPeerFileOctets, 'x'))}));
  CHECK(fits({dkim(std::string(kMaxPeerLines - 1, '\n')), hosts("\n")}));
  CHECK_FALSE(fits({dkim(std::string(kMaxPeerLines, '\n')), hosts("\n")}));
  CHECK_FALSE(fits({dkim(""), dkim("")}));
  const std::string name = "Domain ";
  const auto status = [&](std::size_t octets) {
    return migrated({dkim(name + std::string(octets - name.size(), 'x'))}).lines[0].status;
  };
  CHECK(status(kMaxPeerLineOctets) == LineStatus::Signing);
  CHECK(status(kMaxPeerLineOctets + 1) == LineStatus::Unknown);
  // Never more than a configuration may have.
  std::string many;
  for (std::size_t i = 0; i < kMaxPeerLines; ++i) {
    many +=
        "\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\x01\n";
  }
  const auto large = migrate({hosts(many)});
  CHECK((!large || load_text(large->yaml, "large", "mx.example.net").has_value()));
}

TEST_CASE("config/migrate: no option is named twice, and each has a reason", "[config][migrate]") {
  const auto& options = peer_options();
  for (std::size_t i = 0; i < options.size(); ++i) {
    CAPTURE(options[i].name);
    CHECK(find_peer_option(options[i].peer, options[i].name) == &options[i]);
    CHECK(*options[i].why != '\0');
    CHECK((*options[i].key == '\0' || options[i].status == LineStatus::Migrated));
  }
}

TEST_CASE("config/migrate: each option, with each kind of value, is told", "[config][migrate]") {
  const char* const values[] = {"true",
                                "false",
                                "0",
                                "1",
                                "7",
                                "x",
                                "example.org",
                                "192.0.2.1",
                                "/etc/file",
                                "reject",
                                "accept",
                                "HOSTNAME",
                                "inet:8893@127.0.0.1",
                                "sv",
                                "v",
                                "Fail",
                                "True",
                                "False",
                                "a@b.example"};
  for (const PeerOption& option : peer_options()) {
    for (const char* const value : values) {
      CAPTURE(option.name, value);
      const std::string sign = option.peer == Peer::PolicydSpf ? " = " : "\t";
      migrated({{option.peer, "f", option.name + sign + value + "\n"}});
    }
  }
}

TEST_CASE("config/migrate: docs/migration.md has the table", "[config][migrate]") {
  std::string expected;
  Peer peer = Peer::Hosts;
  for (const PeerOption& option : peer_options()) {
    if (option.peer != peer) {
      peer = option.peer;
      expected +=
          "\n## " + std::string(to_string(peer)) + "\n\n| option | becomes | how, or why not |\n|---|---|---|\n";
    }
    const char* const becomes = option.status == LineStatus::Default    ? "the default"
                                : option.status == LineStatus::Signing  ? "left to the signer"
                                : option.status == LineStatus::Migrated ? "by its value"
                                                                        : "nothing";
    expected += "| `" + std::string(option.name) + "` | " +
                (*option.key == '\0' ? becomes : "`" + std::string(option.key) + "`") + " | " + option.why + " |\n";
  }
  const std::string docs = read("docs/migration.md");
  const auto start = docs.find("\n## OpenDKIM\n");
  REQUIRE(start != std::string::npos);
  CHECK(docs.substr(start) == expected);
}

TEST_CASE("config/migrate: random files give a configuration that loads, and no line is lost",
          "[config][migrate][property]") {
  static const std::vector<std::string> kValues{"true",
                                                "no",
                                                "0",
                                                "1",
                                                "-1",
                                                "99999",
                                                "2147483648",
                                                "0x10",
                                                "",
                                                "HOSTNAME",
                                                "mx.example.net",
                                                "a,b,,c",
                                                "10.0.0.0/8,!10.0.0.1",
                                                ".example.org",
                                                "::/0",
                                                "::ffff:127.0.0.0/104",
                                                "refile:/etc/f",
                                                "file:f",
                                                "csl:192.0.2.1",
                                                "/etc/f",
                                                "inet:8893@127.0.0.1",
                                                "inet6:1@[::1]",
                                                "inet:x",
                                                "local:/run/x",
                                                "accept",
                                                "d",
                                                "quarantine",
                                                "tempfail",
                                                "reject",
                                                "Fail",
                                                "Softfail",
                                                "SPF_Not_Pass",
                                                "Null",
                                                "False",
                                                "No_Check",
                                                "True",
                                                "s",
                                                "v",
                                                "sv",
                                                "x@example.org",
                                                "\"",
                                                "'",
                                                "#",
                                                "\\",
                                                "[]{}",
                                                "*.example.org",
                                                "\xC3\xBC.example",
                                                "\x80",
                                                "- a: b",
                                                "%YAML",
                                                "&a *a",
                                                "!!x"};
  static const std::vector<std::string> kLines{"",      "#",         "   ",        "\t# x",        "Domain",
                                               "= = =", "a = b = c", "x y z",      "\r",           "!",
                                               ",",     "192.0.2.1", "!192.0.2.1", ".example.org", "0.0.0.0/0"};
  std::mt19937 engine(8);
  const auto pick = [&](std::size_t count) { return static_cast<std::size_t>(engine()) % count; };
  for (int round = 0; round < 3'000; ++round) {
    std::vector<PeerFile> files;
    for (const Peer peer : {Peer::OpenDkim, Peer::OpenDmarc, Peer::OpenArc, Peer::PolicydSpf, Peer::Hosts}) {
      if (pick(3) == 0) {
        continue;
      }
      PeerFile file{peer, "f" + std::to_string(static_cast<int>(peer)), ""};
      if (peer == Peer::Hosts) {
        file.name = "/etc/f";
      }
      for (std::size_t left = pick(14); left > 0; --left) {
        const PeerOption& option = peer_options()[pick(peer_options().size())];
        const bool is_own = option.peer == peer;
        if (pick(8) == 0 || (!is_own && pick(4) != 0)) {
          file.text += kLines[pick(kLines.size())];
        } else {
          file.text +=
              option.name + std::string(peer == Peer::PolicydSpf ? " = " : " ") + kValues[pick(kValues.size())];
        }
        file.text += pick(20) == 0 ? "\r\n" : "\n";
      }
      files.push_back(std::move(file));
    }
    std::string all;
    for (const PeerFile& file : files) {
      all += "--- " + file.name + "\n" + file.text;
    }
    CAPTURE(round, all);
    const auto migration = migrate(files);
    REQUIRE(migration);
    REQUIRE(is_sound(files, *migration));
  }
}

TEST_CASE("config/migrate: random octets give a configuration that loads", "[config][migrate][property]") {
  std::mt19937 engine(9);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<PeerFile> files{dkim(""), dmarc(""), arc(""), spf(""), hosts("")};
    for (PeerFile& file : files) {
      for (auto size = engine() % 60; size > 0; --size) {
        file.text += engine() % 6 == 0 ? '\n' : static_cast<char>(engine() % 256);
      }
    }
    const auto migration = migrate(files);
    REQUIRE(migration);
    REQUIRE(is_sound(files, *migration));
  }
}

}  // namespace assay::config
