#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/input.h"
#include "cli/verbs.h"
#include "config/lint.h"
#include "config/load.h"
#include "config/node.h"
#include "resolver/backend.h"
#include "resolver/lookups.h"
#include "resolver/psl.h"
#include "verify/base/escape.h"

namespace assay::cli {
namespace {

using policy::LintFinding;
using policy::LintKind;
using policy::Severity;

/// The most names that DNS is asked about in one run.
constexpr std::size_t kMaxNamesAsked = 10'000;
/// Names asked at once, which share one deadline.
constexpr std::size_t kMaxBatchNames = 500;

struct Options {
  std::vector<std::string> files;
  DnsOptions dns;
  std::optional<std::string> now;
  bool strict = false;
  bool json = false;
};

/// What the findings are made with.
struct Tools {
  Time now{};
  std::shared_ptr<const dmarc::PublicSuffixes> suffixes;  ///< Null without the list: its findings are left out.
  std::shared_ptr<resolver::Backend> dns;                 ///< Null unless asked for.
  std::chrono::milliseconds deadline{};                   ///< For the questions of one batch.
};

bool is_pattern(const std::string& text) {
  return text.starts_with("*.");
}

/// The name itself, or the one that a pattern is below.
std::optional<Domain> domain_of(const config::ListedName& name) {
  const auto domain = Domain::parse(is_pattern(name.text) ? name.text.substr(2) : name.text);
  return domain ? std::optional(*domain) : std::nullopt;
}

/// Top-level domains that the public suffix list need not have: those that are not in the root zone and never will be
/// (RFC 6761, 6762, 7686, 9476, and ICANN's "internal" for private use), and arpa, which is in it (RFC 3172) and holds
/// no mail domains.
bool is_reserved(const std::string& top) {
  constexpr std::array<std::string_view, 9> kReserved{"example", "test", "invalid",  "localhost", "local",
                                                      "onion",   "alt",  "internal", "arpa"};
  return std::find(kReserved.begin(), kReserved.end(), top) != kReserved.end();
}

LintFinding about(LintKind kind, const config::ListedName& name, std::string message, std::string fix) {
  return {kind, name.place, name.rule, std::move(message), std::move(fix)};
}

/// What the public suffix list tells of the names; those of which nothing is wrong are left for DNS.
std::vector<config::ListedName> check_suffixes(const std::vector<config::ListedName>& names,
                                               const dmarc::PublicSuffixes& suffixes,
                                               std::vector<LintFinding>& findings) {
  std::vector<config::ListedName> others;
  for (const config::ListedName& name : names) {
    const auto domain = domain_of(name);
    if (!domain) {
      continue;
    }
    const Domain top = domain->rightmost(1);
    if (is_reserved(top.str())) {
      continue;
    }
    if (!suffixes.is_listed(top)) {
      findings.push_back(about(LintKind::UnknownTld, name,
                               name.key + ": " + name.text + " cannot exist: there is no top-level domain " + top.str(),
                               "Correct the name."));
    } else if (name.is_proof && is_pattern(name.text) && suffixes.is_listed(*domain)) {
      findings.push_back(about(
          LintKind::PublicSuffix, name,
          name.key + ": anybody can have a name below " + domain->str() + ", so that " + name.text + " proves nothing",
          "Name the domain that you mean, such as *.example." + domain->str() + "."));
    } else {
      others.push_back(name);
    }
  }
  return others;
}

std::string plural(std::size_t number, const std::string& word) {
  return std::to_string(number) + " " + word + (number == 1 ? "" : "s");
}

/// What DNS said of each name that it answered for.
std::map<std::string, dns::Status> ask_dns(const std::set<std::string>& names, const Tools& tools) {
  std::map<std::string, dns::Status> answers;
  for (auto next = names.begin(); next != names.end();) {
    resolver::Lookups lookups(tools.dns);
    lookups.set_deadline(std::chrono::steady_clock::now() + tools.deadline);
    std::vector<dns::Question> batch;
    for (; next != names.end() && batch.size() < kMaxBatchNames; ++next) {
      batch.push_back({*next, dns::Type::A});
    }
    lookups.prefetch(batch, [] {});
    const std::size_t answered_before = answers.size();
    for (const dns::Question& question : batch) {
      const dns::Status status = lookups.lookup(question)->status;
      if (status != dns::Status::TempFail && status != dns::Status::Bogus) {
        answers.emplace(question.name, status);
      }
    }
    if (answers.size() == answered_before) {
      break;  // Nobody is there: the rest would only take as long.
    }
  }
  return answers;
}

/// Names that DNS says do not exist, and how many it said nothing of.
void check_dns(const std::vector<config::ListedName>& names, const Tools& tools, std::vector<LintFinding>& findings) {
  std::set<std::string> all;
  std::set<std::string> asked;
  for (const config::ListedName& name : names) {
    if (const auto domain = domain_of(name)) {
      all.insert(domain->str());
      if (asked.size() < kMaxNamesAsked) {
        asked.insert(domain->str());
      }
    }
  }
  const auto answers = ask_dns(asked, tools);
  const config::ListedName* open = nullptr;
  for (const config::ListedName& name : names) {
    const auto domain = domain_of(name);
    if (!domain) {
      continue;
    }
    const auto answer = answers.find(domain->str());
    if (answer == answers.end()) {
      open = open != nullptr ? open : &name;
    } else if (answer->second == dns::Status::NxDomain) {
      findings.push_back(about(LintKind::UnknownName, name,
                               name.key + ": " + domain->str() + " does not exist in DNS (NXDOMAIN)",
                               "Correct the name, or drop it if its owner gave it up: whoever registers it next is "
                               "let in."));
    }
  }
  if (open != nullptr) {
    findings.push_back(about(LintKind::Unchecked, *open,
                             "DNS gave no answer for " + std::to_string(all.size() - answers.size()) + " of " +
                                 plural(all.size(), "name") + ", of which this is the first: nobody knows whether " +
                                 "they exist",
                             "Run this again with a DNS server that answers."));
  }
}

/// What became of one file.
struct Report {
  std::vector<LintFinding> findings;
  std::size_t rules = 0;
  std::size_t unproven = 0;  ///< Rules that say unproven: true.
};

/// What became of all files.
struct Summary {
  Report all;
  std::size_t read = 0;    ///< Files.
  std::size_t unread = 0;  ///< Files that could not be read, of which standard error told.
};

Report lint_file(const std::string& file, const std::string& text, const Tools& tools) {
  const config::Reading reading = config::read_with_drop_ins(text, file, host_name());
  std::vector<config::ListedName> names = config::domains_of(reading);
  Report report;
  report.findings = config::lint(reading, names, tools.now);
  if (tools.suffixes) {
    names = check_suffixes(names, *tools.suffixes, report.findings);
  }
  if (tools.dns) {
    check_dns(names, tools, report.findings);
  }
  config::sort(report.findings);
  const auto& rules = reading.settings.policy.own;
  report.rules = rules.size();
  report.unproven = static_cast<std::size_t>(
      std::count_if(rules.begin(), rules.end(), [](const policy::Rule& rule) { return rule.unproven; }));
  return report;
}

std::size_t count(const std::vector<LintFinding>& findings, Severity severity) {
  return static_cast<std::size_t>(std::count_if(
      findings.begin(), findings.end(),
      [severity](const LintFinding& finding) { return policy::info(finding.kind).severity == severity; }));
}

void print_text(const Summary& summary) {
  const Report& report = summary.all;
  for (const LintFinding& finding : report.findings) {
    std::cout << escape(config::to_string(finding)) << '\n';
    if (!finding.fix.empty()) {
      std::cout << "    fix: " << escape(finding.fix) << '\n';
    }
  }
  if (summary.read == 0) {
    return;  // Of nothing that was read there are not "0 errors".
  }
  std::cout << plural(report.rules, "rule") << ": " << plural(count(report.findings, Severity::Error), "error") << ", "
            << plural(count(report.findings, Severity::Warning), "warning");
  if (report.unproven > 0) {
    std::cout << "; " << report.unproven << " without proof (unproven: true)";
  }
  if (summary.unread > 0) {
    std::cout << "; " << plural(summary.unread, "file") << " not read";
  }
  std::cout << '\n';
}

void print_json(const Summary& summary) {
  const Report& report = summary.all;
  nlohmann::ordered_json findings = nlohmann::ordered_json::array();
  for (const LintFinding& finding : report.findings) {
    const auto& kind = policy::info(finding.kind);
    findings.push_back({{"file", finding.place.file ? escape(*finding.place.file) : ""},
                        {"line", finding.place.line},
                        {"column", finding.place.column},
                        {"kind", kind.word},
                        {"severity", kind.severity == Severity::Error ? "error" : "warning"},
                        {"rule", escape(finding.rule)},
                        {"message", escape(finding.message)},
                        {"fix", escape(finding.fix)}});
  }
  const nlohmann::ordered_json object{{"schema", 1},
                                      {"findings", findings},
                                      {"rules", report.rules},
                                      {"unproven", report.unproven},
                                      {"unread", summary.unread}};
  std::cout << object.dump() << '\n';
}

Input<Tools> prepare(const Options& options) {
  Tools tools;
  tools.now = current_time();
  if (options.now) {
    const auto now = parse_now(*options.now);
    if (!now) {
      return failure(now.error());
    }
    tools.now = *now;
  }
  if (const auto suffixes = resolver::load_public_suffixes()) {
    tools.suffixes = *suffixes;
  } else {
    std::cerr << "assay: top-level domains are not checked: " << escape(suffixes.error()) << '\n';
  }
  if (!options.dns.zones.empty() || !options.dns.servers.empty()) {
    const auto dns = apply(options.dns, resolver::Settings{});
    if (!dns) {
      return failure(dns.error());
    }
    auto backend = resolver::make_backend(*dns);
    if (!backend) {
      return failure(backend.error());
    }
    tools.dns = *std::move(backend);
    tools.deadline = dns->message_deadline;
  }
  return tools;
}

int run_lint(const Options& options) {
  const auto tools = prepare(options);
  if (!tools) {
    return complain(tools.error());
  }
  int status = kExitDone;
  Summary summary;
  Report& all = summary.all;
  for (const std::string& file : options.files) {
    const auto text = read_file(file, config::kMaxConfigOctets);
    if (!text) {
      status = complain(text.error());
      ++summary.unread;
      continue;
    }
    ++summary.read;
    Report report = lint_file(file, *text, *tools);
    all.rules += report.rules;
    all.unproven += report.unproven;
    std::move(report.findings.begin(), report.findings.end(), std::back_inserter(all.findings));
  }
  if (options.json) {
    print_json(summary);
  } else {
    print_text(summary);
  }
  const bool fails = options.strict ? !all.findings.empty() : count(all.findings, Severity::Error) > 0;
  return fails ? std::max(status, kExitFound) : status;
}

}  // namespace

void add_policy_lint(CLI::App& policy, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* const verb = policy.add_subcommand(
      "lint",
      "Finds rules that can never decide, conditions that exclude each other, rules that let in what anybody can "
      "forge, names that do not exist, and whatever else is wrong with a configuration.");
  verb->group(kVerbs);
  verb->add_option("FILE", options->files, "Configuration file, or - for standard input.")->type_name("")->required();
  verb->add_option("--zone", options->dns.zones, "Look names up in this zone file (RFC 1035).")->type_name("FILE");
  verb->add_option("--dns", options->dns.servers, "Look names up with this server.")->type_name("ADDR[@PORT]");
  verb->add_option("--now", options->now, "The time by which rules expire: seconds since 1970, or RFC 3339.")
      ->type_name("TIME");
  verb->add_flag("--strict", options->strict, "Warnings count as findings for the exit status, too.");
  verb->add_flag("--json", options->json, "Print one JSON object.");
  verb->footer(
      "Without --zone and --dns no name is looked up.\n\n"
      "Exit status: 0 no error (with --strict: no warning, either); 1 there is one;\n"
      "2 usage, or a file that cannot be read. docs/lint.md explains every kind.\n\n"
      "Example:\n  assay policy lint --strict /etc/assay/assay.yaml");
  verb->callback([options, &run] { run = [options] { return run_lint(*options); }; });
}

}  // namespace assay::cli
