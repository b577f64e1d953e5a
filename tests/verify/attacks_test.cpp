// The messages of tests/vectors/attacks against what its make.py says must come out, and the questions that they make
// the engine ask.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/fake_resolver.h"
#include "tests/support/signed_message.h"
#include "verify/base/text.h"
#include "verify/message/split.h"
#include "verify/verification.h"

namespace assay {
namespace {

using nlohmann::json;

const std::string kFolder = "tests/vectors/attacks/";

json read_cases() {
  json cases = json::parse(test::read_file(kFolder + "attacks.json"));
  REQUIRE(cases.size() > 400);
  return cases;
}

/// The zone without what only zone files have.
std::string read_zone() {
  std::istringstream lines(test::read_file(kFolder + "zone"));
  std::string zone;
  for (std::string line; std::getline(lines, line);) {
    if (line.front() != ';' && line.front() != '$') {
      zone += line + '\n';
    }
  }
  return zone;
}

Verdict verify(const json& entry, dns::Resolver& dns) {
  Verification verification(Limits{}, {});
  verification.client(IpAddress::parse(entry["client_ip"].get<std::string>()).value(),
                      entry["helo"].get<std::string>());
  verification.mail_from(entry["mail_from"].get<std::string>());
  const auto message = message::split(test::read_file(kFolder + entry["file"].get<std::string>()));
  for (const auto& field : message.fields) {
    verification.header(field.name, field.value);
  }
  verification.body(message.body);
  return verification.finish(dns, Time{std::chrono::seconds(1'704'067'200)});
}

json or_null(const char* text) {
  return text == nullptr ? json(nullptr) : json(text);
}

/// Every expectation that the engine alone can meet.
json to_json(const Verdict& verdict) {
  json dkim = json::array();
  for (const auto& signature : verdict.dkim) {
    dkim.push_back(dkim::to_string(signature.status));
  }
  const dmarc::Outcome& dmarc = verdict.dmarc;
  return {{"spf", spf::to_string(verdict.spf_mail_from.status)},
          {"spf_helo", spf::to_string(verdict.spf_helo.status)},
          {"dkim", dkim},
          {"arc", arc::to_string(verdict.arc.status)},
          {"dmarc", dmarc::to_string(dmarc.status)},
          {"reason", or_null(dmarc::to_string(dmarc.reason))},
          {"author", dmarc.author ? json(dmarc.author->str()) : json(nullptr)},
          {"policy", dmarc.policy ? json(dmarc::to_string(*dmarc.policy)) : json(nullptr)}};
}

bool is_key_of(const std::string& name, const dkim::Outcome& signature) {
  return signature.signing_domain && name.ends_with("._domainkey." + signature.signing_domain->str());
}

}  // namespace

TEST_CASE("attacks: nobody passes for a domain that is not theirs", "[attacks][vectors]") {
  const std::string zone = read_zone();
  for (const json& entry : read_cases()) {
    test::FakeResolver dns(zone);
    const json found = to_json(verify(entry, dns));
    CAPTURE(entry["name"].get<std::string>(), entry["tries"].get<std::string>());
    for (const auto& [name, value] : found.items()) {
      CAPTURE(name);
      CHECK(value == entry["expect"][name]);
    }
  }
}

TEST_CASE("attacks: every question is in A-labels and lower case, and a key is asked for below d= (RFC 8616 section 3)",
          "[attacks][vectors]") {
  const std::string zone = read_zone();
  std::size_t keys = 0;
  for (const json& entry : read_cases()) {
    CAPTURE(entry["name"].get<std::string>());
    test::FakeResolver dns(zone);
    const Verdict verdict = verify(entry, dns);
    for (const dns::Question& question : dns.questions()) {
      CAPTURE(question.name);
      CHECK(dns::is_askable(question.name));
      // An SPF macro may put any ASCII of the envelope into a name; here none does.
      CHECK(std::all_of(question.name.begin(), question.name.end(),
                        [](char c) { return (is_alnum(c) && to_lower(c) == c) || c == '-' || c == '_' || c == '.'; }));
      const bool is_key = question.name.find("._domainkey.") != std::string::npos &&
                          question.name.find("_dmarc.") == std::string::npos && verdict.arc.instances == 0;
      if (is_key) {
        ++keys;
        CHECK(std::any_of(verdict.dkim.begin(), verdict.dkim.end(),
                          [&question](const dkim::Outcome& signature) { return is_key_of(question.name, signature); }));
      }
    }
  }
  CHECK(keys > 100);
}

}  // namespace assay
