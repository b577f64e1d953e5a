// The ARC test suite (arc_test_suite, ValiMail), read from the folder that ASSAY_CORPORA names.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>

#include "tests/support/fake_resolver.h"
#include "tests/support/signed_message.h"
#include "tests/support/suite.h"
#include "verify/base/text.h"

namespace {

/// Of a repeated key the last value counts, as in the readers that the suite was written for.
YAML::Node last(const YAML::Node& map, const std::string& key) {
  YAML::Node found;
  for (const auto& entry : map) {
    if (entry.first.as<std::string>() == key) {
      found.reset(entry.second);
    }
  }
  return found;
}

assay::test::FakeResolver read_zone(const YAML::Node& records) {
  assay::test::FakeResolver dns;
  for (const auto& record : records) {
    auto text = record.second.as<std::string>();
    text.erase(std::remove(text.begin(), text.end(), '\n'), text.end());
    assay::dns::Answer answer;
    answer.status = assay::dns::Status::Found;
    answer.texts.push_back(text);
    dns.add(record.first.as<std::string>(), assay::dns::Type::TXT, answer);
  }
  return dns;
}

/// The three cases without an expectation end in a seal that says cv=fail.
std::string expectation(const YAML::Node& test) {
  const std::string text = assay::to_lower(last(test, "cv").as<std::string>(""));
  return text.empty() ? "fail" : text;
}

std::string validate(const std::string& text, assay::test::FakeResolver& dns) {
  const auto message = assay::test::read_signed_message(text);
  // Nothing in the suite depends on the time.
  const assay::Time now{std::chrono::hours(500'000)};
  return assay::arc::to_string(assay::test::verify_arc(message, dns, assay::Limits{}, now).status);
}

/// Calls `run` for every case, with the keys of its document.
template <class Run>
void for_each_case(const std::string& path, const Run& run) {
  for (const YAML::Node& document : YAML::LoadAllFromFile(path)) {
    if (!document.IsMap()) {
      continue;
    }
    assay::test::FakeResolver dns = read_zone(last(document, "txt-records"));
    const YAML::Node tests = last(document, "tests");
    for (const auto& entry : tests) {
      const auto name = entry.first.as<std::string>();
      if (last(tests, name).is(entry.second)) {  // Otherwise replaced by a later case of that name.
        run(name, entry.second, dns);
      }
    }
  }
}

void run_validation(const std::string& path) {
  assay::test::Suite suite("arc validation");
  for_each_case(path, [&suite](const std::string& name, const YAML::Node& test, assay::test::FakeResolver& dns) {
    suite.check(name, expectation(test), validate(last(test, "message").as<std::string>(), dns));
  });
}

/// The file folds what a sealer writes on one line: with a space behind semicolons, and with nothing elsewhere.
std::string unfolded(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c != '\n') {
      out += c;
    } else if (!out.empty() && out.back() == ';') {
      out += ' ';
    }
  }
  return out;
}

/// The results are folded by the sealer, too.
std::string folded(std::string text) {
  text.erase(text.find_last_not_of(" \n") + 1);
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2)) {
    text.insert(at + 1, " ");
  }
  return text;
}

/// The cases of the sealers, turned round: what a sealer must produce, a receiver must find valid, or broken where the
/// seal says so itself.
void run_sealed(const std::string& path) {
  assay::test::Suite suite("arc sealed messages");
  for_each_case(path, [&suite](const std::string& name, const YAML::Node& test, assay::test::FakeResolver& dns) {
    const auto seal = last(test, "AS").as<std::string>();
    if (seal.find("b=") == std::string::npos) {
      suite.skip(name, "the sealer must not seal, so that there is nothing to verify");
      return;
    }
    const std::string message = "ARC-Seal: " + unfolded(seal) +
                                "\nARC-Message-Signature: " + unfolded(last(test, "AMS").as<std::string>()) +
                                "\nARC-Authentication-Results: " + folded(last(test, "AAR").as<std::string>()) + "\n" +
                                last(test, "message").as<std::string>();
    suite.check(name, seal.find("cv=fail") == std::string::npos ? "pass" : "fail", validate(message, dns));
  });
}

}  // namespace

int main() {
  const auto corpora = assay::test::corpora_folder();
  if (!corpora) {
    return assay::test::kSkipped;
  }
  bool ran = false;
  const std::map<std::string, void (*)(const std::string&)> suites{{"arc-draft-validation-tests.yml", run_validation},
                                                                   {"arc-draft-sign-tests.yml", run_sealed}};
  for (const auto& [file, run] : suites) {
    const std::string path = *corpora + "/arc-valimail/tests/" + file;
    if (!std::filesystem::exists(path)) {
      std::cout << "skipped: " << path << " is not there\n";
      continue;
    }
    ran = true;
    run(path);
  }
  return ran ? 0 : assay::test::kSkipped;
}
