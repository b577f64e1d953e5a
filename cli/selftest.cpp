#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/input.h"
#include "cli/paint.h"
#include "cli/progress.h"
#include "cli/selftest_attack.h"
#include "cli/selftest_judge.h"
#include "cli/selftest_play.h"
#include "cli/selftest_report.h"
#include "cli/verbs.h"
#include "config/load.h"
#include "mta/channel.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

/// For one attack. Longer than assayd's own bound on DNS (dns.message_deadline) by default.
constexpr std::uint64_t kLimitSeconds = 60;
constexpr std::uint64_t kMaxLimitSeconds = 600;
/// After so many attacks in a row that leave the daemon silent, or DNS, the rest is not tried.
constexpr int kMaxSilent = 2;

struct Options {
  std::string socket;
  std::optional<std::string> config;
  std::optional<std::string> authserv_id;
  std::optional<std::string> filter;
  std::string limit = std::to_string(kLimitSeconds);
  bool json = false;
};

bool holds(const std::vector<IpNetwork>& networks, const char* ip) {
  const auto address = IpAddress::parse(ip);
  return std::any_of(networks.begin(), networks.end(),
                     [&address](const IpNetwork& network) { return network.contains(*address); });
}

/// Why messages of these clients are not treated as inbound mail is; absent if they are.
std::optional<std::string> find_exception(const config::Settings& settings) {
  for (const char* const ip : {kSelftestIp, kSelftestIp6}) {
    if (holds(settings.local.networks, ip)) {
      return std::string("local.networks holds ") + ip +
             ", an address for documentation that no mail comes from: the messages of the selftest would not be "
             "verified. Take it out";
    }
    if (holds(settings.local.trusted_authserv, ip)) {
      return std::string("local.trusted_authserv holds ") + ip +
             ", an address for documentation that no mail comes from: forged results of the selftest would be kept. "
             "Take it out";
    }
  }
  return std::nullopt;
}

/// What to do about a socket that cannot be reached.
std::string advice(const std::string& socket, const mta::Failure& failure) {
  const bool is_unix = socket.starts_with("unix:") || socket.starts_with("local:");
  switch (failure.error) {
    case ENOENT:
      return "; there is no such socket: is assayd running, and is this what `listen` says? (`assay config show` "
             "tells)";
    case EACCES:
    case EPERM:
      return "; you may not write to it: run this as a member of the group that `socket: {group: ...}` names, or as "
             "root";
    case ECONNREFUSED:
      return is_unix ? "; nobody listens there any more: is assayd running?"
                     : "; nobody listens there: is assayd running (systemctl status assayd), and is this what `listen` "
                       "says?";
    default: break;
  }
  if (socket.starts_with("inet:") && std::count(socket.begin(), socket.end(), ':') == 2 &&
      socket.find('@') == std::string::npos) {
    return "; Postfix writes inet:HOST:PORT, and this is inet:PORT@HOST";
  }
  return "";
}

/// Loads the configuration; what is wrong with it goes to standard error.
std::optional<config::Settings> load(const std::string& file) {
  auto loaded = config::load_file(file, host_name());
  if (loaded) {
    return *std::move(loaded);
  }
  for (const config::Problem& problem : loaded.error()) {
    std::cerr << escape(config::to_string(problem)) << '\n';
  }
  return std::nullopt;
}

/// Runs attacks one after the other, tells of each as it ends, and stops where more of them would tell nothing.
class Tester {
 public:
  Tester(const Options& options, Target target, const std::optional<config::Settings>& settings)
      : options_(options), target_(std::move(target)), settings_(settings), paint_(wants_colour()) {
    report_.socket = target_.socket;
    if (settings_) {
      knowledge_.rules = settings_->policy;
      if (!settings_->policy.own.empty()) {
        report_.notes.emplace_back("rules of your own come before policy.bad_from: what it decides is not compared");
      }
    }
  }

  int run() {
    meet();
    if (!report_.stopped) {
      attack();
    }
    progress_.clear();
    report_.elapsed = std::chrono::steady_clock::now() - start_;
    if (options_.json) {
      std::cout << to_json(report_) << '\n';
    } else {
      std::cout << told_end(report_, paint_);
    }
    return report_.mismatches() == 0 && !report_.stopped ? kExitDone : kExitFound;
  }

 private:
  /// Who is the daemon, and does it treat a harmless message as inbound mail?
  void meet() {
    const Attack greeting = greet();
    const Conversation conversation = play(greeting, target_);
    std::string stamp;
    if (!conversation.messages.empty() && conversation.messages.front()) {
      stamp = stamp_of(*conversation.messages.front());
    }
    const std::string stamped_by = authserv_id_of(stamp);
    knowledge_.authserv_id = options_.authserv_id ? *options_.authserv_id
                             : settings_          ? settings_->authserv_id
                             : stamped_by.empty() ? host_name()
                                                  : stamped_by;
    report_.authserv_id = knowledge_.authserv_id;
    if (!options_.json) {
      std::cout << "The filter at " << escape(target_.socket) << ", which stamps as " << escape(knowledge_.authserv_id)
                << '\n';
    }
    knowledge_.harmless = results_of(stamp);
    const Finding finding = judge(greeting, conversation, knowledge_);
    add(greeting, finding);
    if (!stamp.empty() && knowledge_.harmless.empty()) {
      report_.stopped = std::string("the daemon does not verify mail from ") + kSelftestIp +
                        ": local.networks must hold no address for documentation, as no mail comes from there";
    } else if (!conversation.failure && !conversation.messages.front()) {
      report_.stopped = "the daemon takes no message";
    } else if (!conversation.failure &&
               conversation.messages.front()->disposition != mta::Delivery::Disposition::Accepted) {
      report_.stopped =
          "a harmless message is refused, so that nothing can be seen of others. If a rule of yours does that, let it "
          "make an exception for from_domain: " +
          std::string(kSelftestName);
    }
  }

  [[nodiscard]] std::vector<Attack> attacks() const {
    OwnNames names{knowledge_.authserv_id, {}};
    std::size_t header_octets = Limits().header_octets;
    if (settings_) {
      names.aliases = settings_->authserv_aliases;
      header_octets = settings_->limits.header_octets;
    }
    std::vector<Attack> all{ask_dns()};
    for (std::vector<Attack>& table : std::vector<std::vector<Attack>>{
             forged_results(names), doubtful_authors(), broken_signatures(names), misleading_words(),
             oversized_headers(names, header_octets), odd_sessions(names)}) {
      std::move(table.begin(), table.end(), std::back_inserter(all));
    }
    if (options_.filter) {
      std::erase_if(all, [&](const Attack& attack) { return attack.name.find(*options_.filter) == std::string::npos; });
    }
    return all;
  }

  void attack() {
    const std::vector<Attack> all = attacks();
    int silent = 0;
    int without_dns = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      progress_.note("case " + std::to_string(i + 1) + " of " + std::to_string(all.size()) + ": " + all[i].name);
      const Finding finding = judge(all[i], play(all[i], target_), knowledge_);
      add(all[i], finding);
      // A connection that it closed tells nothing of the next.
      silent = finding.is_silent && !is_alive() ? silent + 1 : 0;
      without_dns = finding.has_temperror ? without_dns + 1 : 0;
      if (silent == kMaxSilent) {
        report_.stopped = "the daemon does not answer any more; its log should say why (journalctl -u assayd)";
      } else if (without_dns == kMaxSilent) {
        report_.stopped =
            "DNS does not answer: temperror in every result, and each case would wait for dns.message_deadline. "
            "`assay spf --client-ip 192.0.2.1 --mail-from a@example.com` tells what this host's servers say";
      }
      if (report_.stopped) {
        report_.not_tried = all.size() - i - 1;
        return;
      }
    }
  }

  /// Whether it takes a harmless message.
  [[nodiscard]] bool is_alive() const { return !play(greet(), target_).failure; }

  void add(const Attack& attack, Finding finding) {
    report_.lines.push_back({attack.group, attack.name, attack.tries, std::move(finding)});
    if (!options_.json) {
      progress_.clear();
      std::cout << told_line(report_, report_.lines.size() - 1, paint_) << std::flush;
    }
  }

  const Options& options_;
  Target target_;
  const std::optional<config::Settings>& settings_;
  Paint paint_;
  Progress progress_{std::nullopt};
  Knowledge knowledge_;
  SelftestReport report_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

int run_selftest(const Options& options) {
  const auto limit = parse_count("--limit", options.limit, 1, kMaxLimitSeconds);
  if (!limit) {
    return complain(limit.error());
  }
  std::optional<config::Settings> settings;
  if (options.config) {
    settings = load(*options.config);
    if (!settings) {
      return kExitUsage;
    }
    if (const auto exception = find_exception(*settings)) {
      return complain(*exception);
    }
  }
  const Target target{options.socket, std::chrono::seconds(*limit)};
  if (const auto channel = mta::Channel::open(target.socket, target.limit); !channel) {
    return complain("cannot reach the daemon at " + target.socket + ": " + channel.error().what +
                    advice(target.socket, channel.error()));
  }
  return Tester(options, target, settings).run();
}

}  // namespace

void add_selftest(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* const verb = app.add_subcommand(
      "selftest",
      "Attacks a running assayd, as an MTA that passes on hostile mail: forged results, misleading From fields, broken "
      "signatures, huge headers, odd sessions. Nothing is delivered, and nobody but the daemon is spoken to.");
  verb->group(kVerbs);
  verb->add_option("--socket", options->socket, "Where it listens: inet:PORT@HOST, inet6:PORT@HOST or unix:PATH.")
      ->type_name("SOCKET")
      ->required();
  verb->add_option("--config", options->config,
                   "Its configuration: then its decisions are compared with policy.bad_from and limits.exceeded, too, "
                   "and authserv_aliases are forged.")
      ->type_name("FILE");
  verb->add_option("--authserv-id", options->authserv_id,
                   "The name under which it stamps. Default: that of --config, or what it writes.")
      ->type_name("NAME");
  verb->add_option("--filter", options->filter, "Run only the cases whose name contains this text.")->type_name("TEXT");
  verb->add_option("--limit", options->limit,
                   "For one case, " + std::to_string(kLimitSeconds) + " without it; more than dns.message_deadline.")
      ->type_name("SECONDS");
  verb->add_flag("--json", options->json, "Print one JSON object.");
  verb->footer(
      "Its messages have queue ids that begin with selftest-, come from 192.0.2.1 and\n"
      "2001:db8::1, which are nobody's, and count in the log and the metrics like any\n"
      "others. docs/selftest.md tells what each case means.\n\n"
      "Exit status: 0 all is as expected; 1 something is not; 2 usage, a configuration\n"
      "that is not valid, or a socket that cannot be reached.\n\n"
      "Example:\n"
      "  assay selftest --socket inet:8893@127.0.0.1 --config /etc/assay/assay.yaml");
  verb->callback([options, &run] { run = [options] { return run_selftest(*options); }; });
}

}  // namespace assay::cli
