#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "policy/facts.h"
#include "verify/base/time.h"
#include "verify/verdict.h"

namespace assay::test {

/// A message as it was seen.
struct Mail {
  Verdict verdict;
  policy::Facts facts;
  Time time{};
};

/// Message number `i` of a stream in the name of `author`, one every two hours from 2026-11-16 on, to user@our.example.
/// DMARC fails under p=reject; SPF fails, iprev fails, nothing is signed. From 198.51.100.1.
[[nodiscard]] Mail failing_mail(std::size_t i, const std::string& author);
void set_client(Mail& mail, const std::string& ip, const std::string& confirmed_name = {});
/// MAIL FROM that passes SPF.
void set_mail_from(Mail& mail, const std::string& address);
void add_passing_signature(Mail& mail, const std::string& domain);
/// The author's signature, over header fields as they are and another body; `start` tells it from others.
void add_broken_signature(Mail& mail, const std::string& domain, const std::string& start);
/// A passing chain of one hop, which claims dmarc=RESULT for the author.
void set_seal(Mail& mail, const std::string& sealer, const std::string& dmarc_result);
/// The author's domain passes DMARC by SPF, or by DKIM with a signature told by `start`.
void pass_by_spf(Mail& mail);
void pass_by_dkim(Mail& mail, const std::string& start);

/// A mailing list that adds a footer: `authors` domains write in turns, to three users.
[[nodiscard]] std::vector<Mail> mailing_list(std::size_t messages, std::size_t authors);
/// A forwarder for one user that rewrites MAIL FROM. Of three messages it passes on one as it is, which passes, and
/// adds a warning to the others, which fail.
[[nodiscard]] std::vector<Mail> forwarder(std::size_t messages, std::size_t authors);
/// A partner who sends through somebody else's MAIL FROM from a host of its own, whose signatures do not verify at all;
/// its other mail passes by SPF from the same address.
[[nodiscard]] std::vector<Mail> broken_partner(std::size_t messages);
/// A host of our own that SPF does not name.
[[nodiscard]] std::vector<Mail> own_host(std::size_t messages);
/// `author` from a new network each time.
[[nodiscard]] std::vector<Mail> botnet(std::size_t messages, const std::string& author);
/// From attacker.example, which passes SPF and DKIM, in the name of `author`.
[[nodiscard]] std::vector<Mail> proven_attacker(std::size_t messages, const std::string& author);

}  // namespace assay::test
