// The messages of tests/vectors/dkim, which dkimpy signed, against what its make.py says must come out.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/fake_resolver.h"
#include "tests/support/signed_message.h"
#include "verify/arc/trace.h"
#include "verify/dkim/checks.h"
#include "verify/dkim/trace.h"

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

/// The octets that a trace keeps, and those of the body that it speaks of, have the hashes that the verifier compared.
void check_octets(const dkim::Trace& trace, const test::SignedMessage& message, bool covers_body) {
  const dkim::Signature& signature = *trace.signature;
  CHECK(crypto::digest(signature.hash, trace.header_octets) == trace.header_hash);
  if (!covers_body) {
    return;
  }
  message::BodyDigests digests;
  const auto id = digests.require(dkim::body_digest_spec(signature));
  std::string copy;
  digests.copy_to(id, [&copy](std::string_view octets) { copy += octets; });
  digests.update(message.body);
  digests.finish();
  CHECK(crypto::digest(signature.hash, copy) == trace.body_hash);
  if (trace.body != dkim::Reason::BodyShorterThanLength) {  // broken whatever its hash (RFC 6376 section 3.5, l=)
    const auto view = trace.body_hash.view();
    CHECK((trace.body != dkim::Reason::BodyHashMismatch) ==
          std::equal(view.begin(), view.end(), signature.body_hash.begin(), signature.body_hash.end()));
  }
}

void check_octets(const arc::Trace& trace, const test::SignedMessage& message) {
  for (const arc::SetTrace& set : trace.sets) {
    for (const auto* signature : {&set.message_signature, &set.relaxed_signature}) {
      if (*signature) {
        check_octets(**signature, message, true);
      }
    }
    if (set.seal) {
      check_octets(*set.seal, message, false);
    }
  }
}

void check_traced(const dkim::Outcome& with, const dkim::Outcome& without, const test::SignedMessage& message) {
  CHECK(to_json(with) == to_json(without));
  CHECK(with.detail == without.detail);
  CHECK_FALSE(without.trace);
  REQUIRE(with.trace);
  const dkim::Trace& trace = *with.trace;
  CHECK(with.headers_verified == (trace.headers == dkim::Reason::None));
  CHECK(!trace.field.empty());
  if (trace.signature) {
    check_octets(trace, message, true);
  }
  if (with.status == dkim::Status::Pass) {
    CHECK(trace.times == dkim::Reason::None);
    CHECK(trace.body == dkim::Reason::None);
    CHECK(trace.key == dkim::Reason::None);
    CHECK(trace.key_record.find("p=") != std::string::npos);
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

TEST_CASE("dkim, arc: a trace changes no result and asks nothing more", "[dkim][arc][vectors][trace]") {
  const json vectors = json::parse(test::read_file(kFolder + "vectors.json"));
  const std::string zone = test::read_file(kFolder + "zone");
  for (const json& vector : vectors) {
    const auto name = vector["name"].get<std::string>();
    DYNAMIC_SECTION(name) {
      test::FakeResolver plain(zone);
      test::FakeResolver traced(zone);
      const Time now = now_of(vector);
      const auto message = test::read_signed_message(test::read_file(kFolder + name + ".eml"));
      const auto without = test::verify_dkim(message, plain, Limits{}, now);
      const auto with = test::verify_dkim(message, traced, Limits{}, now, {}, true);
      REQUIRE(with.size() == without.size());
      for (std::size_t i = 0; i < with.size(); ++i) {
        CAPTURE(i);
        check_traced(with[i], without[i], message);
      }
      const auto chain = test::verify_arc(message, traced, Limits{}, now, true);
      CHECK(to_json(chain) == to_json(test::verify_arc(message, plain, Limits{}, now)));
      CHECK(traced.questions() == plain.questions());
      REQUIRE(static_cast<bool>(chain.trace) == (chain.instances != 0));
      if (chain.trace) {
        check_octets(*chain.trace, message);
      }
      if (chain.status == arc::Status::Pass) {
        CHECK(chain.trace->sets.back().signature_state == arc::Check::Holds);
        for (const arc::SetTrace& set : chain.trace->sets) {
          CHECK(set.seal_state == arc::Check::Holds);
        }
      }
    }
  }
}

TEST_CASE("arc: the trace tells which signature of which set broke (RFC 8617 section 5.2)", "[arc][vectors][trace]") {
  const std::string zone = test::read_file(kFolder + "zone");
  const auto sets_of = [&zone](const std::string& name) {
    test::FakeResolver dns(zone);
    const auto message = test::read_signed_message(test::read_file(kFolder + name + ".eml"));
    return test::verify_arc(message, dns, Limits{}, Time{std::chrono::seconds(1'750'000'000)}, true).trace->sets;
  };
  // Step 4 ends the verification before any seal is looked at.
  const auto body = sets_of("arc-changed-body");
  CHECK(body.back().signature_state == arc::Check::Broken);
  CHECK(body.back().message_signature->body == dkim::Reason::BodyHashMismatch);
  CHECK(body.back().seal_state == arc::Check::NotMade);
  CHECK_FALSE(body.back().seal->key_answer.has_value());
  // Step 6: an ARC-Authentication-Results field is covered by the seals alone.
  const auto results = sets_of("arc-changed-results");
  CHECK(results.back().signature_state == arc::Check::Holds);
  CHECK(std::any_of(results.begin(), results.end(), [](const arc::SetTrace& set) {
    return set.seal_state == arc::Check::Broken && set.seal->headers == dkim::Reason::SignatureMismatch;
  }));
  // A chain whose structure is broken has nothing to verify; what stands there is counted.
  const auto gap = sets_of("arc-gap");
  CHECK(std::any_of(gap.begin(), gap.end(), [](const arc::SetTrace& set) { return set.seals == 0; }));
  CHECK_FALSE(gap.back().seal.has_value());
}

}  // namespace assay
