// DKIM messages made by others, read from the folder that ASSAY_CORPORA names: the examples of RFC 6376 and RFC 8463,
// the corpus of Mail::DKIM and the messages of OpenDKIM's tests.
//
// Most of the old ones are rsa-sha1, or have keys under 1024 bits or no v=1, none of which verifies since RFC 8301.
// Each message is therefore verified twice: with options for such vectors ("legacy"), where the corpus says what must
// come out, and with the defaults, where the ones that need those options must not pass.
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/fake_resolver.h"
#include "tests/support/signed_message.h"

namespace {

using assay::Limits;
using assay::dkim::Outcome;
using assay::dkim::Reason;
using assay::dkim::Status;
using assay::test::FakeResolver;
using nlohmann::json;

constexpr int kSkipped = 77;
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

std::string describe(const std::vector<Outcome>& outcomes) {
  std::string text;
  for (const Outcome& outcome : outcomes) {
    const char* reason = assay::dkim::to_string(outcome.reason);
    text += std::string(" [") + assay::dkim::to_string(outcome.status) + " " + (reason == nullptr ? "" : reason) + " " +
            outcome.detail + "]";
  }
  return text;
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

/// Counts one suite and prints what is not as expected.
class Suite {
 public:
  Suite(std::string name, std::map<std::string, std::string> deviations)
      : name_(std::move(name)), deviations_(std::move(deviations)) {}

  void check(const std::string& name, bool is_good, const std::string& expected, const std::vector<Outcome>& got) {
    ++total_;
    if (is_good) {
      ++good_;
      return;
    }
    const auto deviation = deviations_.find(name);
    std::cout << name_ << " " << name << ": expected " << expected << ", got " << to_string(best(got)) << describe(got);
    if (deviation != deviations_.end()) {
      ++deviating_;
      std::cout << "\n    reviewed: " << deviation->second;
    }
    std::cout << "\n";
  }

  void expect(const std::string& name, Verdict expected, const std::vector<Outcome>& got) {
    check(name, best(got) == expected, to_string(expected), got);
  }
  void expect_no_pass(const std::string& name, const std::vector<Outcome>& got) {
    check(name, best(got) != Verdict::Pass, "anything but pass", got);
  }

  [[nodiscard]] bool report() const {
    std::cout << name_ << ": " << good_ << " of " << total_ << " pass, " << deviating_ << " reviewed deviations\n";
    return total_ > 0 && good_ + deviating_ == total_;
  }

 private:
  std::string name_;
  std::map<std::string, std::string> deviations_;
  std::size_t total_ = 0;
  std::size_t good_ = 0;
  std::size_t deviating_ = 0;
};

std::vector<Outcome> verify(const std::string& path, FakeResolver& dns, const Limits& limits) {
  return verify_dkim(assay::test::read_signed_message(assay::test::read_file(path)), dns, limits, kNow);
}

bool run_rfc(const std::string& root) {
  Suite suite("dkim rfc", {});
  FakeResolver dns = read_zone(root + "/zone.json");
  for (const json& test : json::parse(assay::test::read_file(root + "/cases.json"))) {
    const auto name = test["message"].get<std::string>();
    const auto outcomes = verify(root + "/" + name, dns, Limits{});
    bool is_good = outcomes.size() == test["dkim"].size();
    for (std::size_t i = 0; is_good && i < outcomes.size(); ++i) {
      is_good = assay::dkim::to_string(outcomes[i].status) == test["dkim"][i].get<std::string>();
    }
    suite.check(name, is_good, test["dkim"].dump(), outcomes);
  }
  return suite.report();
}

Verdict mail_dkim_expectation(const json& test) {
  if (test["rfc8601"].get<std::string>().rfind("temperror", 0) == 0) {
    return Verdict::TempError;
  }
  const auto result = test["mailDKIM_result"].get<std::string>();
  return result == "pass" ? Verdict::Pass : result == "fail" ? Verdict::Fail : Verdict::Invalid;
}

bool run_mail_dkim(const std::string& root) {
  const std::string draft = "v=0.5 is a draft of RFC 4871; no option accepts it";
  const std::string query = "q=dns lacks the option txt, which MUST be included (RFC 6376 section 3.5)";
  const std::string granularity = "g= of the key is no longer a tag (RFC 6376 appendix C.2)";
  const std::map<std::string, std::string> deviations{
      {"t/corpus/mine_ietf01_1.txt", query},   {"t/corpus/mine_ietf01_2.txt", query},
      {"t/corpus/mine_ietf01_3.txt", query},   {"t/corpus/mine_ietf01_4.txt", query},
      {"t/corpus/mine_ietf05_1.txt", draft},   {"t/corpus/no_body_1.txt", draft},
      {"t/corpus/no_body_2.txt", draft},       {"t/corpus/no_body_3.txt", draft},
      {"t/corpus/badkey_8.txt", granularity},  {"t/corpus/badkey_9.txt", granularity},
      {"t/corpus/badkey_12.txt", granularity}, {"t/corpus/badkey_13.txt", granularity}};
  Suite legacy("dkim Mail::DKIM legacy", deviations);
  Suite strict("dkim Mail::DKIM default", {});
  FakeResolver dns = read_zone(root + "/zone.json");
  const json cases = json::parse(assay::test::read_file(root + "/cases.json"));
  for (const json& test : cases["verifier"]) {
    if (test["domainkeys_only"].get<bool>() || test["upstream_skips"].get<bool>()) {
      continue;
    }
    const auto name = test["message"].get<std::string>();
    legacy.expect(name, mail_dkim_expectation(test), verify(root + "/" + name, dns, legacy_limits()));
    const auto outcomes = verify(root + "/" + name, dns, Limits{});
    if (test["needs_legacy_mode"].is_null()) {
      strict.expect(name, mail_dkim_expectation(test), outcomes);
    } else {
      strict.expect_no_pass(name, outcomes);
    }
  }
  const bool is_good = legacy.report();
  return strict.report() && is_good;
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

bool run_opendkim(const std::string& root) {
  const std::string no_from = "the library refuses messages whose From is missing or bogus; here the signature fails";
  const std::map<std::string, std::string> deviations{
      {"t-test58", "the library refuses the malformed message, which has no signature"},
      {"t-test63", no_from},
      {"t-test66", no_from},
      {"t-test76", "a field without b= is reported, not passed over"},
      {"t-test119", "an option of the library stops at the end of the headers; the signature fails either way"}};
  const std::string second = "the message carries an rsa-sha256 signature as well, which passes";
  const std::map<std::string, std::string> default_deviations{{"t-test58", deviations.at("t-test58")},
                                                              {"t-test119", deviations.at("t-test119")},
                                                              {"t-test67", second},
                                                              {"t-test74", second}};
  Suite legacy("dkim OpenDKIM legacy", deviations);
  Suite strict("dkim OpenDKIM default", default_deviations);
  FakeResolver dns = read_zone(root + "/zone.json");
  for (const json& test : json::parse(assay::test::read_file(root + "/cases.json"))) {
    const auto name = test["name"].get<std::string>();
    const auto result = test["result"].get<std::string>();
    const std::string path = root + "/" + test["message"].get<std::string>();
    const bool fixes_lines = test["libflags"].dump().find("FIXCRLF") != std::string::npos;
    // Options of that library, and a resource that was made to lack.
    if (fixes_lines || name == "t-test102" || result.find("NORESOURCE") != std::string::npos) {
      continue;
    }
    legacy.expect(name, opendkim_expectation(result), verify(path, dns, legacy_limits()));
    if (test["alg"] == "rsa-sha1") {
      strict.expect_no_pass(name, verify(path, dns, Limits{}));
    } else {
      strict.expect(name, opendkim_expectation(result), verify(path, dns, Limits{}));
    }
  }
  const bool is_good = legacy.report();
  return strict.report() && is_good;
}

}  // namespace

int main() {
  const char* corpora = std::getenv("ASSAY_CORPORA");
  if (corpora == nullptr) {
    std::cout << "skipped: ASSAY_CORPORA is not set\n";
    return kSkipped;
  }
  bool is_good = true;
  bool ran = false;
  const std::map<std::string, bool (*)(const std::string&)> suites{
      {"rfc-vectors", run_rfc}, {"dkim-mailDKIM", run_mail_dkim}, {"opendkim", run_opendkim}};
  for (const auto& [folder, run] : suites) {
    const std::string root = std::string(corpora) + "/" + folder;
    if (!std::filesystem::exists(root + "/cases.json")) {
      std::cout << "skipped: " << root << "/cases.json is not there\n";
      continue;
    }
    ran = true;
    is_good = run(root) && is_good;
  }
  return !ran ? kSkipped : is_good ? 0 : 1;
}
