#include "verify/verification.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "verify/base/text.h"
#include "verify/dkim/effort.h"
#include "verify/dmarc/evaluate.h"
#include "verify/dmarc/rfc7489.h"
#include "verify/dmarc/trace.h"
#include "verify/iprev/evaluate.h"
#include "verify/message/address.h"
#include "verify/spf/evaluate.h"

namespace assay {
namespace {

/// Addresses read from the Resent-From fields of one message; more say nothing new about its way.
constexpr std::size_t kMaxResentAddresses = 20;
/// Resent-From fields of one message that are read, whether or not there is an address in them.
constexpr std::size_t kMaxResentFields = 100;
/// Octets of a List-Id or List-Post field that are read.
constexpr std::size_t kMaxListFieldOctets = 998;

/// Passes questions on and notes the different ones.
class CountingResolver final : public dns::Resolver {
 public:
  CountingResolver(dns::Resolver& inner, QuestionsAsked& asked) : inner_(inner), asked_(asked) {}

  [[nodiscard]] dns::AnswerPtr lookup(const dns::Question& question) override {
    asked_.add(question);
    return inner_.lookup(question);
  }

 private:
  dns::Resolver& inner_;
  QuestionsAsked& asked_;
};

/// Gives the answers at hand alone. What asks for another is worth nothing, and ends soon: the answer is TempFail.
class AtHandResolver final : public dns::Resolver {
 public:
  explicit AtHandResolver(const Verification::AtHand& at_hand) : at_hand_(at_hand) {}

  [[nodiscard]] dns::AnswerPtr lookup(const dns::Question& question) override {
    if (dns::AnswerPtr answer = at_hand_(question)) {
      return answer;
    }
    lacks_ = true;
    static const dns::AnswerPtr absent = make_absent();
    return absent;
  }
  /// Whether an answer was missing; asked once for each evaluation.
  [[nodiscard]] bool lacked() noexcept { return std::exchange(lacks_, false); }

 private:
  static dns::AnswerPtr make_absent() {
    auto answer = std::make_shared<dns::Answer>();
    answer->status = dns::Status::TempFail;
    return answer;
  }

  const Verification::AtHand& at_hand_;
  bool lacks_ = false;
};

/// What stands between the last '<' and the next '>' of a list header field; empty if there is no such pair.
std::string_view in_angle_brackets(std::string_view value) {
  value = value.substr(0, kMaxListFieldOctets);
  const auto open = value.rfind('<');
  if (open == std::string_view::npos) {
    return {};
  }
  const auto close = value.find('>', open);
  return close == std::string_view::npos ? std::string_view{} : trim_fws(value.substr(open + 1, close - open - 1));
}

/// The host of the mailto: URI of a List-Post field (RFC 2369 section 3.4).
std::string list_post_host(std::string_view value) {
  constexpr std::string_view kScheme = "mailto:";
  std::string_view uri = in_angle_brackets(value);
  if (!istarts_with(uri, kScheme)) {
    return {};
  }
  uri = uri.substr(kScheme.size());
  uri = uri.substr(0, uri.find('?'));
  const auto at = uri.rfind('@');
  return at == std::string_view::npos ? std::string{} : std::string(uri.substr(at + 1));
}

}  // namespace

Verification::Verification(const Limits& limits, Options options) : limits_(limits), options_(std::move(options)) {}

void Verification::client(const std::optional<IpAddress>& ip, std::string_view helo) {
  client_ = ip;
  helo_ = helo;
}

void Verification::mail_from(std::string_view reverse_path) {
  mail_from_ = reverse_path;
}

spf::Outcome Verification::check_spf(spf::Query query, dns::Resolver& dns, Time now) const {
  query.receiver = options_.receiver;
  query.now = now;
  query.trace = options_.trace;
  return spf::evaluate(query, dns, limits_);
}

bool Verification::evaluate_client(const AtHand& at_hand) {
  if (!client_ || options_.trace) {
    return false;
  }
  AtHandResolver resolver(at_hand);
  CountingResolver dns(resolver, asked_);
  bool is_complete = true;
  // An outcome for which an answer was missing leaves nothing behind: finish() evaluates it.
  const auto keep = [&](auto& kept, const auto& evaluate) {
    const QuestionsAsked::Mark before = asked_.mark();
    kept = evaluate();
    if (resolver.lacked()) {
      kept.reset();
      asked_.forget_since(before);
      is_complete = false;
    }
  };
  const auto keep_spf = [&](std::optional<spf::Outcome>& kept, const spf::Query& query) {
    keep(kept, [&] { return check_spf(query, dns, Time{}); });
    // An explanation may tell the time (RFC 7208 section 7.2, %{t}), which is that of finish().
    if (kept && kept->status == spf::Status::Fail) {
      kept.reset();
    }
  };
  if (mail_from_) {
    keep_spf(early_spf_mail_from_, spf::mail_from_identity(*client_, *mail_from_, helo_));
  }
  if (!helo_.empty() && is_complete) {
    keep_spf(early_spf_helo_, spf::helo_identity(*client_, helo_));
  }
  if (is_complete) {
    keep(early_iprev_, [&] { return iprev::evaluate(*client_, dns, limits_); });
  }
  return is_complete;
}

void Verification::header(std::string_view name, std::string_view value) {
  if (exceeded_) {
    return;
  }
  constexpr std::size_t kColonAndLineEnd = 3;
  if (headers_.size() >= limits_.header_fields) {
    exceeded_ = Bound::HeaderFields;
  } else if (headers_.octets() + name.size() + value.size() + kColonAndLineEnd > limits_.header_octets) {
    exceeded_ = Bound::HeaderOctets;
  } else {
    headers_.add(name, value);
    // A fold that arrived as LF is one octet longer now.
    if (headers_.octets() > limits_.header_octets) {
      exceeded_ = Bound::HeaderOctets;
    }
  }
  if (exceeded_) {
    headers_.clear();
  }
}

void Verification::end_of_headers() {
  if (headers_ended_) {
    return;
  }
  headers_ended_ = true;
  if (exceeded_) {
    return;
  }
  authors_ = message::find_authors(headers_, limits_.author_domains, options_.sendmail_delivers);
  signatures_ = dkim::select(headers_, authors_.domains, digests_, limits_);
  chain_ = arc::Chain::collect(headers_, digests_, limits_);
}

bool Verification::body(std::string_view chunk) {
  end_of_headers();
  if (exceeded_) {
    return false;
  }
  digests_.update(chunk);
  return digests_.wants_more();
}

bool Verification::wants_body() const noexcept {
  return !exceeded_ && digests_.wants_more();
}

plan::Known Verification::known() const {
  plan::Known known;
  known.client = client_;
  known.helo = helo_;
  known.mail_from = mail_from_;
  if (!headers_ended_ || exceeded_) {
    return known;
  }
  if (authors_.domains.size() <= limits_.author_domains) {
    known.authors = authors_.domains;
  }
  for (const dkim::Candidate& candidate : signatures_) {
    if (candidate.signature) {
      known.keys.push_back(dkim::key_question(*candidate.signature));
      if (candidate.outcome.signing_domain) {
        known.signing_domains.push_back(*candidate.outcome.signing_domain);
      }
    }
  }
  if (chain_) {
    for (dns::Question& question : chain_->key_questions()) {
      known.keys.push_back(std::move(question));
    }
  }
  return known;
}

void Verification::read_header_facts(Verdict& verdict) const {
  std::size_t resent_fields = 0;
  std::size_t resent_read = 0;
  verdict.from = authors_.mailboxes;
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    const message::Field field = headers_[i];
    if (iequals(field.name, "List-Id") && verdict.list_id.empty()) {
      verdict.list_id = in_angle_brackets(field.value);
    } else if (iequals(field.name, "List-Post") && verdict.list_post_host.empty()) {
      verdict.list_post_host = list_post_host(field.value);
    } else if (iequals(field.name, "Resent-From") && resent_read < kMaxResentAddresses &&
               resent_fields < kMaxResentFields) {
      ++resent_fields;
      const auto list = message::parse_address_list(field.value, kMaxResentAddresses - resent_read);
      if (!list) {
        continue;
      }
      resent_read += list->addresses.size();
      for (const message::AddrSpec& address : list->addresses) {
        if (auto domain = Domain::parse(address.domain)) {
          verdict.resent_from.push_back(*std::move(domain));
        }
      }
    }
  }
}

Verdict Verification::finish(dns::Resolver& resolver, Time now) {
  end_of_headers();
  Verdict verdict;
  if (exceeded_) {
    verdict.exceeded = exceeded_;
    // Not evaluated, for good: never "no policy".
    verdict.dmarc.status = dmarc::Status::PermError;
    return verdict;
  }
  digests_.finish();
  read_header_facts(verdict);

  CountingResolver dns(resolver, asked_);
  if (client_) {
    if (mail_from_) {
      verdict.spf_mail_from = early_spf_mail_from_
                                  ? *std::move(early_spf_mail_from_)
                                  : check_spf(spf::mail_from_identity(*client_, *mail_from_, helo_), dns, now);
    }
    if (!helo_.empty()) {
      verdict.spf_helo =
          early_spf_helo_ ? *std::move(early_spf_helo_) : check_spf(spf::helo_identity(*client_, helo_), dns, now);
    }
    verdict.iprev = early_iprev_ ? *std::move(early_iprev_) : iprev::evaluate(*client_, dns, limits_);
  }
  dkim::HeaderHashes hashes(headers_);
  dkim::Effort signature_effort = dkim::Effort::for_signatures(hashes, limits_);
  verdict.dkim = dkim::verify_all(signatures_, digests_, dns, signature_effort, limits_, now, options_.trace);
  dkim::Effort chain_effort = dkim::Effort::for_chain(signature_effort, limits_);
  verdict.arc = chain_->verify(digests_, dns, chain_effort, limits_, now, options_.trace);

  auto authors = dmarc::evaluate_authors(authors_, verdict.spf_mail_from, verdict.dkim, dns, limits_);
  if (options_.public_suffixes != nullptr) {
    // After all that decides: no answer that only the comparison needs may use up the time of one that matters.
    for (dmarc::Outcome& outcome : authors) {
      if (outcome.author) {
        outcome.rfc7489 = dmarc::compare_rfc7489(outcome, verdict.spf_mail_from, verdict.dkim,
                                                 *options_.public_suffixes, dns, limits_);
      }
    }
  }
  verdict.dmarc = std::move(authors.front());
  verdict.other_authors.assign(std::make_move_iterator(authors.begin() + 1), std::make_move_iterator(authors.end()));
  verdict.dns_queries = asked_.count();
  if (options_.trace) {
    // Last, for it may ask more than the verdict needs.
    const auto trace = [&](dmarc::Outcome& outcome) {
      outcome.trace = std::make_shared<const dmarc::Trace>(
          dmarc::trace_alignment(outcome, verdict.spf_mail_from, verdict.dkim, resolver, limits_));
    };
    trace(verdict.dmarc);
    std::for_each(verdict.other_authors.begin(), verdict.other_authors.end(), trace);
  }
  return verdict;
}

}  // namespace assay
