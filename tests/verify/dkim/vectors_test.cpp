// The messages of tests/vectors/dkim, which dkimpy signed, against what its make.py says must come out.
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/fake_resolver.h"
#include "tests/support/signed_message.h"

namespace assay {
namespace {

using nlohmann::json;

const std::string kFolder = "tests/vectors/dkim/";

Time now_of(const json& vector) {
  return Time{std::chrono::seconds(vector["now"].get<std::int64_t>())};
}

json reason_of(const char* reason) {
  return reason == nullptr ? json(nullptr) : json(reason);
}

json to_json(const dkim::Outcome& outcome) {
  json result{{"status", dkim::to_string(outcome.status)},
              {"reason", reason_of(dkim::to_string(outcome.reason))},
              {"headers_verified", outcome.headers_verified},
              {"testing", outcome.testing},
              {"algorithm", outcome.algorithm},
              {"identity", outcome.identity}};
  if (outcome.key_bits) {
    result["key_bits"] = *outcome.key_bits;
  }
  if (outcome.signing_domain) {
    result["signing_domain"] = outcome.signing_domain->str();
  }
  return result;
}

json to_json(const arc::Outcome& outcome) {
  json claims = json::array();
  for (const arc::Claim& claim : outcome.claims) {
    json properties = json::object();
    for (const auto& [name, value] : claim.properties) {
      properties[name] = value;
    }
    claims.push_back({claim.method, claim.result, properties});
  }
  json result{{"status", arc::to_string(outcome.status)},
              {"reason", reason_of(arc::to_string(outcome.reason))},
              {"instances", outcome.instances},
              {"sealers", outcome.sealers},
              {"failed_instance", outcome.failed_instance},
              {"claims", claims}};
  if (outcome.oldest_pass) {
    result["oldest_pass"] = *outcome.oldest_pass;
  }
  return result;
}

/// Every key that is expected, with its value.
void check_keys(const json& expected, const json& actual) {
  CAPTURE(actual.dump());
  for (const auto& [name, value] : expected.items()) {
    CAPTURE(name, value.dump());
    CHECK(actual.value(name, json("absent")) == value);
  }
}

}  // namespace

TEST_CASE("dkim, arc: messages of another signer come out as the RFCs say", "[dkim][arc][vectors]") {
  const json vectors = json::parse(test::read_file(kFolder + "vectors.json"));
  const std::string zone = test::read_file(kFolder + "zone");
  REQUIRE(vectors.size() > 90);
  for (const json& vector : vectors) {
    const auto name = vector["name"].get<std::string>();
    DYNAMIC_SECTION(name) {
      test::FakeResolver dns(zone);
      const auto message = test::read_signed_message(test::read_file(kFolder + name + ".eml"));
      if (vector.contains("dkim")) {
        const auto outcomes = test::verify_dkim(message, dns, Limits{}, now_of(vector));
        REQUIRE(outcomes.size() == vector["dkim"].size());
        for (std::size_t i = 0; i < outcomes.size(); ++i) {
          CAPTURE(i, outcomes[i].detail);
          check_keys(vector["dkim"][i], to_json(outcomes[i]));
        }
      }
      if (vector.contains("arc")) {
        const auto outcome = test::verify_arc(message, dns, Limits{}, now_of(vector));
        CAPTURE(outcome.detail);
        check_keys(vector["arc"], to_json(outcome));
        CHECK(outcome.oldest_pass.has_value() == (outcome.status == arc::Status::Pass));
      }
    }
  }
}

}  // namespace assay
