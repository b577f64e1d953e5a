#include "config/suggest.h"

#include "tests/support/catch.h"

namespace assay::config {

TEST_CASE("config/suggest: the nearest word, or none", "[config][suggest]") {
  const std::vector<std::string> known{"authserv_id", "authserv_aliases", "mode", "policy", "on", "off", "warn"};
  struct Row {
    const char* word;
    const char* expected;  ///< nullptr: none.
  };
  const Row rows[] = {
      {"polcy", "policy"},             // one letter missing
      {"policcy", "policy"},           // one too many
      {"polixy", "policy"},            // one changed
      {"ploicy", "policy"},            // two swapped
      {"Policy", "policy"},            // letter case
      {"authserv-id", "authserv_id"},  // hyphen
      {"authservid", "authserv_id"},
      {"authserv_alias", "authserv_aliases"},
      {"warning", "warn"},      // longer word that begins alike
      {"auth", "authserv_id"},  // shorter word that begins alike; the earlier of two
      {"modd", "mode"},
      {"mod", "mode"},
      {"no", nullptr},  // must not become "on"
      {"yes", nullptr},
      {"of", "off"},
      {"frobnicate", nullptr},
      {"", nullptr},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.word) {
      CHECK(suggest(row.word, known).value_or("(none)") == (row.expected != nullptr ? row.expected : "(none)"));
    }
  }
}

TEST_CASE("config/suggest: a third of the letters may differ, no more; very long words are not compared",
          "[config][suggest]") {
  CHECK(suggest("abcdxy", {"abcdef"}) == "abcdef");  // 2 of 6
  CHECK_FALSE(suggest("abcxyz", {"abcdef"}));        // 3 of 6
  CHECK(suggest(std::string(64, 'a'), {std::string(60, 'a')}));
  CHECK_FALSE(suggest(std::string(65, 'a'), {std::string(65, 'a')}));
  CHECK_FALSE(suggest("mode", {}));
}

}  // namespace assay::config
