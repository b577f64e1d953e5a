#include <string>
#include <utility>
#include <vector>

#include "cli/selftest_attack.h"

// Conversations out of the ordinary: what one message had must not show in the next.

namespace assay::cli {
namespace {

constexpr const char* kDaemonGroup = "The daemon";
constexpr std::size_t kManyMessages = 20;

}  // namespace

AttackField from(std::string value) {
  return {"From", std::move(value)};
}

AttackMessage harmless(std::vector<AttackField> more) {
  AttackMessage message;
  message.header = {{"Received", " from client.invalid by mx.invalid; Thu, 1 Jan 2026 00:00:00 +0000"},
                    from(std::string(" <sender@") + kSelftestName + ">"),
                    {"Subject", " assay selftest"}};
  for (AttackField& field : more) {
    message.header.push_back(std::move(field));
  }
  return message;
}

Attack greet() {
  return {kDaemonGroup, "daemon-harmless", "A message that nobody could object to", {harmless()}};
}

Attack ask_dns() {
  AttackMessage message;
  message.mail_from = "sender@selftest.example";
  message.header = {from(" <sender@selftest.example>")};
  Attack attack{kDaemonGroup, "daemon-dns", "DNS answers: selftest.example does not exist", {std::move(message)}};
  attack.asks_dns = true;
  return attack;
}

std::vector<Attack> odd_sessions(const OwnNames& names) {
  const char* const group = "Sessions out of the ordinary";
  std::vector<Attack> attacks;
  const auto add = [&](const char* name, const char* tries, std::vector<AttackMessage> messages) -> Attack& {
    attacks.push_back({group, name, tries, std::move(messages)});
    return attacks.back();
  };
  const AttackField forged{"Authentication-Results", " " + names.authserv_id + "; dmarc=pass", Fate::Goes};
  const AttackMessage plain = harmless({forged});
  AttackMessage null_sender = plain;
  null_sender.mail_from.clear();
  AttackMessage logged_in = plain;
  logged_in.login = kSelftestName;
  AttackMessage empty_login = plain;
  empty_login.login = "";
  AttackMessage internationalized = plain;
  internationalized.mail_parameters = {"SMTPUTF8"};
  // With a field more, so that who counts it with those of the next message removes the wrong ones.
  const auto cut = [](AttackMessage message, Extent extent) {
    message.header.insert(message.header.begin(), {"Authentication-Results", " other.invalid; none"});
    message.extent = extent;
    return message;
  };

  add("session-no-helo", "No HELO, and the null sender", {null_sender}).helo.reset();
  add("session-no-address", "A client without an address", {plain}).client_ip.clear();
  add("session-ipv6", "A client with an IPv6 address", {plain}).client_ip = kSelftestIp6;
  add("session-smtputf8", "An internationalized message", {internationalized});
  add("session-empty-login", "An empty login name is none", {empty_login});
  add("session-login-then-none", "A user's message, then one of nobody", {logged_in, plain});
  add("session-login-reset", "A user's message, reset, then one of nobody", {cut(logged_in, Extent::Reset), plain});
  add("session-login-lost", "The same without the reset", {cut(logged_in, Extent::Forgotten), plain});
  add("session-hang-up", "The MTA goes away in the midst of a message", {cut(plain, Extent::HungUp), plain});
  std::vector<AttackMessage> many;
  for (std::size_t i = 0; i < kManyMessages; ++i) {
    many.push_back(i % 2 == 0 ? plain : harmless());
  }
  add("session-20-messages", "20 messages, forged and plain in turn", std::move(many));
  return attacks;
}

}  // namespace assay::cli
