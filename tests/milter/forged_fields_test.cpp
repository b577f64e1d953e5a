#include "milter/forged_fields.h"

#include "tests/support/catch.h"

namespace assay::milter {
namespace {

const std::vector<std::string> kIds{"mx.example.net"};
const std::vector<std::string> kAdded{"X-Partner"};
using Fields = std::vector<ForgedField>;

void show(ForgedFields& forged) {
  forged.see("X-Partner", " yes");
  forged.see("Authentication-Results", " mx.other.example; dmarc=pass");
  forged.see("x-partner", " no");
  forged.see("Authentication-Results", " mx.example.net; dmarc=pass");
  forged.see("X-Partner-Id", " 1");
}

}  // namespace

TEST_CASE("milter/forged_fields: what a rule adds is not taken from a stranger, whatever its value and letter case",
          "[milter]") {
  ForgedFields forged(kIds, kAdded);
  show(forged);
  CHECK(forged.fields() == Fields{{"X-Partner", 1}, {"X-Partner", 2}, {"Authentication-Results", 2}});
}

TEST_CASE("milter/forged_fields: our own mail keeps them, a trusted client its results", "[milter]") {
  ForgedFields local(kIds, kAdded);
  local.keep_added();
  show(local);
  CHECK(local.fields() == Fields{{"Authentication-Results", 2}});

  ForgedFields trusted(kIds, kAdded);
  trusted.keep_results();
  trusted.keep_added();
  show(trusted);
  CHECK(trusted.fields().empty());
}

TEST_CASE("milter/forged_fields: 100 are kept in mind, one more is too many", "[milter]") {
  ForgedFields forged(kIds, kAdded);
  for (std::size_t i = 0; i < ForgedFields::kMax; ++i) {
    forged.see("X-Partner", " yes");
  }
  CHECK_FALSE(forged.too_many());
  forged.see("X-Partner", " yes");
  CHECK(forged.too_many());
  CHECK(forged.fields().size() == ForgedFields::kMax);
}
TEST_CASE("milter/forged_fields: ten names that are not ASCII are compared with ours, fields with more go unread",
          "[milter][bounds]") {
  ForgedFields forged(kIds, kAdded);
  for (std::size_t i = 0; i <= ForgedFields::kMaxInternational; ++i) {
    CHECK(forged.fields().empty());
    forged.see("Authentication-Results",
               " b\xC3\xBC"
               "cher.example; dmarc=pass");
  }
  CHECK(forged.fields() == Fields{{"Authentication-Results", ForgedFields::kMaxInternational + 1}});
  // Others are read as before.
  forged.see("Authentication-Results",
             " mx.other.example; dmarc=pass (b\xC3\xBC"
             "cher)");
  CHECK(forged.fields().size() == 1);
}

}  // namespace assay::milter
