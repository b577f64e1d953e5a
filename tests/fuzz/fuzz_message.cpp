#include <algorithm>
#include <map>
#include <string>

#include "observe/record_reader.h"
#include "policy/decide.h"
#include "policy/stamp.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzed_dns.h"
#include "tests/support/fake_public_suffixes.h"
#include "tests/support/write_verdict.h"
#include "verify/authres/format.h"
#include "verify/authres/parse.h"
#include "verify/base/escape.h"
#include "verify/base/text.h"
#include "verify/message/smtp_path.h"
#include "verify/message/split.h"
#include "verify/verification.h"

using namespace assay;

namespace {

constexpr Time kNow{std::chrono::seconds(1'750'000'000)};  // Our vectors are valid then.

/// What Limits allow one message to ask. SPF: for both identities the record, ten terms, of which an mx leads to ten
/// hosts and a ptr or %{p} to ten names, and exp=. iprev: the client and ten names. DKIM and ARC: a key for each
/// signature. DMARC: for each author a walk and the three types by which a name exists, a walk for MAIL FROM and for
/// ten d=. RFC 7489: two names for each author and the names above them again.
constexpr std::size_t kMaxQuestions = 2 * (1 + 10 * 11 + 10 + 1) + 11 + 8 + 2 * 50 + 5 * (8 + 3) + 11 * 8 + 5 * (2 + 8);

/// One input, cut in its parts.
struct Input {
  std::string_view dns;
  std::uint8_t chunk = 1;      ///< Octets of body given at once.
  std::uint16_t failures = 0;  ///< Which lookups fail, for FailingDns.
  std::optional<IpAddress> client;
  std::string_view helo;
  std::optional<std::string> mail_from;
  message::SplitMessage message;

  explicit Input(std::string_view octets) {
    const auto take_octet = [&octets]() -> std::uint8_t {
      const auto octet = octets.empty() ? '\1' : octets.front();
      octets.remove_prefix(std::min<std::size_t>(octets.size(), 1));
      return static_cast<std::uint8_t>(octet);
    };
    chunk = std::max<std::uint8_t>(take_octet(), 1);
    const unsigned high = take_octet();
    failures = static_cast<std::uint16_t>(high << 8U | take_octet());
    dns = fuzz::take_part(octets);
    if (auto address = IpAddress::parse(fuzz::take_part(octets))) {
      client = *address;
    }
    helo = fuzz::take_part(octets);
    const std::string_view path = fuzz::take_part(octets);
    if (path != "-") {
      mail_from = message::read_smtp_path(path, std::nullopt);
    }
    message = message::split(octets);
  }

  void feed(Verification& verification) const {
    verification.client(client, helo);
    if (mail_from) {
      verification.mail_from(*mail_from);
    }
  }
  void feed_headers(Verification& verification) const {
    for (const auto& field : message.fields) {
      verification.header(field.name, field.value);
    }
    verification.end_of_headers();
  }

  [[nodiscard]] Verdict judge(dns::Resolver& resolver) const {
    Verification verification(Limits{}, {"mx.example.net", false, nullptr});
    feed(verification);
    feed_headers(verification);
    static_cast<void>(verification.body(message.body));
    return verification.finish(resolver, kNow);
  }

  /// As the daemon does: the answers at hand are used early, the questions are asked ahead, the body comes in chunks
  /// until it need not.
  [[nodiscard]] Verdict judge_as_daemon(dns::Resolver& resolver) const {
    std::map<dns::Question, dns::AnswerPtr> answers;
    const auto answered = [&answers](const dns::Question& question) {
      const auto found = answers.find(question);
      return found == answers.end() ? nullptr : found->second;
    };
    const auto plan = [&](const Verification& verification) {
      constexpr int kMostRounds = 60;
      for (int round = 0;; ++round) {
        fuzz::require(round < kMostRounds);
        const auto questions = plan::next_questions(verification.known(), answered, Limits{});
        if (questions.empty()) {
          return;
        }
        for (const dns::Question& question : questions) {
          fuzz::require(answers.emplace(question, resolver.lookup(question)).second);  // Asked once.
        }
      }
    };
    Verification verification(Limits{}, {"mx.example.net", false, nullptr});
    feed(verification);
    plan(verification);
    static_cast<void>(verification.evaluate_client(answered));
    feed_headers(verification);
    plan(verification);
    std::string_view body = message.body;
    while (!body.empty() && verification.wants_body()) {
      static_cast<void>(verification.body(body.substr(0, chunk)));
      body.remove_prefix(std::min<std::size_t>(chunk, body.size()));
    }
    return verification.finish(resolver, kNow);
  }

  [[nodiscard]] policy::Facts facts() const {
    policy::Facts facts;
    facts.client_ip = client;
    facts.helo = helo;
    facts.has_envelope = mail_from.has_value();
    facts.mail_from = mail_from.value_or("");
    facts.rcpt = {"postmaster@example.net"};
    return facts;
  }
};

bool is_temporary(const dmarc::Outcome& outcome) {
  return outcome.status == dmarc::Status::TempError;
}

/// `partial` is the verdict on the same message as `whole`, but some lookups failed: what could not be found out is
/// said to be so, and what is said is true. So no failure of DNS makes a pass, hides a policy or a signature. But a
/// signature whose key is not found costs less than one that is verified, and then another need not be too costly.
void check_failures(const Verdict& whole, const Verdict& partial, bool spf_may_skip_failures) {
  fuzz::require(partial.exceeded == whole.exceeded && partial.dkim.size() == whole.dkim.size());
  const auto is_same_spf = [&](const spf::Outcome& a, const spf::Outcome& b) {
    return a.status == spf::Status::TempError || (a.status == b.status && a.mechanism == b.mechanism);
  };
  if (!spf_may_skip_failures) {
    fuzz::require(is_same_spf(partial.spf_mail_from, whole.spf_mail_from));
    fuzz::require(is_same_spf(partial.spf_helo, whole.spf_helo));
  }
  const auto is_too_costly = [](const dkim::Outcome& outcome) { return outcome.reason == dkim::Reason::TooCostly; };
  for (std::size_t i = 0; i < whole.dkim.size(); ++i) {
    fuzz::require(partial.dkim[i].status == dkim::Status::TempError || is_too_costly(whole.dkim[i]) ||
                  partial.dkim[i].status == whole.dkim[i].status);
  }
  // RFC 8617 section 5.2.1 knows no temporary error: a chain that cannot be verified fails.
  fuzz::require(partial.arc.status == whole.arc.status || partial.arc.status == arc::Status::Fail ||
                whole.arc.reason == arc::Reason::TooCostly);
  if (partial.iprev && partial.iprev->status == iprev::Status::Pass) {
    fuzz::require(whole.iprev->status == iprev::Status::Pass);
  }
  if (spf_may_skip_failures) {
    return;
  }
  const auto of_author = [&whole](const dmarc::Outcome& outcome) -> const dmarc::Outcome& {
    const auto other =
        std::find_if(whole.other_authors.begin(), whole.other_authors.end(),
                     [&](const dmarc::Outcome& candidate) { return candidate.author == outcome.author; });
    return other == whole.other_authors.end() ? whole.dmarc : *other;
  };
  const bool may_pass = std::any_of(whole.dkim.begin(), whole.dkim.end(), is_too_costly);
  const auto check = [&](const dmarc::Outcome& outcome) {
    const dmarc::Outcome& expected = of_author(outcome);
    fuzz::require(outcome.author == expected.author);
    const bool is_same = outcome.status == expected.status || (may_pass && outcome.status == dmarc::Status::Pass);
    fuzz::require(is_temporary(outcome) ||
                  (is_same && outcome.policy == expected.policy && outcome.published == expected.published));
  };
  check(partial.dmarc);
  std::for_each(partial.other_authors.begin(), partial.other_authors.end(), check);
}

/// The field says what the verdict says, and nothing that a sender wrote.
void check_field(const Verdict& verdict, const std::string& field) {
  fuzz::require(field.size() <= authres::kMaxFieldOctets && authres::must_remove(field, {"mx.example.net"}));
  const auto parsed = authres::parse(field);
  fuzz::require(parsed.has_value() && parsed->authserv_id == "mx.example.net");
  const auto results = [&parsed](std::string_view method) {
    std::vector<std::string> found;
    for (const authres::Result& result : parsed->results) {
      if (result.method == method) {
        found.push_back(result.result);
      }
    }
    return found;
  };
  const auto dmarc = results("dmarc");
  fuzz::require(dmarc.size() == std::min(1 + verdict.other_authors.size(), authres::kMaxAuthorsShown));
  fuzz::require(dmarc.front() == dmarc::to_string(verdict.dmarc.status));
  if (verdict.exceeded) {
    return;
  }
  const auto dkim = results("dkim");
  fuzz::require(dkim.size() <= std::max<std::size_t>(verdict.dkim.size(), 1));
  for (std::size_t i = 0; i < std::min(dkim.size(), verdict.dkim.size()); ++i) {
    fuzz::require(std::any_of(verdict.dkim.begin(), verdict.dkim.end(),
                              [&](const auto& outcome) { return dkim[i] == dkim::to_string(outcome.status); }));
  }
  const bool any_spf =
      verdict.spf_mail_from.status == spf::Status::Pass || verdict.spf_helo.status == spf::Status::Pass;
  const auto spf = results("spf");
  fuzz::require(any_spf == (std::find(spf.begin(), spf.end(), "pass") != spf.end()));
  const auto arc = results("arc");
  fuzz::require(arc.size() <= 1 && (arc.empty() || arc.front() == arc::to_string(verdict.arc.status)));
}

bool is_one_clean_line(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) { return is_control(c); });
}

/// The record is read again as what decides the same.
void check_record(const observe::Record& record) {
  static observe::RecordReader reader;
  const std::string json = to_json(record);
  const std::string text = to_text(record);
  fuzz::require(json.size() <= observe::kMaxRecordOctets && is_one_clean_line(json));
  fuzz::require(text.size() <= observe::kMaxTextOctets && is_one_clean_line(text));
  observe::Record again;
  const observe::Line line = reader.read(json, again);
  fuzz::require(line == observe::Line::Record || line == observe::Line::Incomplete);
  fuzz::require(line == observe::Line::Incomplete ||
                decide(again.verdict, again.facts, policy::Rules{}, again.time) == record.decision);
}

}  // namespace

/// Input: three octets (see Input), then DNS, client, HELO, MAIL FROM ("-" for none) and message, separated by octets
/// 0.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Input input(fuzz::as_text(data, size));
  fuzz::FuzzedDns dns(input.dns);
  const Verdict verdict = input.judge(dns);
  fuzz::require(verdict.dns_queries <= kMaxQuestions);

  // How the message arrives, and what is asked ahead, changes nothing.
  const std::string expected = test::write(verdict);
  fuzz::FuzzedDns other(input.dns);
  fuzz::require(test::write(input.judge_as_daemon(other)) == expected);

  fuzz::FailingDns failing(dns, input.failures);
  const Verdict partial = input.judge(failing);
  check_failures(verdict, partial, dns.spf_may_skip_failures());
  fuzz::require(failing.has_failed() || test::write(partial).size() > 0);

  // Nor does the comparison with RFC 7489, nor a trace.
  const test::FakePublicSuffixes suffixes({"com", "org", "co.uk", "example"});
  Verification traced(Limits{}, {"mx.example.net", true, &suffixes});
  input.feed(traced);
  input.feed_headers(traced);
  static_cast<void>(traced.body(input.message.body));
  const Verdict compared = traced.finish(dns, kNow);
  fuzz::require(compared.dns_queries <= kMaxQuestions && compared.dmarc.status == verdict.dmarc.status &&
                compared.dmarc.policy == verdict.dmarc.policy &&
                compared.spf_mail_from.status == verdict.spf_mail_from.status);

  const policy::Facts facts = input.facts();
  for (const Verdict* const judged : {&verdict, &partial}) {
    observe::Record record;
    record.time = kNow;
    record.facts = facts;
    record.verdict = *judged;
    record.decision = policy::decide(*judged, facts, policy::Rules{}, kNow);
    if (judged->dmarc.status == dmarc::Status::Fail && judged->dmarc.policy == dmarc::Policy::Reject) {
      fuzz::require(record.decision.action == policy::Action::Reject ||
                    (record.decision.action == policy::Action::Quarantine && !record.decision.indirect.empty()));
    }
    record.authentication_results =
        authres::format(*judged, policy::make_stamp("mx.example.net", facts, record.decision));
    check_field(*judged, record.authentication_results);
    check_record(record);
  }
  return 0;
}
