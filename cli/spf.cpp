#include "verify/spf/evaluate.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "cli/explain.h"
#include "cli/input.h"
#include "cli/paint.h"
#include "cli/summary.h"
#include "cli/verbs.h"
#include "observe/record.h"
#include "resolver/backend.h"
#include "resolver/lookups.h"
#include "verify/limits.h"

namespace assay::cli {
namespace {

struct Options {
  std::string client_ip;
  std::optional<std::string> helo;
  std::optional<std::string> mail_from;
  DnsOptions dns;
  bool json = false;
  bool explain = false;
  bool exit_code = false;
};

int run_spf(const Options& options) {
  if (!options.mail_from && !options.helo) {
    return complain("nothing to check: give --mail-from ADDR, or --helo NAME to check the HELO identity");
  }
  const auto ip = parse_client_ip(options.client_ip);
  if (!ip) {
    return complain(ip.error());
  }
  auto settings = apply(options.dns, resolver::Settings{});
  if (!settings) {
    return complain(settings.error());
  }
  const auto backend = resolver::make_backend(*settings);
  if (!backend) {
    return complain(backend.error());
  }
  resolver::Lookups lookups(*backend);
  lookups.set_deadline(std::chrono::steady_clock::now() + settings->message_deadline);

  const Limits limits;
  const std::string helo = options.helo.value_or("");
  spf::Query query =
      options.mail_from ? spf::mail_from_identity(*ip, *options.mail_from, helo) : spf::helo_identity(*ip, helo);
  query.receiver = host_name();
  query.now = current_time();
  query.trace = options.explain;
  const spf::Outcome outcome = spf::evaluate(query, lookups, limits);

  const Paint paint(wants_colour());
  if (options.json) {
    std::cout << observe::spf_json(outcome) << '\n';
  } else if (options.explain) {
    std::cout << explain(outcome, options.mail_from ? "MAIL FROM" : "HELO", *ip, lookups.used(), limits, paint);
  } else {
    std::cout << summary(outcome, paint);
  }
  return options.exit_code && outcome.status != spf::Status::Pass ? kExitFound : kExitDone;
}

}  // namespace

void add_spf(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* const verb = app.add_subcommand(
      "spf", "Checks one SPF identity (RFC 7208): MAIL FROM if --mail-from is given, even an empty one, else HELO.");
  verb->group(kVerbs);
  verb->add_option("--client-ip", options->client_ip, "Address of the client.")->type_name("IP")->required();
  verb->add_option("--helo", options->helo, "The client's HELO or EHLO name.")->type_name("NAME");
  verb->add_option("--mail-from", options->mail_from,
                   "Envelope sender; '' or <> is the null sender, checked as postmaster@HELO.")
      ->type_name("ADDR");
  verb->add_option("--zone", options->dns.zones,
                   "Answer DNS from this RFC 1035 zone file and ask nobody; may be repeated. A name in none of them "
                   "does not exist.")
      ->type_name("FILE")
      ->allow_extra_args(false);
  verb->add_option("--dns", options->dns.servers,
                   "Ask this DNS server alone; may be repeated. Default: those of /etc/resolv.conf.")
      ->type_name("ADDR[@PORT]")
      ->allow_extra_args(false);
  CLI::Option* const json = verb->add_flag("--json", options->json, "Print one JSON object.");
  verb->add_flag("--explain", options->explain,
                 "Tell the whole story: DNS answers, the record term by term with what the limits count, and what "
                 "would have made it pass.")
      ->excludes(json);
  verb->add_flag("--exit-code", options->exit_code, "Exit with 1 unless the result is pass.");
  verb->footer(
      "Exit status: 0 checked, whatever the result; 1 with --exit-code alone: the\n"
      "result is not pass; 2 usage, or something that cannot be read.\n\n"
      "Examples:\n"
      "  assay spf --client-ip 192.0.2.1 --mail-from bounce@example.com --explain\n"
      "  assay spf --client-ip 192.0.2.1 --helo mx.example.com --json\n"
      "  assay spf --client-ip 192.0.2.1 --mail-from a@example.com \\\n"
      "      --zone example.com.zone     # before the record is published");
  verb->callback([options, &run] { run = [options] { return run_spf(*options); }; });
}

}  // namespace assay::cli
