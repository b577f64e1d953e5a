#include <algorithm>
#include <string>

#include "config/load.h"
#include "policy/decide.h"
#include "tests/fuzz/fuzz.h"
#include "verify/base/text.h"

using namespace assay;

namespace {

/// What holds of every decision, whatever the rules say.
void check_decision(const policy::Decision& decision) {
  if (decision.reply) {
    const std::string& text = decision.reply->text;
    fuzz::require(text.size() <= 400 &&
                  std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) || !is_ascii(c); }));
    const int first = decision.reply->code / 100;
    fuzz::require(first == (decision.action == policy::Action::TempFail ? 4 : 5));
  }
  fuzz::require((decision.action == policy::Action::Quarantine) == decision.quarantine.has_value());
  for (const auto& field : decision.headers) {
    fuzz::require(!field.name.empty() && field.value.find_first_of("\r\n\0", 0, 3) == std::string::npos);
  }
}

}  // namespace

/// What is before the first NUL is the configuration, the rest every file that it refers to.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = fuzz::as_text(data, size);
  const std::string text(fuzz::take_part(rest));
  const std::string names(rest);
  const auto read = [&names](const std::string& /*path*/, std::size_t most) -> Parsed<std::string> {
    return names.substr(0, most + 1);
  };
  const auto loaded = config::load_text(text, "/etc/assay/assay.yaml", "mx.example.net", read);
  if (!loaded) {
    fuzz::require(!loaded.error().empty());
    const auto lines =
        std::max(std::count(text.begin(), text.end(), '\n'), std::count(names.begin(), names.end(), '\n')) +
        std::count(text.begin(), text.end(), '\r') + 2;
    for (const config::Problem& problem : loaded.error()) {
      fuzz::require(!problem.message.empty() && !problem.file.empty() && problem.line >= 0 && problem.line <= lines);
      // Fit to be printed on one line.
      const std::string shown = config::to_string(problem);
      fuzz::require(std::none_of(shown.begin(), shown.end(), [](char c) { return is_control(c); }));
    }
    return 0;
  }
  // What is accepted can be printed, and means the same then.
  const auto again = config::load_text(config::to_yaml(*loaded), "/etc/assay/assay.yaml", "mx.example.net", read);
  fuzz::require(again && *again == *loaded);
  policy::Facts facts;
  facts.client_ip = IpAddress::parse("192.0.2.1").value();
  facts.has_envelope = true;
  facts.mail_from = "a@example.com";
  facts.rcpt = {"postmaster@example.net"};
  Verdict verdict;
  verdict.dmarc.author = Domain::parse("example.com").value();
  verdict.from = {"a@example.com"};
  for (const auto status : {dmarc::Status::None, dmarc::Status::Pass, dmarc::Status::Fail, dmarc::Status::TempError,
                            dmarc::Status::PermError}) {
    verdict.dmarc.status = status;
    verdict.dmarc.policy = verdict.dmarc.published = dmarc::Policy::Reject;
    check_decision(policy::decide(verdict, facts, loaded->policy, Time{}));
  }
  return 0;
}
