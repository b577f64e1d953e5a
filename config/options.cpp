#include "config/options.h"

#include <algorithm>
#include <chrono>

#include "config/checks.h"
#include "config/option_kinds.h"
#include "config/option_values.h"
#include "config/print_rules.h"
#include "config/read_names.h"
#include "config/read_rules.h"
#include "verify/base/text.h"

/// Where a value lives in the Settings: a lambda in each row would hide the table.
// NOLINTBEGIN(bugprone-macro-parentheses): the name of a member cannot stand in parentheses.
#define AT(member)       \
  [](auto& s) -> auto& { \
    return s.member;     \
  }
// NOLINTEND(bugprone-macro-parentheses)

namespace assay::config {
namespace {

using policy::Action;
using policy::MixedRecipients;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// What a rule of the policy may do. A check that could not be made (temperror) neither passes nor fails, so that no
// policy of the domain's owner can be applied (RFC 9989 section 5.3.6); a message beyond a bound was not looked at.
const Words<Action>& any_action() {
  static const Words<Action> words{{"accept", Action::Accept},
                                   {"reject", Action::Reject},
                                   {"tempfail", Action::TempFail},
                                   {"quarantine", Action::Quarantine},
                                   {"discard", Action::Discard}};
  return words;
}

// Options that are like no other.

/// Stands for the host's name when it is not given.
Option authserv_id() {
  Option option = text("authserv_id", AT(authserv_id), kAuthservId,
                       "The name under which results are stamped (RFC 8601). Inbound fields that claim it are removed. "
                       "Default: the host's name.");
  option.sample = "mx.example.net";
  option.read = [read = option.read](Section& root, Settings& settings) {
    const std::string host_name = settings.authserv_id;
    read(root, settings);
    if (const auto complaint = check_authserv_id(host_name); complaint && !root.is_given("authserv_id")) {
      root.complain("authserv_id", {},
                    "the name of this host, " + quote(host_name) + ", cannot stand for it: it " + *complaint +
                        "; set authserv_id");
    }
    settings.authserv_id = normalize_authserv_id(settings.authserv_id);
  };
  return option;
}

/// A list of domains as rules have them: names, patterns and files.
template <class In>
Option domains(const char* key, const char* path, In in, const char* example, const char* about) {
  return {.key = key,
          .about = about,
          .form = {.kind = Form::Kind::List, .element = {sealers().form}},
          .read =
              [key, path, in, example](Section& section, Settings& settings) {
                const YamlNode* const node = section.find(key);
                if (node == nullptr) {
                  return;
                }
                if (node->kind == YamlNode::Kind::List) {
                  read_names(section.findings(), path, *node, NameKind::Domain, in(settings));
                } else {
                  section.complain(key, node->mark, std::string("must be a list, such as ") + example);
                }
              },
          .print = [in](const Settings& settings) { return print_list(in(settings).written(), print_text); }};
}

/// A list, or a word for those that the system names.
Option forward() {
  Option option{.key = "forward",
                .about =
                    "resolv.conf: the servers named there. Or a list of servers to ask, ADDRESS or ADDRESS@PORT. "
                    "[] asks the root servers and follows down: full recursion.",
                .form = {.kind = Form::Kind::List, .words = {"resolv.conf"}, .element = {servers().form}}};
  option.read = [](Section& section, Settings& settings) {
    const YamlNode* const node = section.find("forward");
    if (node == nullptr) {
      return;
    }
    if (node->kind == YamlNode::Kind::Scalar && node->text == "resolv.conf") {
      settings.dns.forward.reset();
      return;
    }
    std::vector<resolver::Forwarder> given;
    section.list_of("forward", *node, given, servers().example, servers().parse);
    settings.dns.forward = std::move(given);
  };
  option.print = [](const Settings& s) {
    return s.dns.forward ? print_list(*s.dns.forward, servers().print) : "resolv.conf";
  };
  return option;
}

/// [LEAST, MOST]. Verifiers must take 1024 to 4096 bits, and must not take fewer (RFC 8301 section 3.2).
Option rsa_bits() {
  constexpr unsigned kLeast = 1024;
  constexpr unsigned kMost = 16384;  // OpenSSL's own bound, OPENSSL_RSA_MAX_MODULUS_BITS.
  Option option{.key = "rsa_bits",
                .about = "The RSA keys of DKIM and ARC that are taken, by their size: [LEAST, MOST].",
                .form = {.kind = Form::Kind::List, .count = 2}};
  option.form.element = {{.kind = Form::Kind::Count, .least = std::to_string(kLeast), .most = std::to_string(kMost)}};
  option.read = [](Section& section, Settings& settings) {
    const YamlNode* const node = section.find("rsa_bits");
    if (node == nullptr) {
      return;
    }
    std::vector<unsigned> bits;
    section.list_of("rsa_bits", *node, bits, "[1024, 4096]", [](const std::string& text) -> Parsed<unsigned> {
      constexpr std::size_t kMaxDigits = 5;
      const bool is_number =
          !text.empty() && text.size() <= kMaxDigits && std::all_of(text.begin(), text.end(), is_digit);
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
      section.complain("rsa_bits", node->mark, "must be two numbers, the least and the most, such as [1024, 4096]");
      return;
    }
    settings.limits.rsa_bits_min = bits[0];
    settings.limits.rsa_bits_max = bits[1];
  };
  option.print = [](const Settings& s) {
    return "[" + std::to_string(s.limits.rsa_bits_min) + ", " + std::to_string(s.limits.rsa_bits_max) + "]";
  };
  return option;
}

/// The address goes with one way of quarantine alone.
Option quarantine() {
  using policy::QuarantineHow;
  Option to = text("to", AT(policy.quarantine.to), kAddress,
                   "For how: redirect alone, which needs it: the address that gets the message.");
  to.sample = "quarantine@example.net";
  to.print = [](const Settings& s) {
    return s.policy.quarantine.how == QuarantineHow::Redirect ? std::optional(print_text(s.policy.quarantine.to))
                                                              : std::nullopt;
  };
  Option option = map(
      "quarantine", "How quarantine is done.",
      {choice("how", AT(policy.quarantine.how),
              Words<QuarantineHow>{{"header", QuarantineHow::Header},
                                   {"hold", QuarantineHow::Hold},
                                   {"reject", QuarantineHow::Reject},
                                   {"redirect", QuarantineHow::Redirect}},
              "header: accept the message with the field below. hold: keep it in the MTA's quarantine "
              "until somebody releases it. reject: refuse it after all. redirect: accept it for the "
              "address of `to` in place of its recipients."),
       text("name", AT(policy.quarantine.name), kFieldName,
            "For how: header: the field's name, none that mail itself gives a meaning."),
       text("value", AT(policy.quarantine.value), kFieldValue, "For how: header: the field's value, printable ASCII."),
       std::move(to)});
  option.check = [](Section& section, const Settings& settings) {
    const bool redirects = settings.policy.quarantine.how == QuarantineHow::Redirect;
    if (redirects && !section.is_given("to")) {
      section.complain("to", section.mark_of("how"), "is needed for how: redirect: write the address, to: ADDRESS");
    }
    if (!redirects && section.is_given("to")) {
      section.complain("to", section.mark_of("to"), "goes with how: redirect alone: remove it, or change how");
    }
  };
  return option;
}

Option rules() {
  Option option{.key = "rules",
                .about = "Rules of your own, in order: the first that fits decides. docs/policy.md explains them.",
                .form = {.kind = Form::Kind::List, .element = {{.kind = Form::Kind::Map}}}};
  option.read = [](Section& section, Settings& settings) {
    if (const YamlNode* const own = section.find("rules"); own != nullptr) {
      read_rules(section.findings(), *own, settings.policy);
    }
  };
  option.print = [](const Settings& s) {
    std::string text;
    for (const policy::Rule& rule : s.policy.own) {
      text += "\n    - " + print_rule(rule);
    }
    return text.empty() ? "[]" : text;
  };
  return option;
}

/// A map, or the word off for the whole of it.
Option metrics() {
  Option option =
      map("metrics",
          "Prometheus metrics over HTTP, path /metrics. off: none. A port that is taken refuses the start; a change "
          "takes effect at the next start.",
          {text_or_off("listen", AT(metrics_listen), kMetricsListen,
                       "Where they are served: ADDRESS:PORT, an IPv6 address in brackets; or off.")});
  option.form.words = {"off"};
  option.read = [table = option.form.keys()](Section& root, Settings& settings) {
    const YamlNode* const node = root.find("metrics");
    if (node != nullptr && node->kind == YamlNode::Kind::Scalar) {
      if (node->text == "off") {
        settings.metrics_listen.clear();
      } else {
        root.complain("metrics", node->mark, quote(node->text) + " is not a map: write {listen: ADDRESS:PORT}, or off");
      }
      return;
    }
    Section section = root.section_of("metrics", node);
    read_options(section, table, settings);
  };
  return option;
}

// The maps.

Option socket() {
  return map("socket",
             "For listen: unix:PATH alone. The MTA's user must be able to write to the socket: name its group.",
             {file_mode("mode", AT(listen.mode), "Its permissions, octal."),
              text_or_off("group", AT(listen.group), kGroup, "Its group. off: leave the daemon's own.")});
}

Option dns() {
  return map("dns", "Where answers come from.",
             {forward(), duration("timeout", AT(dns.timeout), milliseconds(10), minutes(1), "For one lookup."),
              duration("message_deadline", AT(dns.message_deadline), milliseconds(10), minutes(4),
                       "For all lookups of one message, counted from its end. Must stay below the MTA's own patience "
                       "with a milter (Postfix: milter_content_timeout, 300s). What is unanswered by then is a "
                       "temporary error."),
              on_off("dnssec", AT(dns.dnssec),
                     "on: validate answers. A forged answer then counts as an error, never as a result."),
              size("cache", AT(dns.cache_octets), std::size_t{1} << 20U, std::size_t{1} << 30U,
                   "Memory for answers and what was read from them, each for as long as its TTL says. 16MiB holds the "
                   "SPF and DMARC records and keys of some 2,500 domains."),
              list("zones", AT(dns.zones), zone_files(),
                   "Zone files (RFC 1035). If there is any, they are all the DNS there is: for tests and "
                   "rehearsals.")});
}

Option local() {
  return map("local",
             "Mail that is not inbound is not verified; fields that forge our results are still removed from it.",
             {list("networks", AT(local.networks), networks(), "Clients whose mail is local."),
              choice("authenticated", AT(local.skip_authenticated), Words<bool>{{"skip", true}, {"verify", false}},
                     "Mail of clients that logged in: skip (it is local, too) or verify."),
              list("trusted_authserv", AT(local.trusted_authserv), networks(),
                   "Clients that may bring Authentication-Results fields under our name: other hosts of the same "
                   "site."),
              domains("domains", "local.domains", AT(local.domains), "[example.net]",
                      "Domains of this site, such as example.net: each name as it stands; '*.example.net' for those "
                      "below it; '@FILE' for those in a file. A message that fails DMARC in the name of one of them "
                      "counts in the metric assay_own_domain_forged_total; nothing else depends on it. The "
                      "Organizational Domain in which authserv_id lies counts without being named.")});
}

Option arc() {
  return map("arc", "The chain of those who handled a message before (RFC 8617).",
             {domains("trusted_sealers", "arc.trusted_sealers", AT(policy.trusted_sealers), sealers().example,
                      "Domains of ARC sealers whose word is taken, such as lists.example.org: each name as it stands; "
                      "'*.example.org' for those below it; '@FILE' for those in a file. A message that fails DMARC is "
                      "accepted if its chain passes, all who sealed since the message "
                      "was last changed are among them, and the first of those who checked it found the author's "
                      "domain authentic. Whoever is named here can get any From field past DMARC.")});
}

Option dmarc() {
  return map("dmarc", "DMARC is RFC 9989: the tree walk finds the policy and the Organizational Domain.",
             {true_false("compare_psl", AT(dmarc.compare_psl),
                         "true: also work out what RFC 7489 would have said, which took the Organizational Domain from "
                         "the Public Suffix List, and record it with the differences (dmarc.rfc7489 of the record, a "
                         "metric). It never changes a result or a decision. Costs some DNS questions, and needs the "
                         "list of the package publicsuffix, which is read again at each reload.")});
}

Option limits() {
  return map(
      "limits", "Bounds on the work for one message, and on the messages at a time.",
      {count(
           "messages", AT(messages), 1, 100'000,
           "Messages in flight at a time, from MAIL FROM to their end. One more is deferred at MAIL FROM (451 4.3.2), "
           "in "
           "monitor mode, too; the first that ends makes room. Set it above the processes of your MTAs together "
           "(Postfix: default_process_limit, 100), and so low that this many headers of header_bytes fit into memory."),
       count("signatures", AT(limits.signatures), 1, 50,
             "DKIM signatures verified for one message. The others are reported as dkim=policy."),
       count("arc_sets", AT(limits.arc_sets), 1, 50,  // RFC 8617 section 4.2.1
             "ARC sets of one message. More is a failed chain."),
       size("header_bytes", AT(limits.header_octets), std::size_t{1} << 10U, std::size_t{16} << 20U,
            "All header fields of one message together."),
       count("author_domains", AT(limits.author_domains), 1, 100,
             "Domains of the From field that DMARC looks at. More is a bad From field."),
       rsa_bits(),
       choice("exceeded", AT(policy.exceeded),
              Words<Action>{{"reject", Action::Reject}, {"tempfail", Action::TempFail}, {"accept", Action::Accept}},
              "What happens to a message whose header is larger: reject (552 5.3.4), tempfail (452 4.3.4) or "
              "accept. Such a message is not verified.")});
}

Option published() {
  return map("published", "What happens if DMARC fails, by what the domain owner asks for.",
             {choice("reject", AT(policy.published.reject), any_action(), "For a domain whose policy is p=reject."),
              choice("quarantine", AT(policy.published.quarantine), any_action(), "As above, for p=quarantine."),
              choice("none", AT(policy.published.none), any_action(), "As above, for p=none.")});
}

/// discard where it is not allowed.
void check_discard(Section& section, const Settings& settings) {
  const policy::Rules& rules = settings.policy;
  const auto check = [&rules](Section& at, const char* key, Action action) {
    if (action == Action::Discard && !rules.allow_discard) {
      at.complain(key, at.mark_of(key), "discard needs policy.allow_discard: true, since it loses mail");
    }
  };
  Section below = section.section("published");
  check(below, "reject", rules.published.reject);
  check(below, "quarantine", rules.published.quarantine);
  check(below, "none", rules.published.none);
  check(section, "indirect", rules.indirect);
  check(section, "bad_from", rules.bad_from);
}

Option policy_options() {
  Option option =
      map("policy",
          "What happens to a message: accept, reject (550), tempfail (451), quarantine or discard. The first that "
          "applies decides: bad_from, temperror, then the domain owner's policy. Of several domains in From, the one "
          "with the harshest answer does.",
          {published(),
           choice("indirect", AT(policy.indirect), any_action(),
                  "As published.reject, if the message shows evidence that it came through a mailing list or a "
                  "forwarder. RFC 9989 wants no rejection on a domain owner's word alone. Has no effect where "
                  "published.reject is milder."),
           choice("temperror", AT(policy.temperror),
                  Words<Action>{{"accept", Action::Accept}, {"tempfail", Action::TempFail}},
                  "DMARC could not be checked, because DNS failed: accept or tempfail."),
           choice("bad_from", AT(policy.bad_from), any_action(),
                  "The From field is missing, repeated, unreadable (docs/from-field.md), without a domain, or names "
                  "too many."),
           quarantine(),
           true_false("allow_discard", AT(policy.allow_discard),
                      "true: discard may be asked for. It loses mail: neither sender nor recipient ever hears of it."),
           choice("mixed_recipients", AT(policy.mixed_recipients),
                  Words<MixedRecipients>{{"strictest", MixedRecipients::Strictest},
                                         {"most_lenient", MixedRecipients::MostLenient}},
                  "Which decision counts if the recipients of one message, each by itself, would get different ones: "
                  "strictest or most_lenient."),
           rules()});
  option.check = check_discard;
  return option;
}

Option log() {
  return map(
      "log", "What is told of each message, and of the daemon itself.",
      {choice("format", AT(log.format), Words<Log::Format>{{"text", Log::Format::Text}, {"json", Log::Format::Json}},
              "text: one line a message for people. json: one decision record a line."),
       choice("level", AT(log.level),
              Words<std::string>{{"debug", "debug"}, {"info", "info"}, {"warn", "warn"}, {"error", "error"}},
              "debug, info, warn or error: the least important that is still told."),
       text("target", AT(log.target), kLogTarget, "stderr, syslog, journald or the absolute path of a file."),
       choice("redact", AT(log.redact_local_parts), Words<bool>{{"off", false}, {"local_parts", true}},
              "local_parts: of addresses no more than the domain is told, in the log, in records and on the control "
              "socket; login names, explanations and details are left out (docs/privacy.md). What is stamped on the "
              "message stays as it is. A policy that asks for whole addresses cannot be replayed on such records."),
       count("sample", AT(log.sample), 1, kMaxSample,
             "Of so many ordinary messages one is logged, and its record says so. 1: all. Ordinary is what is accepted "
             "since nothing speaks against it; whatever a rule, a failed check, an error or a bound had a part in is "
             "always logged. Metrics, assay top and assay tail count all.")});
}

}  // namespace

const std::vector<Option>& Form::keys() const {
  static const std::vector<Option> none;
  return options ? *options : none;
}

const std::vector<Option>& options() {
  static const std::vector<Option> table{
      authserv_id(),
      list(
          "authserv_aliases", AT(authserv_aliases), authserv_ids(),
          "Further names whose inbound Authentication-Results fields are removed: those of hosts that trust this one's "
          "results."),
      text("listen", AT(listen.address), kListen,
           "Where the MTA reaches the daemon: inet:PORT@HOST, inet6:PORT@HOST, unix:PATH, or fd:3 for a socket that "
           "systemd opened. One that it passes is used whatever this says. Note that Postfix writes the same as "
           "inet:HOST:PORT."),
      socket(),
      choice("mode", AT(policy.mode),
             Words<policy::Mode>{{"enforce", policy::Mode::Enforce}, {"monitor", policy::Mode::Monitor}},
             "enforce, or monitor: decide, record and stamp as if, but change no message's fate."),
      dns(),
      local(),
      arc(),
      dmarc(),
      limits(),
      policy_options(),
      log(),
      metrics(),
      text_or_off(
          "control", AT(control), kControl,
          "The socket of `assay status`, `assay top` and `assay tail`: unix:PATH, or off. Its mode is 0660, its "
          "group the daemon's. One that cannot be opened is a warning; a change takes effect at the next "
          "start."),
      duration("stop_timeout", AT(stop_timeout), seconds(0), minutes(10),
               "How long a stopping daemon waits for messages in flight."),
  };
  return table;
}

Settings default_settings(const std::string& host_name) {
  Settings settings;
  settings.authserv_id = host_name;
  settings.local.networks = {IpNetwork::parse("127.0.0.0/8").value(), IpNetwork::parse("::1").value()};
  return settings;
}

namespace {

/// Reads what the section says of one option.
void read_option(Section& section, const Option& option, Settings& settings) {
  if (option.read) {
    option.read(section, settings);
    return;
  }
  Section below = section.section(option.key.c_str());
  read_options(below, option.form.keys(), settings);
}

/// Reports what is wrong with the values that do not count: who removes the later one must not meet it only then.
void check_overridden(const Section& section, const std::vector<Option>& table) {
  for (auto& [key, alone] : section.overridden()) {
    const auto option =
        std::find_if(table.begin(), table.end(), [&name = key](const Option& row) { return row.key == name; });
    if (option != table.end()) {
      Settings unused;
      read_option(alone, *option, unused);
    }
  }
}

}  // namespace

void read_options(Section& section, const std::vector<Option>& table, Settings& settings) {
  for (const Option& option : table) {
    if (option.read) {
      option.read(section, settings);
      continue;
    }
    Section below = section.section(option.key.c_str());
    read_options(below, option.form.keys(), settings);
    if (option.check) {
      option.check(below, settings);
    }
  }
  check_overridden(section, table);
  section.finish();
}

}  // namespace assay::config
