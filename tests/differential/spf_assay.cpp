// Reads SPF cases, one JSON object a line (spf_case.h), and writes what assay's engine says of each, one a line.
#include <iostream>

#include "tests/differential/spf_case.h"
#include "tests/support/fake_resolver.h"
#include "verify/spf/evaluate.h"

namespace {

using assay::test::octets_as_text;

constexpr assay::Time kNow{std::chrono::seconds(1'700'000'000)};

nlohmann::json judge(const assay::test::SpfCase& spf_case) {
  const auto client = assay::IpAddress::parse(spf_case.client).value();
  auto query = spf_case.mail_from
                   ? assay::spf::mail_from_identity(client, "<" + *spf_case.mail_from + ">", spf_case.helo)
                   : assay::spf::helo_identity(client, spf_case.helo);
  query.receiver = spf_case.receiver;
  query.now = kNow;
  query.trace = true;
  assay::test::FakeResolver resolver(spf_case.zone);
  const auto outcome = assay::spf::evaluate(query, resolver, assay::Limits{});

  const char* reason = assay::spf::to_string(outcome.reason);
  auto trace = nlohmann::json::array();
  for (const auto& step : outcome.trace) {
    trace.push_back({{"depth", step.depth},
                     {"domain", octets_as_text(step.domain)},
                     {"term", octets_as_text(step.term)},
                     {"outcome", octets_as_text(step.outcome)}});
  }
  auto asked = nlohmann::json::array();
  for (const auto& question : resolver.questions()) {
    asked.push_back(octets_as_text(question.name) + " " + assay::dns::to_string(question.type));
  }
  return {{"result", assay::spf::to_string(outcome.status)},
          {"reason", reason == nullptr ? "" : reason},
          {"domain", octets_as_text(outcome.domain)},
          {"mechanism", octets_as_text(outcome.mechanism)},
          {"explanation", octets_as_text(outcome.explanation)},
          {"lookups", outcome.lookups},
          {"void_lookups", outcome.void_lookups},
          {"trace", trace},
          {"asked", asked}};
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << judge(assay::test::read_spf_case(line)).dump() << std::endl;
  }
  return 0;
}
