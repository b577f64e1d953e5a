#include "tests/observe/random_record.h"

#include <array>
#include <chrono>

namespace assay::test {
namespace {

/// Names that are related to each other, what an attacker may write, and octets at random.
std::string text(Dice& dice) {
  static const std::vector<std::string> texts{"example.com",
                                              "news.example.com",
                                              "lists.example.org",
                                              "",
                                              "a@example.com",
                                              "..",
                                              "...",
                                              "\xff\x01\r\n",
                                              "SRS0=x@example.org",
                                              "\\x0A",
                                              "\"odd \\ one\"@example.com",
                                              "\xC3\xA9\xE2\x80\xA8\xF0\x9F\x93\xA7",
                                              R"({"schema":1})"};
  if (dice.one_in(4)) {
    std::string octets;
    for (std::size_t i = dice.below(40); i > 0; --i) {
      octets += dice.octet();
    }
    return octets;
  }
  return dice.pick(texts);
}

Domain domain(Dice& dice) {
  static const std::vector<std::string> names{"example.com", "news.example.com",  "com",
                                              "example.org", "lists.example.org", "xn--bcher-kva.example"};
  return Domain::parse(dice.pick(names)).value();
}

std::optional<Domain> name(Dice& dice) {
  return dice.flip() ? std::optional(domain(dice)) : std::nullopt;
}

std::optional<dmarc::Policy> published(Dice& dice) {
  return dice.flip() ? std::optional(dice.up_to(dmarc::Policy::Reject)) : std::nullopt;
}

spf::Outcome spf(Dice& dice) {
  spf::Outcome outcome;
  outcome.status = dice.up_to(spf::Status::PermError);
  outcome.reason = dice.up_to(spf::Reason::DnssecBogus);
  outcome.domain = text(dice);
  outcome.detail = text(dice);
  return outcome;
}

dkim::Outcome dkim(Dice& dice) {
  dkim::Outcome outcome;
  outcome.status = dice.up_to(dkim::Status::PermError);
  outcome.reason = dice.up_to(dkim::Reason::TooCostly);
  outcome.domain = text(dice);
  outcome.signing_domain = name(dice);
  outcome.identity = text(dice);
  outcome.testing = dice.flip();
  outcome.headers_verified = dice.flip();
  return outcome;
}

/// Method, result and property names are keywords whatever a field says (authres::parse); values hold anything.
arc::Claim claim(Dice& dice) {
  static const std::vector<std::string> methods{"dmarc", "dkim", "spf", "x_y-1"};
  static const std::vector<std::string> properties{"header.from", "header.d", "header.i", "smtp.mailfrom", "a.b.c"};
  arc::Claim claim;
  claim.method = dice.pick(methods);
  claim.result = dice.flip() ? "pass" : "fail";
  for (std::size_t i = dice.below(4); i > 0; --i) {
    claim.properties.emplace_back(dice.pick(properties), text(dice));
  }
  return claim;
}

std::vector<arc::Claim> claims(Dice& dice) {
  std::vector<arc::Claim> list;
  for (std::size_t i = dice.below(3); i > 0; --i) {
    list.push_back(claim(dice));
  }
  return list;
}

arc::Outcome arc(Dice& dice) {
  arc::Outcome outcome;
  outcome.status = dice.up_to(arc::Status::Fail);
  outcome.reason = dice.up_to(arc::Reason::TooCostly);
  outcome.instances = static_cast<unsigned>(dice.below(4));
  for (unsigned i = 0; i < outcome.instances; ++i) {
    outcome.sealers.push_back(text(dice));
  }
  if (dice.flip()) {
    outcome.oldest_pass = static_cast<unsigned>(dice.below(3));
  }
  outcome.from_signed = dice.flip();
  outcome.failed_instance = static_cast<unsigned>(dice.below(3));
  outcome.claims = claims(dice);
  const std::size_t hops = outcome.status == arc::Status::Pass ? 1 + dice.below(3) : dice.below(2);
  for (std::size_t i = 0; i < hops; ++i) {
    arc::Hop& hop = outcome.hops.emplace_back();
    hop.selector = text(dice);
    hop.signer = text(dice);
    hop.signs_from = dice.flip();
    hop.signs_part = dice.flip();
    hop.readable = dice.flip();
    if (i > 0) {
      hop.claims = claims(dice);
    }
  }
  return outcome;
}

dmarc::Outcome dmarc(Dice& dice) {
  dmarc::Outcome outcome;
  outcome.status = dice.up_to(dmarc::Status::PermError);
  outcome.reason = dice.up_to(dmarc::Reason::DnssecBogus);
  outcome.author = name(dice);
  outcome.published = published(dice);
  outcome.policy = published(dice);
  outcome.policy_domain = name(dice);
  outcome.organizational_domain = name(dice);
  outcome.testing = dice.flip();
  outcome.strict_dkim = dice.flip();
  outcome.strict_spf = dice.flip();
  outcome.spf_aligned = dice.flip();
  outcome.dkim_aligned = dice.flip();
  return outcome;
}

IpAddress address(Dice& dice) {
  std::array<std::uint8_t, 16> octets{};
  for (std::uint8_t& octet : octets) {
    octet = static_cast<std::uint8_t>(dice.below(256));
  }
  return dice.flip() ? IpAddress::from_v6(octets) : IpAddress::from_v4(std::span(octets).first<4>());
}

policy::Facts facts(Dice& dice) {
  policy::Facts facts;
  if (dice.flip()) {
    facts.client_ip = address(dice);
  }
  facts.client_name = text(dice);
  facts.helo = text(dice);
  facts.has_envelope = !dice.one_in(10);
  facts.mail_from = facts.has_envelope ? text(dice) : "";
  for (std::size_t i = dice.below(4); i > 0; --i) {
    facts.rcpt.push_back(text(dice));
  }
  facts.queue_id = text(dice);
  facts.tls = text(dice);
  facts.authenticated = text(dice);
  facts.local = dice.one_in(10);
  facts.internationalized = dice.flip();
  facts.size = dice.below(1'000'000);
  facts.resent = dice.flip();
  return facts;
}

Verdict verdict(Dice& dice) {
  Verdict verdict;
  verdict.spf_mail_from = spf(dice);
  verdict.spf_helo = spf(dice);
  for (std::size_t i = dice.below(4); i > 0; --i) {
    verdict.dkim.push_back(dkim(dice));
  }
  verdict.arc = arc(dice);
  verdict.dmarc = dmarc(dice);
  for (std::size_t i = dice.one_in(3) ? dice.below(3) : 0; i > 0; --i) {
    verdict.other_authors.push_back(dmarc(dice));
  }
  if (dice.flip()) {
    verdict.iprev = iprev::Outcome{dice.up_to(iprev::Status::PermError), text(dice)};
  }
  for (std::size_t i = dice.below(3); i > 0; --i) {
    verdict.from.push_back(text(dice));
    verdict.resent_from.push_back(domain(dice));
  }
  verdict.list_id = text(dice);
  verdict.list_post_host = text(dice);
  if (dice.one_in(10)) {
    verdict.exceeded = dice.up_to(Bound::HeaderFields);
  }
  return verdict;
}

}  // namespace

observe::Record random_record(Dice& dice) {
  observe::Record record;
  // Up to the end of the year 9999.
  record.time = Time(std::chrono::seconds(dice.below(2'932'896) * 86'400 + dice.below(86'400)));
  record.facts = facts(dice);
  record.verdict = verdict(dice);
  record.decision.action = dice.up_to(policy::Action::Discard);
  record.decision.rule = text(dice);
  if (dice.flip()) {
    record.decision.would = dice.up_to(policy::Action::Discard);
  }
  record.decision.would_rule = text(dice);
  for (std::size_t i = dice.below(3); i > 0; --i) {
    record.decision.observed.push_back({text(dice), dice.up_to(policy::Action::Discard)});
    record.decision.indirect.push_back(dice.up_to(policy::Indirect::Forwarder));
  }
  record.authentication_results = text(dice);
  record.settings = text(dice);
  record.notes = {text(dice)};
  record.is_redacted = dice.flip();
  record.sample = 1 + dice.below(observe::kMaxSample);
  return record;
}

policy::Rules random_rules(Dice& dice) {
  using policy::Action;
  policy::Rules rules;
  rules.mode = dice.up_to(policy::Mode::Monitor);
  rules.published = {dice.up_to(Action::Discard), dice.up_to(Action::Discard), dice.up_to(Action::Discard)};
  rules.indirect = dice.up_to(Action::Discard);
  rules.temperror = dice.up_to(Action::Discard);
  rules.bad_from = dice.up_to(Action::Discard);
  rules.exceeded = dice.up_to(Action::Discard);
  rules.quarantine.how = dice.up_to(policy::QuarantineHow::Redirect);
  return rules;
}

}  // namespace assay::test
