#include <string>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzed_dns.h"
#include "verify/base/text.h"
#include "verify/message/smtp_path.h"
#include "verify/spf/evaluate.h"

using namespace assay;

namespace {

class CountingDns final : public dns::Resolver {
 public:
  explicit CountingDns(dns::Resolver& inner) : inner_(inner) {}
  [[nodiscard]] dns::AnswerPtr lookup(const dns::Question& question) override {
    ++questions_;
    return inner_.lookup(question);
  }
  [[nodiscard]] std::size_t questions() const { return questions_; }

 private:
  dns::Resolver& inner_;
  std::size_t questions_ = 0;
};

bool is_error(const spf::Outcome& outcome) {
  return outcome.status == spf::Status::TempError || outcome.status == spf::Status::PermError;
}

}  // namespace

/// Input: two octets that say which lookups fail; then client, HELO, MAIL FROM and DNS, separated by octets 0.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const auto failures = static_cast<std::uint16_t>(data[0] << 8U | data[1]);
  auto rest = fuzz::as_text(data + 2, size - 2);
  const auto client = IpAddress::parse(fuzz::take_part(rest)).value_or(IpAddress::parse("192.0.2.1").value());
  const std::string helo(fuzz::take_part(rest));
  const std::string mail_from = message::read_smtp_path(fuzz::take_part(rest), std::nullopt);
  const Limits limits;
  for (auto query : {spf::mail_from_identity(client, mail_from, helo), spf::helo_identity(client, helo)}) {
    query.receiver = "mx.example.net";
    fuzz::FuzzedDns dns(rest);
    CountingDns counting(dns);
    const auto outcome = spf::evaluate(query, counting, limits);
    // RFC 7208 section 4.6.4. Each term asks for itself and at most ten names more, each include and redirect for a
    // record.
    fuzz::require(counting.questions() <= 2 + limits.spf_dns_terms * (1 + 1 + 10));
    fuzz::require(outcome.lookups <= limits.spf_dns_terms || outcome.reason == spf::Reason::TooManyLookups);
    fuzz::require(outcome.void_lookups <= limits.spf_void_lookups || outcome.reason == spf::Reason::TooManyVoidLookups);
    fuzz::require(outcome.explanation.empty() || outcome.status == spf::Status::Fail);
    fuzz::require(outcome.explanation.size() <= limits.spf_explanation_octets);
    for (const char c : outcome.explanation) {
      fuzz::require(is_ascii(c) && !is_control(c));
    }
    // A pass rests on a mechanism.
    fuzz::require(outcome.status != spf::Status::Pass || !outcome.mechanism.empty());

    query.trace = true;
    const auto traced = spf::evaluate(query, dns, limits);
    fuzz::require(traced.status == outcome.status && traced.mechanism == outcome.mechanism &&
                  traced.lookups == outcome.lookups && traced.explanation == outcome.explanation);

    // A lookup that fails gives a temporary error, or was not needed.
    fuzz::FailingDns failing(dns, failures);
    const auto partial = spf::evaluate(query, failing, limits);
    if (!dns.spf_may_skip_failures()) {
      fuzz::require(partial.status == spf::Status::TempError ||
                    (partial.status == outcome.status && partial.mechanism == outcome.mechanism));
    }
    fuzz::require(failing.has_failed() || partial.status == outcome.status);
    fuzz::FailingDns dead(dns, 0xFFFF);
    const auto nothing = spf::evaluate(query, dead, limits);
    fuzz::require(nothing.status == spf::Status::TempError || nothing.reason == spf::Reason::InvalidDomain ||
                  is_error(nothing));
  }
  return 0;
}
