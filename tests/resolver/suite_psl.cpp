// The test cases of the Public Suffix List project, against the list that it published with them, read from the folder
// that ASSAY_CORPORA names.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "resolver/psl.h"
#include "tests/support/suite.h"
#include "verify/base/domain.h"

namespace {

using assay::Domain;

/// "null" for no Organizational Domain. What is no domain name (the null input, a leading dot) has none either.
std::string organizational_domain(const assay::dmarc::PublicSuffixes& suffixes, const std::string& input) {
  const auto name = Domain::parse(input);
  if (!name || input == "null") {
    return "null";
  }
  const auto organization = suffixes.organizational_domain(*name);
  return organization ? organization->str() : "null";
}

/// Runs the cases "INPUT EXPECTED", one a line.
void run(const assay::dmarc::PublicSuffixes& suffixes, std::istream& cases) {
  assay::test::Suite suite("psl");
  for (std::string line; std::getline(cases, line);) {
    std::istringstream words(line);
    std::string input;
    std::string expected;
    if (!(words >> input >> expected) || input.rfind("//", 0) == 0) {
      continue;
    }
    if (expected != "null") {
      expected = Domain::parse(expected).value().str();  // U-labels become A-labels.
    }
    suite.check(input, expected, organizational_domain(suffixes, input));
  }
}

}  // namespace

int main() {
  const auto corpora = assay::test::corpora_folder();
  if (!corpora) {
    return assay::test::kSkipped;
  }
  const std::string list = *corpora + "/psl/public_suffix_list.dat";
  const std::string cases = *corpora + "/psl/tests/tests.txt";
  for (const std::string& path : {list, cases}) {
    if (!std::filesystem::exists(path)) {
      std::cout << "skipped: " << path << " is not there\n";
      return assay::test::kSkipped;
    }
  }
  const auto suffixes = assay::resolver::load_public_suffixes(list);
  if (!suffixes) {
    std::cout << suffixes.error() << "\n";
    return 1;
  }
  std::ifstream file(cases);
  run(**suffixes, file);
  return 0;
}
