#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "verify/dmarc/public_suffixes.h"

namespace assay::test {

/// A public suffix list of the suffixes that a test names.
class FakePublicSuffixes final : public dmarc::PublicSuffixes {
 public:
  explicit FakePublicSuffixes(std::set<std::string> suffixes) : suffixes_(std::move(suffixes)) {}

  [[nodiscard]] std::optional<Domain> organizational_domain(const Domain& name) const override {
    // RFC 7489 section 3.2: the longest suffix that matches, and one label more.
    std::optional<Domain> below;
    for (std::optional<Domain> above = name; above; above = above->parent()) {
      if (suffixes_.count(above->str()) != 0) {
        return below;
      }
      below = above;
    }
    return below;
  }
  [[nodiscard]] bool is_listed(const Domain& name) const override { return suffixes_.count(name.str()) != 0; }

 private:
  std::set<std::string> suffixes_;
};

}  // namespace assay::test
