// Every harness holds for every input of its corpus, in every build: what fuzzing once found stays found.
#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/support/catch.h"
#include "tests/support/signed_message.h"

// CMakeLists.txt gives each harness a name of its own, and ASSAY_HARNESSES as X(address) X(answer) ...
#define X(subject) extern "C" int fuzz_##subject(const std::uint8_t* data, std::size_t size);
ASSAY_HARNESSES
#undef X

namespace {

struct Harness {
  std::string subject;
  int (*run)(const std::uint8_t*, std::size_t);
};

const std::vector<Harness> kHarnesses{
#define X(subject) {#subject, &fuzz_##subject},
    ASSAY_HARNESSES
#undef X
};

const std::filesystem::path kCorpora = "tests/fuzz/corpus";

}  // namespace

TEST_CASE("fuzz: every harness has inputs, and every folder of inputs a harness", "[fuzz]") {
  std::set<std::string> harnesses;
  for (const Harness& harness : kHarnesses) {
    harnesses.insert(harness.subject);
  }
  std::set<std::string> folders;
  for (const auto& entry : std::filesystem::directory_iterator(kCorpora)) {
    if (entry.is_directory()) {
      folders.insert(entry.path().filename().string());
      CAPTURE(entry.path().string());
      CHECK_FALSE(std::filesystem::is_empty(entry.path()));
    }
  }
  CHECK(folders == harnesses);
}

TEST_CASE("fuzz: every harness holds for its corpus, for nothing and for each octet alone", "[fuzz]") {
  for (const Harness& harness : kHarnesses) {
    const auto run = [&harness](const std::string& octets) {
      // In a block of its exact size, so that a sanitizer sees a step too far.
      const std::vector<std::uint8_t> input(octets.begin(), octets.end());
      static_cast<void>(harness.run(input.data(), input.size()));
    };
    CAPTURE(harness.subject);
    run("");
    for (int octet = 0; octet < 256; ++octet) {
      CAPTURE(octet);
      run(std::string(1, static_cast<char>(octet)));
    }
    for (const auto& entry : std::filesystem::directory_iterator(kCorpora / harness.subject)) {
      CAPTURE(entry.path().string());
      run(assay::test::read_file(entry.path()));
    }
  }
}
