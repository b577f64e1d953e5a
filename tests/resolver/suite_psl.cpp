// The test cases of the Public Suffix List project, against the list that it published with them, read from the folder
// that ASSAY_CORPORA names.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "resolver/psl.h"
#include "verify/base/domain.h"

namespace {

using assay::Domain;

constexpr int kSkipped = 77;

/// "null" for no Organizational Domain. What is no domain name (the null input, a leading dot) has none either.
std::string organizational_domain(const assay::dmarc::PublicSuffixes& suffixes, const std::string& input) {
  const auto name = Domain::parse(input);
  if (!name || input == "null") {
    return "null";
  }
  const auto organization = suffixes.organizational_domain(*name);
  return organization ? organization->str() : "null";
}

/// Runs the cases "INPUT EXPECTED", one a line. True if all pass.
bool run(const assay::dmarc::PublicSuffixes& suffixes, std::istream& cases) {
  std::size_t total = 0;
  std::size_t passed = 0;
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
    ++total;
    const std::string got = organizational_domain(suffixes, input);
    if (got == expected) {
      ++passed;
    } else {
      std::cout << "FAIL " << input << ": expected " << expected << ", got " << got << "\n";
    }
  }
  std::cout << "psl: " << passed << " of " << total << " pass\n";
  return total > 0 && passed == total;
}

}  // namespace

int main() {
  const char* const corpora = std::getenv("ASSAY_CORPORA");
  if (corpora == nullptr) {
    std::cout << "skipped: ASSAY_CORPORA is not set\n";
    return kSkipped;
  }
  const std::string list = std::string(corpora) + "/psl/public_suffix_list.dat";
  const std::string cases = std::string(corpora) + "/psl/tests/tests.txt";
  for (const std::string& path : {list, cases}) {
    if (!std::filesystem::exists(path)) {
      std::cout << "skipped: " << path << " is not there\n";
      return kSkipped;
    }
  }
  const auto suffixes = assay::resolver::load_public_suffixes(list);
  if (!suffixes) {
    std::cout << suffixes.error() << "\n";
    return 1;
  }
  std::ifstream file(cases);
  return run(**suffixes, file) ? 0 : 1;
}
