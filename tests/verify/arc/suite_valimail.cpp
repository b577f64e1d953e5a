// The validation cases of the ARC test suite (arc_test_suite, ValiMail), read from the folder that ASSAY_CORPORA names.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include "tests/support/fake_resolver.h"
#include "tests/support/signed_message.h"
#include "verify/base/text.h"

namespace {

constexpr int kSkipped = 77;

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

}  // namespace

int main() {
  const char* corpora = std::getenv("ASSAY_CORPORA");
  if (corpora == nullptr) {
    std::cout << "skipped: ASSAY_CORPORA is not set\n";
    return kSkipped;
  }
  const std::string path = std::string(corpora) + "/arc-valimail/tests/arc-draft-validation-tests.yml";
  if (!std::filesystem::exists(path)) {
    std::cout << "skipped: " << path << " is not there\n";
    return kSkipped;
  }
  std::size_t total = 0;
  std::size_t good = 0;
  for (const YAML::Node& document : YAML::LoadAllFromFile(path)) {
    if (!document.IsMap()) {
      continue;
    }
    assay::test::FakeResolver dns = read_zone(last(document, "txt-records"));
    const YAML::Node tests = last(document, "tests");
    for (const auto& entry : tests) {
      if (!last(tests, entry.first.as<std::string>()).is(entry.second)) {
        continue;  // Replaced by a later case of that name.
      }
      const auto message = assay::test::read_signed_message(last(entry.second, "message").as<std::string>());
      const auto outcome =
          assay::test::verify_arc(message, dns, assay::Limits{}, assay::Time{std::chrono::hours(500'000)});
      const std::string expected = expectation(entry.second);
      const std::string got = assay::arc::to_string(outcome.status);
      ++total;
      if (got == expected) {
        ++good;
      } else {
        const char* reason = assay::arc::to_string(outcome.reason);
        std::cout << entry.first.as<std::string>() << ": expected " << expected << ", got " << got << " ("
                  << (reason == nullptr ? "" : reason) << " at " << outcome.failed_instance << ": " << outcome.detail
                  << ")\n";
      }
    }
  }
  std::cout << "arc validation: " << good << " of " << total << " pass\n";
  return good == total && total > 0 ? 0 : 1;
}
