#include "tests/support/suite.h"

#include <cstdlib>
#include <iostream>
#include <utility>

#include "verify/base/escape.h"

namespace assay::test {
namespace {

constexpr std::size_t kFieldOctetsMax = 400;

std::string field(std::string_view text) {
  return '\t' + escape(text, kFieldOctetsMax);
}

}  // namespace

std::optional<std::string> corpora_folder() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  const char* folder = std::getenv("ASSAY_CORPORA");
  if (folder == nullptr) {
    std::cout << "skipped: ASSAY_CORPORA is not set\n";
    return std::nullopt;
  }
  return folder;
}

Suite::Suite(std::string name) : name_(std::move(name)) {}

Suite::~Suite() {
  std::cout << "suite" << field(name_) << '\t' << same_ + different_ + skipped_ << '\t' << same_ << '\t' << different_
            << '\t' << skipped_ << '\n';
}

void Suite::check(std::string_view name, std::string_view theirs, std::string_view ours) {
  check(name, theirs == ours, theirs, ours);
}

void Suite::check(std::string_view name, bool is_same, std::string_view theirs, std::string_view ours) {
  if (is_same) {
    ++same_;
    return;
  }
  ++different_;
  std::cout << "differs" << field(name_) << field(name) << field(theirs) << field(ours) << '\n';
}

void Suite::skip(std::string_view name, std::string_view why) {
  ++skipped_;
  std::cout << "skipped" << field(name_) << field(name) << field(why) << '\n';
}

}  // namespace assay::test
