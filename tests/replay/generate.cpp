// Writes decision records of made-up messages to standard output, as assayd would have logged them under one policy,
// and what another policy decides of the same messages in a file: what a replay must find.
//
//   generate COUNT SEED OLD.yaml NEW.yaml EXPECTED.json > RECORDS

#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/load.h"
#include "observe/record.h"
#include "policy/decide.h"
#include "tests/support/dice.h"

namespace {

using namespace assay;
using test::Dice;

constexpr unsigned kDomains = 5000;
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";

/// Few domains send most of the mail.
std::string pick_domain(Dice& dice) {
  const std::size_t rank = dice.below(dice.below(kDomains) + 1);
  static const std::vector<std::string> words{"mail", "shop", "news", "bank", "cloud", "media", "travel", "health"};
  return words[rank % words.size()] + std::to_string(rank) + (rank % 3 == 0 ? ".example.com" : ".example");
}

Domain name(const std::string& text) {
  return Domain::parse(text).value();
}

IpAddress pick_address(Dice& dice, std::uint8_t network) {
  const std::array<std::uint8_t, 4> octets{network, static_cast<std::uint8_t>(dice.below(4)),
                                           static_cast<std::uint8_t>(dice.below(256)),
                                           static_cast<std::uint8_t>(dice.below(256))};
  return IpAddress::from_v4(octets);
}

spf::Outcome spf(spf::Status status, const std::string& domain) {
  spf::Outcome outcome;
  outcome.status = status;
  outcome.reason = status == spf::Status::None      ? spf::Reason::NoRecord
                   : status == spf::Status::Neutral ? spf::Reason::NoMatch
                                                    : spf::Reason::None;
  outcome.domain = domain;
  outcome.mechanism = status == spf::Status::Pass ? "ip4:192.0.2.0/24" : "all";
  outcome.lookups = 3;
  return outcome;
}

dkim::Outcome signature(Dice& dice, const std::string& domain, dkim::Status status, dkim::Reason reason) {
  dkim::Outcome outcome;
  outcome.status = status;
  outcome.reason = reason;
  outcome.domain = domain;
  outcome.signing_domain = name(domain);
  outcome.selector = "s" + std::to_string(dice.below(20));
  outcome.identity = "@" + domain;
  outcome.algorithm = "rsa-sha256";
  outcome.signature_start = dice.text(8, kLetters);
  outcome.key_bits = 2048;
  outcome.headers_verified = status == dkim::Status::Pass || reason == dkim::Reason::BodyHashMismatch;
  return outcome;
}

void set_dmarc(Dice& dice, Verdict& verdict, const std::string& author, bool passes) {
  dmarc::Outcome& dmarc = verdict.dmarc;
  dmarc.author = name(author);
  dmarc.organizational_domain = dmarc.author;
  if (dice.one_in(5)) {
    dmarc.status = dmarc::Status::None;
    dmarc.reason = dmarc::Reason::NoRecord;
    return;
  }
  dmarc.policy_domain = dmarc.author;
  dmarc.published = dice.up_to(dmarc::Policy::Reject);
  dmarc.policy = dmarc.published;
  dmarc.status = passes ? dmarc::Status::Pass : dmarc::Status::Fail;
  dmarc.reason = passes ? dmarc::Reason::None : dmarc::Reason::NotAligned;
  if (dice.one_in(200)) {
    dmarc.status = dmarc::Status::TempError;
    dmarc.reason = dmarc::Reason::DnsFailure;
    dmarc.published.reset();
    dmarc.policy.reset();
  }
  dmarc.strict_dkim = dice.one_in(10);
  dmarc.spf_aligned = passes && verdict.spf_mail_from.status == spf::Status::Pass;
  dmarc.dkim_aligned = passes;
}

/// Mail as most of it is: from its own servers, signed.
void make_direct(Dice& dice, Verdict& verdict, policy::Facts& facts, const std::string& author) {
  facts.client_ip = pick_address(dice, 198);
  facts.client_name = "mx" + std::to_string(dice.below(9)) + '.' + author;
  facts.mail_from = "bounce-" + dice.text(12, kLetters) + '@' + author;
  verdict.spf_mail_from = spf(spf::Status::Pass, author);
  verdict.dkim.push_back(signature(dice, author, dkim::Status::Pass, dkim::Reason::None));
  if (dice.flip()) {
    verdict.dkim.push_back(signature(dice, "esp.example.net", dkim::Status::Pass, dkim::Reason::None));
  }
  verdict.iprev = iprev::Outcome{iprev::Status::Pass, facts.client_name};
  set_dmarc(dice, verdict, author, true);
}

/// A list that adds a footer, seals and sends in its own name.
void make_list(Dice& dice, Verdict& verdict, policy::Facts& facts, const std::string& author) {
  const std::string list = "lists" + std::to_string(dice.below(20)) + ".example.org";
  facts.client_ip = pick_address(dice, 203);
  facts.client_name = list;
  facts.mail_from = "dev-bounces@" + list;
  verdict.list_id = "dev." + list;
  verdict.list_post_host = list;
  verdict.spf_mail_from = spf(spf::Status::Pass, list);
  verdict.dkim.push_back(signature(dice, list, dkim::Status::Pass, dkim::Reason::None));
  verdict.dkim.push_back(signature(dice, author, dkim::Status::Fail, dkim::Reason::BodyHashMismatch));
  verdict.iprev = iprev::Outcome{iprev::Status::Pass, list};
  if (dice.flip()) {
    arc::Outcome& arc = verdict.arc;
    arc.status = arc::Status::Pass;
    arc.instances = 1;
    arc.sealers = {list};
    arc.hops = {{"arc", list, true, false, true, {}}};
    arc.oldest_pass = 0;
    arc.from_signed = true;
    arc.claims = {{"dmarc", "pass", {{"header.from", author}}},
                  {"spf", "pass", {{"smtp.mailfrom", "a@" + author}}},
                  {"dkim", "pass", {{"header.d", author}, {"header.s", "s1"}}}};
  }
  set_dmarc(dice, verdict, author, false);
}

/// A partner whose signatures break on the way, from networks of its own.
void make_partner(Dice& dice, Verdict& verdict, policy::Facts& facts, const std::string& author) {
  facts.client_ip = pick_address(dice, 192);
  facts.client_name = "out.partner.example";
  facts.mail_from = "invoices@partner.example";
  verdict.spf_mail_from = spf(spf::Status::Pass, "partner.example");
  verdict.dkim.push_back(signature(dice, author, dkim::Status::Fail, dkim::Reason::SignatureMismatch));
  verdict.iprev = iprev::Outcome{iprev::Status::Pass, facts.client_name};
  set_dmarc(dice, verdict, author, false);
}

void make_forged(Dice& dice, Verdict& verdict, policy::Facts& facts, const std::string& author) {
  facts.client_ip = pick_address(dice, 100);
  facts.helo = dice.text(10, kLetters) + ".invalid";
  facts.mail_from = dice.text(8, kLetters) + '@' + author;
  verdict.spf_mail_from = spf(dice.flip() ? spf::Status::Fail : spf::Status::SoftFail, author);
  verdict.iprev = iprev::Outcome{dice.flip() ? iprev::Status::Fail : iprev::Status::PermError, ""};
  set_dmarc(dice, verdict, author, false);
}

observe::Record make_record(Dice& dice) {
  observe::Record record;
  const std::string author = pick_domain(dice);
  policy::Facts& facts = record.facts;
  Verdict& verdict = record.verdict;
  record.time = Time(std::chrono::seconds(1'790'000'000 + dice.below(2'592'000)));
  facts.has_envelope = true;
  facts.queue_id = "4" + dice.text(10, "BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789");
  facts.tls = dice.one_in(20) ? "" : "TLSv1.3";
  facts.size = 1000 + dice.below(200'000);
  for (std::size_t i = dice.one_in(10) ? 4 : 1; i > 0; --i) {
    facts.rcpt.push_back(dice.text(6, kLetters) + "@example.net");
  }
  const std::size_t kind = dice.below(100);
  if (kind < 5) {
    facts.local = true;
    facts.authenticated = "user" + std::to_string(dice.below(500));
    facts.client_ip = pick_address(dice, 10);
    facts.mail_from = facts.authenticated + "@example.net";
  } else if (kind < 70) {
    make_direct(dice, verdict, facts, author);
  } else if (kind < 80) {
    make_list(dice, verdict, facts, author);
  } else if (kind < 85) {
    make_partner(dice, verdict, facts, author);
  } else {
    make_forged(dice, verdict, facts, author);
  }
  if (facts.helo.empty()) {
    facts.helo = facts.client_name.empty() ? "client.example.net" : facts.client_name;
  }
  verdict.spf_helo = spf(spf::Status::None, facts.helo);
  verdict.from = {"someone." + dice.text(5, kLetters) + '@' + author};
  if (dice.one_in(500)) {
    verdict.dmarc.status = dmarc::Status::None;
    verdict.dmarc.reason = dmarc::Reason::FromRepeated;
    verdict.dmarc.author.reset();
  }
  verdict.dns_queries = 9;
  record.authentication_results = "mx.example.net;\n spf=pass smtp.mailfrom=" + facts.mail_from +
                                  ";\n dkim=pass header.d=" + author +
                                  " header.s=s1 header.a=rsa-sha256 header.b=" + dice.text(8, kLetters) +
                                  ";\n dmarc=pass (p=reject) header.from=" + author +
                                  " policy.dmarc=none;\n iprev=pass policy.iprev=192.0.2.1 (" + facts.client_name + ')';
  return record;
}

std::optional<config::Settings> load(const std::string& file) {
  auto loaded = config::load_file(file, "mx.example.net");
  if (!loaded) {
    for (const config::Problem& problem : loaded.error()) {
      std::cerr << config::to_string(problem) << '\n';
    }
    return std::nullopt;
  }
  return *std::move(loaded);
}

int run(const std::vector<std::string>& arguments) {
  const auto before = load(arguments[2]);
  const auto after = load(arguments[3]);
  if (!before || !after) {
    return 2;
  }
  Dice dice(static_cast<unsigned>(std::stoul(arguments[1])));
  std::map<std::string, std::map<std::string, std::size_t>> actions;
  std::map<std::string, std::size_t> rules;
  std::map<std::string, std::size_t> observed;
  std::size_t local = 0;
  std::size_t changed = 0;
  for (std::size_t i = std::stoul(arguments[0]); i > 0; --i) {
    observe::Record record = make_record(dice);
    record.settings = before->fingerprint;
    record.decision = decide(record.verdict, record.facts, before->policy, record.time);
    std::cout << to_json(record) << '\n';
    if (record.facts.local) {
      ++local;
      continue;
    }
    const policy::Decision now = decide(record.verdict, record.facts, after->policy, record.time);
    ++actions[to_string(record.decision.action)][to_string(now.action)];
    ++rules[now.rule];
    for (const policy::Observed& rule : now.observed) {
      ++observed[rule.rule];
    }
    // The form of quarantine is the same in both configurations, and so is the field that marks.
    changed += record.decision.action == now.action && record.decision.headers == now.headers ? 0U : 1U;
  }
  std::ofstream(arguments[4]) << nlohmann::json{
      {"actions", actions}, {"rules", rules}, {"observed", observed}, {"local", local}, {"changed", changed}};
  std::cout.flush();
  return std::cout ? 0 : 2;
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  if (arguments.size() != 5) {
    std::cerr << "usage: generate COUNT SEED OLD.yaml NEW.yaml EXPECTED.json > RECORDS\n";
    return 2;
  }
  return run(arguments);
}
