#include "tests/policy/mail_streams.h"

#include <chrono>

namespace assay::test {
namespace {

Domain domain(const std::string& text) {
  return Domain::parse(text).value();
}

}  // namespace

Mail failing_mail(std::size_t i, const std::string& author) {
  Mail mail;
  mail.time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 16) + std::chrono::hours(2 * (i % 84));
  Verdict& verdict = mail.verdict;
  verdict.dmarc.status = dmarc::Status::Fail;
  verdict.dmarc.reason = dmarc::Reason::NotAligned;
  verdict.dmarc.author = domain(author);
  verdict.dmarc.published = dmarc::Policy::Reject;
  verdict.dmarc.policy = dmarc::Policy::Reject;
  verdict.dmarc.policy_domain = domain(author);
  verdict.dmarc.organizational_domain = domain(author);
  verdict.spf_mail_from.status = spf::Status::Fail;
  verdict.spf_mail_from.reason = spf::Reason::None;
  verdict.spf_mail_from.domain = author;
  verdict.from = {"someone@" + author};
  mail.facts.has_envelope = true;
  mail.facts.mail_from = "someone@" + author;
  mail.facts.rcpt = {"user@our.example"};
  set_client(mail, "198.51.100.1");
  return mail;
}

void set_client(Mail& mail, const std::string& ip, const std::string& confirmed_name) {
  mail.facts.client_ip = IpAddress::parse(ip).value();
  mail.verdict.iprev = confirmed_name.empty() ? iprev::Outcome{iprev::Status::Fail, ""}
                                              : iprev::Outcome{iprev::Status::Pass, confirmed_name};
}

void set_mail_from(Mail& mail, const std::string& address) {
  mail.facts.mail_from = address;
  mail.verdict.spf_mail_from.status = spf::Status::Pass;
  mail.verdict.spf_mail_from.domain = address.substr(address.rfind('@') + 1);
}

void add_passing_signature(Mail& mail, const std::string& name) {
  dkim::Outcome outcome;
  outcome.status = dkim::Status::Pass;
  outcome.domain = name;
  outcome.signing_domain = domain(name);
  outcome.headers_verified = true;
  outcome.signature_start = "carriers";
  mail.verdict.dkim.push_back(outcome);
}

void add_broken_signature(Mail& mail, const std::string& name, const std::string& start) {
  dkim::Outcome outcome;
  outcome.status = dkim::Status::Fail;
  outcome.reason = dkim::Reason::BodyHashMismatch;
  outcome.domain = name;
  outcome.signing_domain = domain(name);
  outcome.headers_verified = true;
  outcome.signature_start = start;
  mail.verdict.dkim.push_back(outcome);
}

void set_seal(Mail& mail, const std::string& sealer, const std::string& dmarc_result) {
  arc::Outcome& arc = mail.verdict.arc;
  arc.status = arc::Status::Pass;
  arc.instances = 1;
  arc.sealers = {sealer};
  arc.hops = {{"arc", sealer, true, false, true, {}}};
  arc.oldest_pass = 0;
  arc.from_signed = true;
  arc.claims = {{"dmarc", dmarc_result, {{"header.from", mail.verdict.dmarc.author->str()}}}};
}

void pass_by_spf(Mail& mail) {
  mail.verdict.dmarc.status = dmarc::Status::Pass;
  mail.verdict.dmarc.reason = dmarc::Reason::None;
  mail.verdict.dmarc.spf_aligned = true;
  set_mail_from(mail, "someone@" + mail.verdict.dmarc.author->str());
}

void pass_by_dkim(Mail& mail, const std::string& start) {
  mail.verdict.dmarc.status = dmarc::Status::Pass;
  mail.verdict.dmarc.reason = dmarc::Reason::None;
  mail.verdict.dmarc.dkim_aligned = true;
  add_passing_signature(mail, mail.verdict.dmarc.author->str());
  mail.verdict.dkim.back().signature_start = start;
}

std::vector<Mail> mailing_list(std::size_t messages, std::size_t authors) {
  std::vector<Mail> mails;
  for (std::size_t i = 0; i < messages; ++i) {
    const std::string author = "author" + std::to_string(i % authors) + ".example";
    Mail mail = failing_mail(i, author);
    mail.facts.rcpt = {"reader" + std::to_string(i % 3) + "@our.example"};
    set_client(mail, "192.0.2." + std::to_string(10 + i % 2), "lists.example.org");
    set_mail_from(mail, "dev-bounces@lists.example.org");
    mail.verdict.list_id = "dev.lists.example.org";
    add_passing_signature(mail, "lists.example.org");
    add_broken_signature(mail, author, "sig" + std::to_string(i));
    mails.push_back(mail);
  }
  return mails;
}

std::vector<Mail> forwarder(std::size_t messages, std::size_t authors) {
  std::vector<Mail> mails;
  for (std::size_t i = 0; i < messages; ++i) {
    const std::string author = "writer" + std::to_string(i % authors) + ".example";
    Mail mail = failing_mail(i, author);
    mail.facts.rcpt = {"alumna@our.example"};
    set_client(mail, "203.0.113.25", "fwd.alumni.example");
    if (i / authors % 3 != 0) {
      add_broken_signature(mail, author, "fwd" + std::to_string(i));
    } else {
      pass_by_dkim(mail, "fwd" + std::to_string(i));
    }
    set_mail_from(mail, "SRS0=abc=xy=" + author + "=someone@alumni.example");
    mails.push_back(mail);
  }
  return mails;
}

std::vector<Mail> broken_partner(std::size_t messages) {
  std::vector<Mail> mails;
  for (std::size_t i = 0; i < messages; ++i) {
    Mail mail = failing_mail(i, "partner.example");
    mail.facts.rcpt = {"buyer" + std::to_string(i % 20) + "@our.example"};
    set_client(mail, "192.0.2.77", "out.partner-hosting.example");
    if (i % 5 == 0) {
      pass_by_spf(mail);
    } else {
      set_mail_from(mail, "bounces@mailer.example");
    }
    mails.push_back(mail);
  }
  return mails;
}

std::vector<Mail> own_host(std::size_t messages) {
  std::vector<Mail> mails;
  for (std::size_t i = 0; i < messages; ++i) {
    Mail mail = failing_mail(i, "our.example");
    set_client(mail, "203.0.113.99", "crm.our.example");
    mails.push_back(mail);
  }
  return mails;
}

std::vector<Mail> botnet(std::size_t messages, const std::string& author) {
  std::vector<Mail> mails;
  for (std::size_t i = 0; i < messages; ++i) {
    Mail mail = failing_mail(i, author);
    mail.facts.rcpt = {"user" + std::to_string(i % 50) + "@our.example"};
    set_client(mail, "10." + std::to_string(i / 250 % 250) + '.' + std::to_string(i % 250) + ".7");
    mails.push_back(mail);
  }
  return mails;
}

std::vector<Mail> proven_attacker(std::size_t messages, const std::string& author) {
  std::vector<Mail> mails;
  for (std::size_t i = 0; i < messages; ++i) {
    Mail mail = failing_mail(i, author);
    mail.facts.rcpt = {"user" + std::to_string(i % 50) + "@our.example"};
    set_client(mail, "203.0.113.66", "mx.attacker.example");
    set_mail_from(mail, "bounce@attacker.example");
    add_passing_signature(mail, "attacker.example");
    mails.push_back(mail);
  }
  return mails;
}

}  // namespace assay::test
