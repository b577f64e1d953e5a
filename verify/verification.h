#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/arc/verify.h"
#include "verify/base/ip_address.h"
#include "verify/base/time.h"
#include "verify/dkim/verify.h"
#include "verify/dmarc/public_suffixes.h"
#include "verify/dns/resolver.h"
#include "verify/iprev/evaluate.h"
#include "verify/limits.h"
#include "verify/message/author.h"
#include "verify/message/body.h"
#include "verify/message/header_block.h"
#include "verify/plan/plan.h"
#include "verify/questions_asked.h"
#include "verify/spf/evaluate.h"
#include "verify/verdict.h"

namespace assay {

/// The verification of one message, fed in the order in which SMTP shows it:
///
///   Verification v(limits);
///   v.client(ip, helo);  v.mail_from("<a@example.com>");   // names for SPF and iprev are known
///   v.header(name, value) ...;  v.end_of_headers();         // names for DKIM, ARC and DMARC are known
///   v.body(chunk) ...;                                      // hashed as it comes, never stored
///   Verdict verdict = v.finish(resolver, now);              // the only call that looks anything up
///
/// known() says at any time which names have shown up, so that DNS questions can travel while the message arrives.
/// One object serves one message and one thread at a time. No call fails on bad input: what is wrong with the message
/// is in the Verdict. A bound that is passed (Limits::header_octets, header_fields) drops what was collected; the
/// Verdict then says `exceeded`.
class Verification {
 public:
  struct Options {
    std::string receiver;  ///< Our host name, for SPF explanations.
    /// Collect for people how each outcome came about (the `trace` members of spf::, dkim::, arc:: and dmarc::Outcome).
    /// The verdict is the same; alignment is looked into further than it needs, after it was made.
    bool trace = false;
    /// Set: compare DMARC with what RFC 7489 says by this list, for the record. Must outlive the Verification.
    const dmarc::PublicSuffixes* public_suffixes = nullptr;
    /// The message will be delivered by a Sendmail, which cuts long mailboxes (message::kSendmailMailboxOctets).
    bool sendmail_delivers = false;
  };

  Verification(const Limits& limits, Options options);

  /// The connection: absent address = SPF none, no iprev.
  void client(const std::optional<IpAddress>& ip, std::string_view helo);
  /// The reverse-path as message::read_smtp_path() returns it; empty or <> is the null sender. Not calling it means
  /// that there is no envelope: SPF is none.
  void mail_from(std::string_view reverse_path);
  /// One field; see message::HeaderBlock::add.
  void header(std::string_view name, std::string_view value);
  void end_of_headers();
  /// Body octets with CRLF line ends. Returns whether more of the body can matter: false lets the MTA stop sending.
  bool body(std::string_view chunk);
  /// Whether any of the body matters; valid after end_of_headers().
  [[nodiscard]] bool wants_body() const noexcept;

  /// The answer to a question if it is at hand, else null. It must not wait.
  using AtHand = std::function<dns::AnswerPtr(const dns::Question&)>;

  /// Evaluates SPF and iprev now, while the message is under way, as far as the answers at hand suffice; finish() then
  /// takes these outcomes over. Call it once at most, after client() and mail_from(), and only with answers that
  /// finish() would get, too. Returns whether none was missing: then no question of SPF or iprev need be planned.
  [[nodiscard]] bool evaluate_client(const AtHand& at_hand);

  /// A copy of the names known so far.
  [[nodiscard]] plan::Known known() const;

  /// The message ended: all evaluation that is left happens here. Call once.
  [[nodiscard]] Verdict finish(dns::Resolver& dns, Time now);

  [[nodiscard]] const message::HeaderBlock& headers() const noexcept { return headers_; }

 private:
  void read_header_facts(Verdict& verdict) const;
  [[nodiscard]] spf::Outcome check_spf(spf::Query query, dns::Resolver& dns, Time now) const;

  Limits limits_;
  Options options_;
  std::optional<IpAddress> client_;
  std::string helo_;
  std::optional<std::string> mail_from_;
  message::HeaderBlock headers_;
  message::BodyDigests digests_;
  message::Authors authors_;
  std::vector<dkim::Candidate> signatures_;
  std::optional<arc::Chain> chain_;
  QuestionsAsked asked_;
  // By evaluate_client().
  std::optional<spf::Outcome> early_spf_mail_from_;
  std::optional<spf::Outcome> early_spf_helo_;
  std::optional<iprev::Outcome> early_iprev_;
  std::optional<Bound> exceeded_;
  bool headers_ended_ = false;
};

}  // namespace assay
