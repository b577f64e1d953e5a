// DKIM messages made by others, read from the folder that ASSAY_CORPORA names: the examples of RFC 6376 and RFC 8463,
// the corpus of Mail::DKIM and the messages of OpenDKIM's tests.
//
// Most of the old ones are rsa-sha1, or have keys under 1024 bits or no v=1, none of which verifies since RFC 8301.
// Each message is therefore verified twice: with options for such vectors ("legacy"), where the corpus says what must
// come out, and with the defaults, where the ones that need those options must not pass.
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/fake_resolver.h"
#include "tests/support/signed_message.h"
#include "tests/support/suite.h"

namespace {

using assay::Limits;
using assay::dkim::Outcome;
using assay::dkim::Reason;
using assay::dkim::Status;
using assay::test::FakeResolver;
using assay::test::Suite;
using nlohmann::json;

constexpr assay::Time kNow{std::chrono::seconds(1'750'000'000)};  // 2025

/// What a message comes to, coarse enough to compare libraries.
enum class Verdict { None, Pass, Fail, Invalid, TempError };

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::None: return "none";
    case Verdict::Pass: return "pass";
    case Verdict::Fail: return "fail";
    case Verdict::Invalid: return "invalid";
    case Verdict::TempError: return "temperror";
  }
  return "";
}

/// `policy` with unsigned body stands for a signature that verifies, and the failure of a test key for a failure:
/// both are our own rules on top of what the libraries decide.
Verdict coarse(const Outcome& outcome) {
  switch (outcome.status) {
    case Status::Pass: return Verdict::Pass;
    case Status::Policy: return outcome.reason == Reason::UnsignedBody ? Verdict::Pass : Verdict::Invalid;
    case Status::Fail: return Verdict::Fail;
    case Status::Neutral:
      if (outcome.reason == Reason::TestKeyFailed) {
        return outcome.detail == "signature_mismatch" || outcome.detail == "body_hash_mismatch" ? Verdict::Fail
                                                                                                : Verdict::Invalid;
      }
      return Verdict::Invalid;
    case Status::TempError: return Verdict::TempError;
    case Status::PermError: return Verdict::Invalid;
  }
  return Verdict::Invalid;
}

/// The best signature decides.
Verdict best(const std::vector<Outcome>& outcomes) {
  for (const Verdict verdict : {Verdict::Pass, Verdict::Fail, Verdict::TempError, Verdict::Invalid}) {
    for (const Outcome& outcome : outcomes) {
      if (coarse(outcome) == verdict) {
        return verdict;
      }
    }
  }
  return Verdict::None;
}

/// "none", or "status reason" for each signature, top first.
std::string describe(const std::vector<Outcome>& outcomes) {
  std::string text;
  for (const Outcome& outcome : outcomes) {
    const char* reason = assay::dkim::to_string(outcome.reason);
    text += (text.empty() ? "" : ", ") + std::string(assay::dkim::to_string(outcome.status)) +
            (reason == nullptr ? "" : std::string(" ") + reason);
    if (outcome.reason == Reason::TestKeyFailed) {
      text += " (" + outcome.detail + ")";
    }
  }
  return text.empty() ? "none" : text;
}

FakeResolver read_zone(const std::string& path) {
  FakeResolver dns;
  const json zone = json::parse(assay::test::read_file(path));
  for (const auto& [name, value] : zone.items()) {
    assay::dns::Answer answer;
    if (value.is_null()) {
      answer.status = assay::dns::Status::NxDomain;
    } else if (value.is_object()) {
      answer.status = assay::dns::Status::TempFail;
    } else {
      answer.status = assay::dns::Status::Found;
      answer.texts.push_back(value.get<std::string>());
    }
    dns.add(name, assay::dns::Type::TXT, answer);
  }
  return dns;
}

Limits legacy_limits() {
  Limits limits;
  limits.allow_sha1 = true;
  limits.allow_missing_version = true;
  limits.rsa_bits_min = 0;
  return limits;
}

void expect(Suite& suite, const std::string& name, Verdict theirs, const std::vector<Outcome>& ours) {
  suite.check(name, best(ours) == theirs, to_string(theirs), describe(ours));
}

void expect_no_pass(Suite& suite, const std::string& name, const std::vector<Outcome>& ours) {
  suite.check(name, best(ours) != Verdict::Pass, "not pass", describe(ours));
}

std::vector<Outcome> verify(const std::string& path, FakeResolver& dns, const Limits& limits) {
  return verify_dkim(assay::test::read_signed_message(assay::test::read_file(path)), dns, limits, kNow);
}

void run_rfc(const std::string& root) {
  Suite suite("dkim RFC examples");
  FakeResolver dns = read_zone(root + "/zone.json");
  for (const json& test : json::parse(assay::test::read_file(root + "/cases.json"))) {
    const auto name = test["message"].get<std::string>();
    std::string theirs;
    for (const json& status : test["dkim"]) {
      theirs += (theirs.empty() ? "" : ", ") + status.get<std::string>();
    }
    suite.check(name, theirs, describe(verify(root + "/" + name, dns, Limits{})));
  }
}

Verdict mail_dkim_expectation(const json& test) {
  if (test["domainkeys_only"].get<bool>()) {
    return Verdict::None;  // A DomainKey-Signature (RFC 4870) is no DKIM-Signature.
  }
  if (test["rfc8601"].get<std::string>().rfind("temperror", 0) == 0) {
    return Verdict::TempError;
  }
  const auto result = test["mailDKIM_result"].get<std::string>();
  return result == "pass" ? Verdict::Pass : result == "fail" ? Verdict::Fail : Verdict::Invalid;
}

/// Old signatures as far as RFC 8301 lets them verify, which Mail::DKIM's tests know as well.
void run_mail_dkim_strict(const std::string& root, const json& cases, FakeResolver& dns) {
  Suite suite("dkim Mail::DKIM RFC 8301");
  Limits limits;
  limits.allow_missing_version = true;
  for (const json& test : cases) {
    const auto name = test["message"].get<std::string>();
    const auto result = test["result"].get<std::string>();
    expect(suite, name,
           result == "pass"   ? Verdict::Pass
           : result == "fail" ? Verdict::Fail
                              : Verdict::Invalid,
           verify(root + "/" + name, dns, limits));
  }
}

void run_mail_dkim(const std::string& root) {
  Suite legacy("dkim Mail::DKIM legacy");
  Suite strict("dkim Mail::DKIM default");
  FakeResolver dns = read_zone(root + "/zone.json");
  const json cases = json::parse(assay::test::read_file(root + "/cases.json"));
  run_mail_dkim_strict(root, cases["strict_rfc8301"], dns);
  for (const json& test : cases["verifier"]) {
    const auto name = test["message"].get<std::string>();
    const Verdict theirs = mail_dkim_expectation(test);
    const auto outcomes = verify(root + "/" + name, dns, Limits{});
    if (test["needs_legacy_mode"].is_null()) {
      expect(strict, name, theirs, outcomes);
    } else {
      expect_no_pass(strict, name, outcomes);
    }
    if (theirs != Verdict::None && test["upstream_skips"].get<bool>()) {
      legacy.skip(name, "Mail::DKIM skips it, too: a draft of RFC 4871 from before bh=");
    } else {
      expect(legacy, name, theirs, verify(root + "/" + name, dns, legacy_limits()));
    }
  }
}

Verdict opendkim_expectation(const std::string& result) {
  if (result == "DKIM_STAT_OK") {
    return Verdict::Pass;
  }
  if (result == "DKIM_STAT_BADSIG") {
    return Verdict::Fail;
  }
  return result == "DKIM_STAT_NOSIG" ? Verdict::None : Verdict::Invalid;
}

/// Why a case asks for more than what a signature comes to; nullptr for the others.
const char* opendkim_skip(const json& test) {
  if (test["libflags"].dump().find("FIXCRLF") != std::string::npos) {
    return "an option of that library repairs line ends before it verifies";
  }
  if (test["name"] == "t-test102") {
    return "an option of that library names fields that must be signed";
  }
  if (test["name"] == "t-test59") {
    return "the test takes away the folder for temporary files";
  }
  return nullptr;
}

void run_opendkim(const std::string& root) {
  Suite legacy("dkim OpenDKIM legacy");
  Suite strict("dkim OpenDKIM default");
  FakeResolver dns = read_zone(root + "/zone.json");
  for (const json& test : json::parse(assay::test::read_file(root + "/cases.json"))) {
    const auto name = test["name"].get<std::string>();
    const Verdict theirs = opendkim_expectation(test["result"].get<std::string>());
    const std::string path = root + "/" + test["message"].get<std::string>();
    const bool is_sha1 = test["alg"] == "rsa-sha1";
    const char* const why_not = opendkim_skip(test);
    if (why_not != nullptr) {
      legacy.skip(name, why_not);
    } else {
      expect(legacy, name, theirs, verify(path, dns, legacy_limits()));
    }
    if (is_sha1) {
      expect_no_pass(strict, name, verify(path, dns, Limits{}));
    } else if (why_not != nullptr) {
      strict.skip(name, why_not);
    } else {
      expect(strict, name, theirs, verify(path, dns, Limits{}));
    }
  }
}

}  // namespace

int main() {
  const auto corpora = assay::test::corpora_folder();
  if (!corpora) {
    return assay::test::kSkipped;
  }
  bool ran = false;
  const std::map<std::string, void (*)(const std::string&)> suites{
      {"rfc-vectors", run_rfc}, {"dkim-mailDKIM", run_mail_dkim}, {"opendkim", run_opendkim}};
  for (const auto& [folder, run] : suites) {
    const std::string root = *corpora + "/" + folder;
    if (!std::filesystem::exists(root + "/cases.json")) {
      std::cout << "skipped: " << root << "/cases.json is not there\n";
      continue;
    }
    ran = true;
    run(root);
  }
  return ran ? 0 : assay::test::kSkipped;
}
