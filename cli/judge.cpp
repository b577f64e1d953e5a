#include "cli/judge.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <string_view>
#include <utility>

#include "config/load.h"
#include "policy/decide.h"
#include "policy/stamp.h"
#include "resolver/psl.h"
#include "verify/authres/format.h"
#include "verify/base/text.h"
#include "verify/message/smtp_path.h"
#include "verify/verification.h"

namespace assay::cli {
namespace {

/// Octets of the body given to the engine at a time, about what an MTA sends.
constexpr std::size_t kBodyChunkOctets = std::size_t{64} << 10U;

/// Feeds the message to the engine in the order of SMTP.
void feed(Verification& verification, const Mail& mail) {
  verification.client(mail.facts.client_ip, mail.facts.helo);
  if (mail.facts.has_envelope) {
    verification.mail_from(mail.facts.mail_from);
  }
  for (const auto& field : mail.message.fields) {
    verification.header(field.name, field.value);
  }
  verification.end_of_headers();
  std::string_view body = mail.message.body;
  bool wants_more = verification.wants_body();
  while (wants_more && !body.empty()) {
    const std::string_view chunk = body.substr(0, kBodyChunkOctets);
    wants_more = verification.body(chunk);
    body.remove_prefix(chunk.size());
  }
}

}  // namespace

Input<config::Settings> load_settings(const std::optional<std::string>& path) {
  const auto loaded = path ? config::load_file(*path, host_name()) : config::load_text("", "", host_name());
  if (loaded) {
    return *loaded;
  }
  std::string problems = "the configuration cannot be used:";
  for (const config::Problem& problem : loaded.error()) {
    problems += ' ' + config::to_string(problem) + ';';
  }
  problems.pop_back();
  return failure(problems);
}

Input<Engine> make_engine(config::Settings settings) {
  Engine engine;
  engine.settings = std::move(settings);
  auto backend = resolver::make_backend(engine.settings.dns);
  if (!backend) {
    return failure(backend.error());
  }
  engine.backend = *std::move(backend);
  if (engine.settings.dmarc.compare_psl) {
    auto suffixes = resolver::load_public_suffixes();
    if (!suffixes) {
      return failure("dmarc.compare_psl: " + suffixes.error());
    }
    engine.public_suffixes = *std::move(suffixes);
  }
  return engine;
}

policy::Facts envelope_facts(const std::string& helo, const std::optional<std::string>& mail_from,
                             const std::vector<std::string>& rcpt) {
  policy::Facts facts;
  facts.helo = helo;
  facts.has_envelope = mail_from.has_value();
  const auto read = [](const std::string& path) { return message::read_smtp_path(path, std::nullopt); };
  facts.mail_from = read(mail_from.value_or(""));
  std::transform(rcpt.begin(), rcpt.end(), std::back_inserter(facts.rcpt), read);
  // Only SMTPUTF8 can carry such an envelope (RFC 6531 section 3.4).
  facts.internationalized =
      !is_ascii(facts.mail_from) || !std::all_of(facts.rcpt.begin(), facts.rcpt.end(), [](const std::string& address) {
        return is_ascii(std::string_view(address));
      });
  return facts;
}

observe::Record judge(const Engine& engine, const Mail& mail, resolver::Lookups& lookups, bool trace) {
  const config::Settings& settings = engine.settings;
  lookups.set_deadline(std::chrono::steady_clock::now() + settings.dns.message_deadline);
  Verification verification(settings.limits, {settings.authserv_id, trace, engine.public_suffixes.get()});
  feed(verification, mail);

  observe::Record record;
  record.time = mail.now;
  record.facts = mail.facts;
  record.facts.resent = !verification.headers().find("Resent-From").empty();
  record.settings = settings.fingerprint;
  record.verdict = verification.finish(lookups, mail.now);
  record.decision = policy::decide(record.verdict, record.facts, settings.policy, record.time);
  record.authentication_results =
      authres::format(record.verdict, policy::make_stamp(settings.authserv_id, record.facts, record.decision));
  return record;
}

}  // namespace assay::cli
