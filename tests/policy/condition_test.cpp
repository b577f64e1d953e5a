#include "policy/condition.h"

#include <algorithm>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "policy/decision.h"
#include "policy/last.h"
#include "tests/support/catch.h"
#include "verify/verdict.h"

namespace assay::policy {
namespace {

/// Every value that an enumeration of an octet can have is asked for its word, so that none is named here.
template <class Enum>
void check_words(Fact fact) {
  const std::vector<std::string> words = words_of(fact);
  unsigned last = 0;
  for (unsigned value = 0; value <= std::numeric_limits<std::underlying_type_t<Enum>>::max(); ++value) {
    const char* const word = to_string(static_cast<Enum>(value));
    if (word == nullptr || *word == '\0') {
      continue;
    }
    last = value;
    CAPTURE(word);
    CHECK(std::find(words.begin(), words.end(), word) != words.end());
  }
  CHECK(static_cast<unsigned>(last_of<Enum>()) == last);
}

}  // namespace

TEST_CASE("policy/condition: every word of an enumeration can be asked for, the last one, too", "[policy][condition]") {
  check_words<dmarc::Status>(Fact::Dmarc);
  check_words<dmarc::Policy>(Fact::DmarcPublished);
  check_words<spf::Status>(Fact::Spf);
  check_words<spf::Status>(Fact::SpfHelo);
  check_words<dkim::Status>(Fact::Dkim);
  check_words<arc::Status>(Fact::Arc);
  check_words<iprev::Status>(Fact::Iprev);
  check_words<Indirect>(Fact::Indirect);
  check_words<dmarc::Reason>(Fact::Reason);
  check_words<dkim::Reason>(Fact::Reason);
  check_words<spf::Reason>(Fact::Reason);
  check_words<arc::Reason>(Fact::Reason);
}

}  // namespace assay::policy
