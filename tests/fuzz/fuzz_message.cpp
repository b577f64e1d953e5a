#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "policy/decide.h"
#include "policy/stamp.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/fake_public_suffixes.h"
#include "verify/authres/format.h"
#include "verify/authres/parse.h"
#include "verify/message/split.h"
#include "verify/verification.h"

using namespace assay;

namespace {

/// Answers every question with the lines of the input, in turn. The first octet of a line picks the status.
class FuzzedResolver final : public dns::Resolver {
 public:
  explicit FuzzedResolver(std::string_view lines) {
    while (!lines.empty()) {
      const auto end = std::min(lines.find('\n'), lines.size());
      lines_.emplace_back(lines.substr(0, end));
      lines.remove_prefix(std::min(end + 1, lines.size()));
    }
  }

  [[nodiscard]] dns::AnswerPtr lookup(const dns::Question& question) override {
    fuzz::require(dns::is_askable(question.name) && ++questions_ < 2000);
    auto answer = std::make_shared<dns::Answer>();
    answer->status = dns::Status::NxDomain;
    if (lines_.empty()) {
      return answer;
    }
    const std::string& line = lines_[questions_ % lines_.size()];
    // Found, no data, NXDOMAIN, temporary failure, bogus; all else is found, too.
    const auto status = line.empty() ? 0 : std::string_view("=0?tb").find(line.front());
    answer->status = status == std::string_view::npos ? dns::Status::Found : static_cast<dns::Status>(status);
    if (answer->status == dns::Status::Found) {
      answer->texts = {line};
      answer->names = {line};
      answer->exchanges = {{10, line}};
      answer->addresses = {IpAddress::parse("192.0.2.1").value()};
    }
    return answer;
  }

 private:
  std::vector<std::string> lines_;
  std::size_t questions_ = 0;
};

}  // namespace

/// Input: DNS, envelope and message, separated by octets 0.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::as_text(data, size);
  const auto take = [&rest] {
    const auto part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    return part;
  };
  FuzzedResolver dns(take());
  policy::Facts facts;
  facts.client_ip = IpAddress::parse("192.0.2.1").value();
  facts.has_envelope = true;
  facts.helo = take();
  facts.mail_from = take();

  const test::FakePublicSuffixes suffixes({"com", "org", "co.uk"});
  Verification verification(Limits{}, {"mx.example.net", true, &suffixes});
  verification.client(facts.client_ip, facts.helo);
  verification.mail_from(facts.mail_from);
  const auto message = message::split(rest);
  for (const auto& field : message.fields) {
    verification.header(field.name, field.value);
  }
  verification.end_of_headers();
  static_cast<void>(verification.body(message.body));
  const Verdict verdict = verification.finish(dns, Time{std::chrono::seconds{1'700'000'000}});

  const auto decision = policy::decide(verdict, facts, policy::Rules{}, Time{});
  if (verdict.dmarc.status == dmarc::Status::Fail && verdict.dmarc.policy == dmarc::Policy::Reject) {
    fuzz::require(decision.action == policy::Action::Reject ||
                  (decision.action == policy::Action::Quarantine && !decision.indirect.empty()));
  }
  const auto field = authres::format(verdict, policy::make_stamp("mx.example.net", facts, decision));
  fuzz::require(field.size() <= authres::kMaxFieldOctets && authres::must_remove(field, {"mx.example.net"}) &&
                authres::parse(field).has_value());
  return 0;
}
