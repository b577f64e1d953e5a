#include "config/load.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

#include "config/fingerprint.h"
#include "config/node.h"
#include "config/reader.h"
#include "verify/base/text.h"

namespace assay::config {
namespace {

using policy::Action;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

template <class T, std::size_t N>
using Words = std::array<std::pair<const char*, T>, N>;

// What a rule of the policy may do. A check that could not be made (temperror) neither passes nor fails, so that no
// policy of the domain's owner can be applied (RFC 9989 section 5.3.6); a message beyond a bound was not looked at.
constexpr Words<Action, 5> kAnyAction{{{"accept", Action::Accept},
                                       {"reject", Action::Reject},
                                       {"tempfail", Action::TempFail},
                                       {"quarantine", Action::Quarantine},
                                       {"discard", Action::Discard}}};
constexpr Words<Action, 2> kTempErrorAction{{{"accept", Action::Accept}, {"tempfail", Action::TempFail}}};
constexpr Words<Action, 3> kExceededAction{
    {{"reject", Action::Reject}, {"tempfail", Action::TempFail}, {"accept", Action::Accept}}};

/// U-labels become A-labels, since an ASCII message can carry no others, and a trailing dot goes. Letter case stays.
std::string normalize_authserv_id(const std::string& text) {
  const auto domain = Domain::parse(text);
  if (!domain) {
    return text;
  }
  return iequals(text, domain->str()) ? text : domain->str();
}

Parsed<std::string> parse_authserv_id(const std::string& text) {
  if (const auto complaint = check_authserv_id(text)) {
    return parse_error(*complaint);
  }
  return normalize_authserv_id(text);
}

Parsed<IpNetwork> parse_network(const std::string& text) {
  const auto network = IpNetwork::parse(text);
  if (!network) {
    return parse_error("is not a network such as 192.0.2.0/24 or \"2001:db8::/32\": " + network.error().what);
  }
  return *network;
}

Parsed<resolver::Forwarder> parse_server(const std::string& text) {
  const auto server = resolver::parse_forwarder(text);
  if (!server) {
    return parse_error("is not a server such as 192.0.2.53 or 192.0.2.53@5353: " + server.error().what);
  }
  return *server;
}

Parsed<Domain> parse_sealer(const std::string& text) {
  const auto domain = Domain::parse(text);
  if (!domain) {
    return parse_error("is not a domain such as lists.example.org: " + domain.error().what);
  }
  return *domain;
}

Parsed<std::string> parse_zone_file(const std::string& text) {
  // A path may be relative: zone files are for rehearsals and tests.
  if (text.empty()) {
    return parse_error("is not the name of a file");
  }
  return text;
}

void read_authserv_id(Section& root, Settings& settings, const std::string& host_name) {
  settings.authserv_id = host_name;
  root.text("authserv_id", settings.authserv_id, check_authserv_id);
  if (const auto complaint = check_authserv_id(host_name); complaint && !root.is_given("authserv_id")) {
    root.complain("authserv_id", {},
                  "the name of this host, " + Section::quote(host_name) + ", cannot stand for it: it " + *complaint +
                      "; set authserv_id");
  }
  settings.authserv_id = normalize_authserv_id(settings.authserv_id);
  root.list("authserv_aliases", settings.authserv_aliases, "[mail.example.net]", parse_authserv_id);
}

void read_listen(Section& root, Socket& socket) {
  root.text("listen", socket.address, check_listen);
  Section section = root.section("socket");
  section.file_mode("mode", socket.mode);
  section.text_or_off("group", socket.group, check_group);
  section.finish();
}

void read_dns(Section section, resolver::Settings& dns) {
  if (const YamlNode* const forward = section.find("forward"); forward != nullptr) {
    if (forward->kind == YamlNode::Kind::Scalar && forward->text == "resolv.conf") {
      dns.forward.reset();
    } else {
      std::vector<resolver::Forwarder> servers;
      section.list_of("forward", *forward, servers, "[192.0.2.53], or the word resolv.conf", parse_server);
      dns.forward = std::move(servers);
    }
  }
  section.duration("timeout", dns.timeout, milliseconds(10), minutes(1));
  section.duration("message_deadline", dns.message_deadline, milliseconds(10), minutes(4));
  section.on_off("dnssec", dns.dnssec);
  section.list("zones", dns.zones, "[example.zone]", parse_zone_file);
  section.finish();
}

void read_local(Section section, LocalMail& local) {
  local.networks = {IpNetwork::parse("127.0.0.0/8").value(), IpNetwork::parse("::1").value()};
  section.list("networks", local.networks, "[192.0.2.0/24]", parse_network);
  section.choice("authenticated", local.skip_authenticated, Words<bool, 2>{{{"skip", true}, {"verify", false}}});
  section.list("trusted_authserv", local.trusted_authserv, "[192.0.2.0/24]", parse_network);
  section.finish();
}

void read_arc(Section section, std::vector<Domain>& trusted_sealers) {
  section.list("trusted_sealers", trusted_sealers, "[lists.example.org]", parse_sealer);
  section.finish();
}

void read_dmarc(Section section, Dmarc& dmarc) {
  section.choice("compare_psl", dmarc.compare_psl, Words<bool, 2>{{{"true", true}, {"false", false}}});
  section.finish();
}

/// [LEAST, MOST]. Verifiers must take 1024 to 4096 bits, and must not take fewer (RFC 8301 section 3.2).
void read_rsa_bits(Section& section, Limits& limits) {
  constexpr unsigned kLeast = 1024;
  constexpr unsigned kMost = 16384;  // OpenSSL's own bound, OPENSSL_RSA_MAX_MODULUS_BITS.
  const char* const key = "rsa_bits";
  const YamlNode* const node = section.find(key);
  if (node == nullptr) {
    return;
  }
  std::vector<unsigned> bits;
  section.list_of(key, *node, bits, "[1024, 4096]", [](const std::string& text) -> Parsed<unsigned> {
    constexpr std::size_t kMaxDigits = 5;
    const bool is_number = !text.empty() && text.size() <= kMaxDigits &&
                           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    const unsigned value = is_number ? static_cast<unsigned>(std::stoul(text)) : 0;
    if (value < kLeast || value > kMost) {
      return parse_error("is not a number of bits from " + std::to_string(kLeast) + " to " + std::to_string(kMost));
    }
    return value;
  });
  if (node->kind != YamlNode::Kind::List || bits.size() != node->items.size()) {
    return;
  }
  if (bits.size() != 2 || bits[0] > bits[1]) {
    section.complain(key, node->mark, "must be two numbers, the least and the most, such as [1024, 4096]");
    return;
  }
  limits.rsa_bits_min = bits[0];
  limits.rsa_bits_max = bits[1];
}

void read_limits(Section section, Settings& settings) {
  Limits& limits = settings.limits;
  section.count("signatures", limits.signatures, 1, 50);
  section.count("arc_sets", limits.arc_sets, 1, 50);  // RFC 8617 section 4.2.1
  section.size("header_bytes", limits.header_octets, std::size_t{1} << 10U, std::size_t{16} << 20U);
  section.count("author_domains", limits.author_domains, 1, 100);
  read_rsa_bits(section, limits);
  section.choice("exceeded", settings.policy.exceeded, kExceededAction);
  section.finish();
}

void read_quarantine(Section section, policy::Quarantine& quarantine) {
  using policy::QuarantineHow;
  section.choice("how", quarantine.how,
                 Words<QuarantineHow, 4>{{{"header", QuarantineHow::Header},
                                          {"hold", QuarantineHow::Hold},
                                          {"reject", QuarantineHow::Reject},
                                          {"redirect", QuarantineHow::Redirect}}});
  section.text("name", quarantine.name, check_field_name);
  section.text("value", quarantine.value, check_field_value);
  section.text("to", quarantine.to, check_address);
  if (quarantine.how == QuarantineHow::Redirect && !section.is_given("to")) {
    section.complain("to", section.mark_of("how"), "is needed for how: redirect: write the address, to: ADDRESS");
  }
  if (quarantine.how != QuarantineHow::Redirect && section.is_given("to")) {
    section.complain("to", section.mark_of("to"), "goes with how: redirect alone: remove it, or change how");
  }
  section.finish();
}

void read_policy(Section section, policy::Rules& rules) {
  Section published = section.section("published");
  published.choice("reject", rules.published.reject, kAnyAction);
  published.choice("quarantine", rules.published.quarantine, kAnyAction);
  published.choice("none", rules.published.none, kAnyAction);
  published.finish();
  section.choice("indirect", rules.indirect, kAnyAction);
  section.choice("temperror", rules.temperror, kTempErrorAction);
  section.choice("bad_from", rules.bad_from, kAnyAction);
  read_quarantine(section.section("quarantine"), rules.quarantine);
  if (const YamlNode* const own = section.find("rules"); own != nullptr) {
    if (own->kind != YamlNode::Kind::List || !own->items.empty()) {
      section.complain("rules", own->mark,
                       "rules of the administrator's own are not supported by this version: write rules: []");
    }
  }
  section.finish();
}

void read_log(Section section, Log& log) {
  section.choice("format", log.format,
                 Words<Log::Format, 2>{{{"text", Log::Format::Text}, {"json", Log::Format::Json}}});
  section.choice("level", log.level,
                 Words<const char*, 4>{{{"debug", "debug"}, {"info", "info"}, {"warn", "warn"}, {"error", "error"}}});
  section.text("target", log.target, check_log_target);
  section.finish();
}

void read_metrics(Section& root, std::string& listen) {
  const YamlNode* const node = root.find("metrics");
  if (node != nullptr && node->kind == YamlNode::Kind::Scalar) {
    if (node->text == "off") {
      listen.clear();
    } else {
      root.complain("metrics", node->mark,
                    Section::quote(node->text) + " is not a map: write {listen: ADDRESS:PORT}, or off");
    }
    return;
  }
  Section section = root.section_of("metrics", node);
  section.text_or_off("listen", listen, check_metrics);
  section.finish();
}

Settings read_settings(Findings& findings, const YamlNode& node, const std::string& host_name) {
  Settings settings;
  Section root(findings, node);
  read_authserv_id(root, settings, host_name);
  read_listen(root, settings.listen);
  root.choice("mode", settings.policy.mode,
              Words<policy::Mode, 2>{{{"enforce", policy::Mode::Enforce}, {"monitor", policy::Mode::Monitor}}});
  read_dns(root.section("dns"), settings.dns);
  read_local(root.section("local"), settings.local);
  read_arc(root.section("arc"), settings.trusted_sealers);
  read_dmarc(root.section("dmarc"), settings.dmarc);
  read_limits(root.section("limits"), settings);
  read_policy(root.section("policy"), settings.policy);
  read_log(root.section("log"), settings.log);
  read_metrics(root, settings.metrics_listen);
  root.text_or_off("control", settings.control, check_control);
  root.duration("stop_timeout", settings.stop_timeout, seconds(0), minutes(10));
  root.finish();
  return settings;
}

tl::unexpected<std::vector<Problem>> to_problems(std::vector<Finding> findings, const std::string& file) {
  std::vector<Problem> problems;
  problems.reserve(findings.size());
  for (Finding& finding : findings) {
    problems.push_back({file, finding.mark.line, finding.mark.column, std::move(finding.message)});
  }
  return failure(std::move(problems));
}

/// The octets of a file, or one problem. Reads a little more than the bound, so that read_yaml sees that it is passed.
Parsed<std::string, std::vector<Finding>> read_octets(const std::string& path) {
  const auto fail = [](int error) {
    return failure(std::vector<Finding>{{{}, "cannot be read: " + std::generic_category().message(error)}});
  };
  constexpr std::size_t kChunkOctets = 65536;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) {
    return fail(errno);
  }
  std::string text;
  std::vector<char> chunk(kChunkOctets);
  while (text.size() <= kMaxConfigOctets) {
    errno = 0;
    const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file.get());
    text.append(chunk.data(), count);
    if (std::ferror(file.get()) != 0) {
      return fail(errno);
    }
    if (count < chunk.size()) {
      break;
    }
  }
  return text;
}

}  // namespace

std::string to_string(const Problem& problem) {
  std::string text = problem.file;
  if (problem.line > 0) {
    text += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
  }
  return text + ": " + problem.message;
}

Loaded load_text(const std::string& text, const std::string& file, const std::string& host_name) {
  auto root = read_yaml(text);
  if (!root) {
    return to_problems(std::move(root.error()), file);
  }
  Findings findings;
  Settings settings = read_settings(findings, *root, host_name);
  if (!findings.empty()) {
    return to_problems(findings.take(), file);
  }
  settings.fingerprint = fingerprint(settings);
  return settings;
}

Loaded load_file(const std::string& path, const std::string& host_name) {
  auto text = read_octets(path);
  if (!text) {
    return to_problems(std::move(text.error()), path);
  }
  return load_text(*text, path, host_name);
}

}  // namespace assay::config
