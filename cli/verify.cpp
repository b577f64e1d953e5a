#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/dump.h"
#include "cli/explain.h"
#include "cli/input.h"
#include "cli/judge.h"
#include "cli/paint.h"
#include "cli/summary.h"
#include "cli/verbs.h"
#include "observe/record.h"
#include "resolver/lookups.h"
#include "verify/message/split.h"

namespace assay::cli {
namespace {

struct Options {
  std::optional<std::string> client_ip;
  std::string helo;
  std::optional<std::string> mail_from;
  std::vector<std::string> rcpt;
  DnsOptions dns;
  std::optional<std::string> config;
  std::optional<std::string> now;
  bool json = false;
  bool explain = false;
  bool canonical = false;
  std::optional<std::string> dump;
  bool exit_code = false;
  std::string message;
};

/// The options, read.
struct Job {
  Engine engine;
  Mail mail;
};

Input<Job> prepare(const Options& options) {
  Job job;
  job.mail.facts = envelope_facts(options.helo, options.mail_from, options.rcpt);
  if (options.client_ip) {
    auto ip = parse_client_ip(*options.client_ip);
    if (!ip) {
      return failure(ip.error());
    }
    job.mail.facts.client_ip = *ip;
  }
  job.mail.now = current_time();
  if (options.now) {
    auto now = parse_now(*options.now);
    if (!now) {
      return failure(now.error());
    }
    job.mail.now = *now;
  }
  auto settings = load_settings(options.config);
  if (!settings) {
    return failure(settings.error());
  }
  auto dns = apply(options.dns, settings->dns);
  if (!dns) {
    return failure(dns.error());
  }
  settings->dns = *std::move(dns);
  const auto text = read_file(options.message);
  if (!text) {
    return failure(text.error());
  }
  job.mail.facts.size = text->size();
  job.mail.message = message::split(*text);
  auto engine = make_engine(*std::move(settings));
  if (!engine) {
    return failure(engine.error());
  }
  job.engine = *std::move(engine);
  if (options.dump) {
    if (const auto folder = open_dump_folder(*options.dump); !folder) {
      return failure(folder.error());
    }
  }
  return job;
}

int run_verify(const Options& options) {
  const auto job = prepare(options);
  if (!job) {
    return complain(job.error());
  }
  resolver::Lookups lookups(job->engine.backend);
  const bool wants_trace = options.explain || options.dump.has_value();
  const observe::Record record = judge(job->engine, job->mail, lookups, wants_trace);

  std::string index;
  if (options.dump) {
    const auto lines = dump_canonical(*options.dump, record.verdict, job->mail.message.body);
    if (!lines) {
      return complain(lines.error());
    }
    index = '\n' + to_text(*lines, *options.dump);
  }
  const Paint paint(wants_colour());
  if (options.json) {
    std::cout << observe::verification_json(record) << '\n';
  } else if (options.explain) {
    std::cout << explain(record, lookups.used(), job->engine.settings.limits, paint, options.canonical) << index;
  } else {
    std::cout << summary(record, paint) << index;
  }
  return options.exit_code && record.decision.action != policy::Action::Accept ? kExitFound : kExitDone;
}

}  // namespace

void add_verify(CLI::App& app, Run& run) {
  auto options = std::make_shared<Options>();
  CLI::App* const verb = app.add_subcommand("verify",
                                            "Verifies one message as assayd would: SPF, DKIM, DMARC, ARC and reverse "
                                            "DNS, and what the policy makes of them.\n"
                                            "Changes nothing and sends nothing but DNS questions.");
  verb->group(kVerbs);
  verb->add_option("--client-ip", options->client_ip,
                   "Address of the client that sent the message. Without it SPF is none and there is no iprev. The "
                   "message never counts as local, whatever the configuration says of the address.")
      ->type_name("IP");
  verb->add_option("--helo", options->helo, "The client's HELO or EHLO name.")->type_name("NAME");
  verb->add_option("--mail-from", options->mail_from,
                   "Envelope sender; '' or <> is the null sender. Without it there is no envelope and SPF is none.")
      ->type_name("ADDR");
  verb->add_option("--rcpt", options->rcpt, "Envelope recipient; may be repeated.")
      ->type_name("ADDR")
      ->allow_extra_args(false);
  verb->add_option("--zone", options->dns.zones,
                   "Answer DNS from this RFC 1035 zone file and ask nobody; may be repeated. A name in none of them "
                   "does not exist.")
      ->type_name("FILE")
      ->allow_extra_args(false);
  verb->add_option("--dns", options->dns.servers,
                   "Ask this DNS server alone; may be repeated. Default: the configuration's, else /etc/resolv.conf's.")
      ->type_name("ADDR[@PORT]")
      ->allow_extra_args(false);
  verb->add_option("--config", options->config,
                   "Configuration of assayd; without it the defaults hold and no file is read.")
      ->type_name("FILE");
  verb->add_option("--now", options->now,
                   "Time at which the message is judged, for t= and x= of signatures. Default: the clock's.")
      ->type_name("UNIX|RFC3339");
  CLI::Option* const json = verb->add_flag("--json", options->json, "Print one JSON object, the decision record.");
  CLI::Option* const explain =
      verb->add_flag("--explain", options->explain,
                     "Tell the whole story: DNS answers, each SPF term, each check of each signature, ARC, the DMARC "
                     "walks and how each domain aligns, the decision, and what would have made it pass. Asks DNS a "
                     "little more than the verdict needs, and says what.")
          ->excludes(json);
  verb->add_flag("--canonical", options->canonical,
                 "With --explain: also show the header fields as each signature hashes them, with CR, LF, tabs and "
                 "hidden spaces made visible.")
      ->needs(explain);
  verb->add_option(
          "--dump-canonical", options->dump,
          "Write the octets that each signature hashes to files in this folder, which must be new or empty: "
          "dkim-1.header, dkim-1.body, arc-1-ams.header, arc-1-ams.body, arc-1-seal.header ... Prints size and "
          "SHA-256 of each. Works without a key, too.")
      ->type_name("DIR")
      ->excludes(json);
  verb->add_flag("--exit-code", options->exit_code, "Exit with 1 unless the decision is accept.");
  verb->add_option("MESSAGE", options->message, "File that holds the message with its header, or - for standard input.")
      ->type_name("")
      ->required();
  verb->footer(
      "Line ends may be LF or CRLF. A file of up to 200 MiB is read.\n\n"
      "Exit status: 0 verified, whatever the result; 1 with --exit-code alone: the\n"
      "decision is not accept; 2 usage, or something that cannot be read.\n\n"
      "Examples:\n"
      "  assay verify --client-ip 192.0.2.1 --helo mx.example.com \\\n"
      "      --mail-from bounce@example.com mail.eml\n"
      "  assay verify --explain --config /etc/assay/assay.yaml \\\n"
      "      --client-ip 2001:db8::1 --mail-from '' - < mail.eml\n"
      "  assay verify --dump-canonical octets mail.eml && sha256sum octets/*\n"
      "  assay verify --zone example.com.zone --json mail.eml | jq .decision");
  verb->callback([options, &run] { run = [options] { return run_verify(*options); }; });
}

}  // namespace assay::cli
