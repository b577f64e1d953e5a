#include "tests/observe/sample.h"

#include <chrono>

namespace assay::test {

using observe::Record;

Record sample_record() {
  using namespace std::chrono_literals;
  Record record;
  record.time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + 14h + 5min + 9s;
  record.settings = "0123456789ab";
  record.notes = {"marked by a header instead"};
  record.authentication_results = "mx.example.net;\n spf=pass smtp.mailfrom=example.com;\n dmarc=fail";

  policy::Facts& facts = record.facts;
  facts.client_ip = IpAddress::parse("192.0.2.1").value();
  facts.client_name = "mx.example.com";
  facts.helo = "mx.example.com";
  facts.mail_from = "bounce@example.com";
  facts.has_envelope = true;
  facts.rcpt = {"bob@example.net", "ann@example.net"};
  facts.queue_id = "4XyZ1";
  facts.tls = "TLSv1.3";
  facts.authenticated = "login";
  facts.internationalized = true;
  facts.size = 4321;
  facts.resent = true;

  Verdict& verdict = record.verdict;
  verdict.spf_mail_from.status = spf::Status::Pass;
  verdict.spf_mail_from.reason = spf::Reason::None;
  verdict.spf_mail_from.domain = "example.com";
  verdict.spf_mail_from.mechanism = "ip4:192.0.2.0/24";
  verdict.spf_mail_from.lookups = 2;
  verdict.spf_mail_from.void_lookups = 1;
  verdict.spf_helo.status = spf::Status::None;
  verdict.spf_helo.reason = spf::Reason::NoRecord;
  verdict.spf_helo.domain = "mx.example.com";

  dkim::Outcome signature;
  signature.status = dkim::Status::Fail;
  signature.reason = dkim::Reason::BodyHashMismatch;
  signature.domain = "example.com";
  signature.signing_domain = Domain::parse("example.com").value();
  signature.selector = "s1";
  signature.identity = "@example.com";
  signature.algorithm = "rsa-sha256";
  signature.signature_start = "mQ8GEWPc";
  signature.key_bits = 2048;
  signature.headers_verified = true;
  verdict.dkim.push_back(signature);

  verdict.arc.status = arc::Status::Pass;
  verdict.arc.instances = 1;
  verdict.arc.sealers = {"lists.example.org"};
  verdict.arc.hops = {{"arc", "lists.example.org", true, false, true, {}}};
  verdict.arc.oldest_pass = 1;
  verdict.arc.from_signed = true;
  verdict.arc.claims = {{"dmarc", "pass", {{"header.from", "example.com"}}},
                        {"spf", "pass", {{"smtp.mailfrom", "\"odd one\"@example.com"}}}};

  verdict.dmarc.status = dmarc::Status::Fail;
  verdict.dmarc.reason = dmarc::Reason::NotAligned;
  verdict.dmarc.author = Domain::parse("news.example.org").value();
  verdict.dmarc.published = dmarc::Policy::Reject;
  verdict.dmarc.policy = dmarc::Policy::Quarantine;
  verdict.dmarc.policy_domain = Domain::parse("example.org").value();
  verdict.dmarc.organizational_domain = Domain::parse("example.org").value();
  verdict.dmarc.testing = true;
  verdict.dmarc.strict_dkim = true;
  dmarc::Rfc7489& rfc7489 = verdict.dmarc.rfc7489.emplace();
  rfc7489.status = dmarc::Status::Pass;
  rfc7489.published = dmarc::Policy::Reject;
  rfc7489.policy = dmarc::Policy::Reject;
  rfc7489.percent = 25;
  rfc7489.policy_domain = Domain::parse("example.org").value();
  rfc7489.organizational_domain = Domain::parse("news.example.org").value();
  rfc7489.tree_walk_organizational_domain = Domain::parse("example.org").value();
  rfc7489.dkim_aligned = true;
  rfc7489.differences = {dmarc::Difference::Result, dmarc::Difference::Policy, dmarc::Difference::OrganizationalDomain};
  dmarc::Outcome other;
  other.status = dmarc::Status::None;
  other.reason = dmarc::Reason::NoRecord;
  other.author = Domain::parse("example.info").value();
  verdict.other_authors.push_back(other);

  verdict.iprev = iprev::Outcome{};
  verdict.iprev->status = iprev::Status::Pass;
  verdict.iprev->name = "mx.example.com";
  verdict.from = {"alice@news.example.org", "x@example.info"};
  verdict.list_id = "dev.lists.example.org";
  verdict.list_post_host = "lists.example.org";
  verdict.resent_from = {Domain::parse("example.edu").value()};
  verdict.dns_queries = 6;

  policy::Decision& decision = record.decision;
  decision.action = policy::Action::Quarantine;
  decision.rule = "policy.indirect";
  decision.would = policy::Action::Reject;
  decision.would_rule = "strict";
  decision.headers = {{"X-Partner", "yes"}};
  decision.tags = {"partner", "seen"};
  decision.observed = {{"strict", policy::Action::Reject}};
  decision.undecided = {"forwarder"};
  decision.override = policy::Override{"local_policy", "rule policy.indirect"};
  decision.unproven = true;
  decision.mixed_recipients = true;
  decision.reply = policy::Reply{550, "5.7.1", "No."};
  decision.quarantine = policy::Quarantine{};
  decision.unavailable_form = policy::QuarantineHow::Hold;
  decision.indirect = {policy::Indirect::SignedHeaders, policy::Indirect::List};
  return record;
}

const std::vector<StringField>& string_fields() {
  using R = Record;
  using S = std::string;
  static const std::vector<StringField> fields{
      {"authentication_results", [](R& r, const S& s) { r.authentication_results = s; }},
      {"settings", [](R& r, const S& s) { r.settings = s; }},
      {"notes", [](R& r, const S& s) { r.notes = {s}; }},
      {"client_name", [](R& r, const S& s) { r.facts.client_name = s; }},
      {"helo", [](R& r, const S& s) { r.facts.helo = s; }},
      {"mail_from", [](R& r, const S& s) { r.facts.mail_from = s; }},
      {"rcpt",
       [](R& r, const S& s) {
         r.facts.rcpt = {s, s};
       }},
      {"queue_id", [](R& r, const S& s) { r.facts.queue_id = s; }},
      {"tls", [](R& r, const S& s) { r.facts.tls = s; }},
      {"authenticated", [](R& r, const S& s) { r.facts.authenticated = s; }},
      {"spf.domain", [](R& r, const S& s) { r.verdict.spf_mail_from.domain = s; }},
      {"spf.mechanism", [](R& r, const S& s) { r.verdict.spf_mail_from.mechanism = s; }},
      {"spf.detail", [](R& r, const S& s) { r.verdict.spf_mail_from.detail = s; }},
      {"spf.explanation", [](R& r, const S& s) { r.verdict.spf_mail_from.explanation = s; }},
      {"spf helo domain", [](R& r, const S& s) { r.verdict.spf_helo.domain = s; }},
      {"dkim.domain", [](R& r, const S& s) { r.verdict.dkim.front().domain = s; }},
      {"dkim.selector", [](R& r, const S& s) { r.verdict.dkim.front().selector = s; }},
      {"dkim.identity", [](R& r, const S& s) { r.verdict.dkim.front().identity = s; }},
      {"dkim.algorithm", [](R& r, const S& s) { r.verdict.dkim.front().algorithm = s; }},
      {"dkim.signature_start", [](R& r, const S& s) { r.verdict.dkim.front().signature_start = s; }},
      {"dkim.detail", [](R& r, const S& s) { r.verdict.dkim.front().detail = s; }},
      {"arc.sealers", [](R& r, const S& s) { r.verdict.arc.sealers = {s}; }},
      {"arc.hops selector", [](R& r, const S& s) { r.verdict.arc.hops.front().selector = s; }},
      {"arc.hops signer", [](R& r, const S& s) { r.verdict.arc.hops.front().signer = s; }},
      {"arc.hops claims",
       [](R& r, const S& s) {
         r.verdict.arc.hops.assign(2, {s, s, true, false, true, {{s, s, {{s, s}}}}});
       }},
      {"arc.claims method", [](R& r, const S& s) { r.verdict.arc.claims.front().method = s; }},
      {"arc.claims result", [](R& r, const S& s) { r.verdict.arc.claims.front().result = s; }},
      {"arc.claims property",
       [](R& r, const S& s) {
         r.verdict.arc.claims.front().properties = {{s, s}};
       }},
      {"arc.detail", [](R& r, const S& s) { r.verdict.arc.detail = s; }},
      {"dmarc.detail", [](R& r, const S& s) { r.verdict.dmarc.detail = s; }},
      {"dmarc.rfc7489.detail", [](R& r, const S& s) { r.verdict.dmarc.rfc7489->detail = s; }},
      {"iprev.name", [](R& r, const S& s) { r.verdict.iprev->name = s; }},
      {"from", [](R& r, const S& s) { r.verdict.from = {s}; }},
      {"list_id", [](R& r, const S& s) { r.verdict.list_id = s; }},
      {"list_post_host", [](R& r, const S& s) { r.verdict.list_post_host = s; }},
      {"rule", [](R& r, const S& s) { r.decision.rule = s; }},
      {"reply.enhanced", [](R& r, const S& s) { r.decision.reply->enhanced = s; }},
      {"reply.text", [](R& r, const S& s) { r.decision.reply->text = s; }},
      {"redirect_to",
       [](R& r, const S& s) {
         r.decision.quarantine = policy::Quarantine{policy::QuarantineHow::Redirect, "", "", s};
       }},
  };
  return fields;
}

const std::vector<std::string>& odd_strings() {
  static const std::vector<std::string> strings = [] {
    constexpr int kRun = 64;  // octets in one string, below every bound
    std::vector<std::string> made;
    for (int first = 0; first < 256; first += kRun) {
      std::string plain;
      std::string spaced;
      std::string after_lead;
      for (int octet = first; octet < first + kRun; ++octet) {
        plain += static_cast<char>(octet);
        (spaced += 'a') += static_cast<char>(octet);
        (after_lead += '\xC3') += static_cast<char>(octet);
      }
      made.insert(made.end(), {plain, spaced, after_lead});
    }
    for (const char octet : {'\0', '\n', '"', '\\', '\x7F', '\x80', '\xC3', '\xFF'}) {
      made.emplace_back(1, octet);
    }
    return made;
  }();
  return strings;
}

}  // namespace assay::test
